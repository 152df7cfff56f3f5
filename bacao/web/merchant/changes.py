"""What one version of an offer changed of the one before, in words."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from bacao.kit.text import Text
from bacao.offers.rules import say_amount

if TYPE_CHECKING:
    from bacao.offers.models import OfferVersion

LABELS = {
    "title_zh": Text("名字", "Name"),
    "title_en": Text("英文名", "English name"),
    "price_minor": Text("售价", "Price"),
    "list_minor": Text("原价", "List price"),
    "face_minor": Text("面值", "Worth"),
    "percent_basis_points": Text("折扣", "Discount"),
    "threshold_minor": Text("门槛", "From a bill of"),
    "cap_minor": Text("封顶", "At most"),
    "uses": Text("次数", "Uses"),
    "party_size": Text("几人份", "Feeds"),
    "stock": Text("总量", "Units"),
    "per_person": Text("每人限购", "Limit a person"),
    "valid_days": Text("有效天数", "Days valid"),
    "sale_from": Text("开售", "On sale from"),
    "sale_until": Text("停售", "On sale until"),
    "weekly_hours": Text("时段", "Hours"),
    "cost_minor": Text("成本", "Your cost"),
    "terms_zh": Text("使用说明", "Small print"),
    "items": Text("套餐内容", "Items"),
    "only_here": Text("独家", "Only here"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One term before and after, as it is said."""

    label: Text
    before: str
    after: str


def changes_between(older: "OfferVersion | None", newer: "OfferVersion") -> list[Change]:
    """Return the terms that differ, in the order of the form; none for a first version."""
    if older is None:
        return []
    pairs = ((name, getattr(older, name), getattr(newer, name)) for name in LABELS)
    return [Change(LABELS[name], _say(name, a), _say(name, b)) for name, a, b in pairs if a != b]


def _say(name: str, value: Any) -> str:
    if value in (None, "", []):
        return "–"
    if name == "items":
        return "、".join(f"{item['zh']}×{item['quantity']}" for item in value)
    if name == "percent_basis_points":
        return f"{value / 100:g} %"
    if name.endswith("_minor"):
        return say_amount(value)
    if name.startswith("sale_"):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return {True: "✓", False: "–"}.get(value, str(value)) if isinstance(value, bool) else str(value)
