"""What one version of an offer changed of the one before, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from bacao.kit.text import Text
from bacao.offers.rules import say_amount
from bacao.offers.rules.check import COMMON, OWN
from bacao.offers.rules.screen import name_of_key
from bacao.web.merchant.offer_form import PERIOD_NAMES
from bacao.web.templatetags.bacao import say

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
    "step_minor": Text("每满", "Again for every"),
    "max_times": Text("最多几次", "Times at most"),
    "tiers": Text("分档", "Tiers"),
    "target_minor": Text("每份", "Each for"),
    "per_day": Text("每天份数", "Units a day"),
    "per_slot": Text("每个时段名额", "Seats each time"),
    "per_person": Text("每人限购", "Limit a person"),
    "person_period": Text("限购按", "The limit counts"),
    "person_days": Text("几天内", "Days in a row"),
    "units_per_bill": Text("一单几张", "Vouchers on one bill"),
    "budget_minor": Text("一共最多让利", "Give away in all"),
    "budget_day_minor": Text("每天最多让利", "Give away a day"),
    "budget_week_minor": Text("每周最多让利", "Give away a week"),
    "audience_any": Text("给谁", "For whom"),
    "party_min": Text("最少人数", "Least people"),
    "party_max": Text("最多人数", "Most people"),
    "valid_days": Text("有效天数", "Days valid"),
    "sale_from": Text("开售", "On sale from"),
    "sale_until": Text("停售", "On sale until"),
    "weekly_hours": Text("时段", "Hours"),
    "blackout_dates": Text("不可用日期", "Days off"),
    "use_from": Text("起用", "Used from"),
    "use_until": Text("用到", "Used until"),
    "cost_minor": Text("成本", "Your cost"),
    "terms_zh": Text("使用说明", "Small print"),
    "items": Text("套餐内容", "Items"),
    "only_here": Text("独家", "Only here"),
    "stack_tags": Text("同享", "Together with others"),
    "stands_alone": Text("一单只用它", "Stands alone"),
    "excluded_categories": Text("不打折的", "No discount on"),
    "list_only": Text("套餐不再享优惠", "No other discount on it"),
}


SHOWN = ("title_zh", "title_en", "terms_zh", "items", "cost_minor", "only_here")
"""What stands elsewhere on an offer's page."""


@dataclass(frozen=True, slots=True)
class Change:
    """One term before and after, as it is said."""

    label: Text
    before: str
    after: str


def changes_between(older: "OfferVersion | None", newer: "OfferVersion") -> list[Change]:
    """Return the terms that differ, in the order of the form; none for a first version."""
    return changes_to(older, {name: getattr(newer, name) for name in LABELS}) if older else []


def changes_to(older: "OfferVersion", terms: Mapping[str, Any]) -> list[Change]:
    """Return what new terms change of a version's, in the order of the form."""
    pairs = ((name, getattr(older, name), terms[name]) for name in LABELS if name in terms)
    return [Change(LABELS[name], _say(name, a), _say(name, b)) for name, a, b in pairs if a != b]


def facts_of(version: "OfferVersion") -> list[tuple[Text, str]]:
    """Return what a version says beyond what every offer of its kind says, in the order of the form."""
    kind = version.offer.kind
    plain = {**COMMON, **OWN[kind]}
    names = (name for name in LABELS if name in plain and name not in SHOWN)
    return [
        (LABELS[name], _say(name, getattr(version, name)))
        for name in names
        if getattr(version, name) != plain[name] or (name == "valid_days" and version.price_minor)
    ]


def _say(name: str, value: Any) -> str:
    if value in (None, "", []):
        return "–"
    if name == "items":
        return "、".join(f"{item['zh']}×{item['quantity']}" for item in value)
    if name == "tiers":
        return ", ".join(f"{say_amount(least)} -{say_amount(off)}" for least, off in value)
    if name == "audience_any":
        return " / ".join("+".join(say(name_of_key(key)) for key in keys) for keys in value)
    if name == "person_period":
        return say(PERIOD_NAMES[value])
    if name in ("stack_tags", "excluded_categories", "blackout_dates"):
        return "✓" if name == "stack_tags" else "、".join(map(str, value))
    if name == "percent_basis_points":
        return f"{value / 100:g} %"
    if name.endswith("_minor"):
        return say_amount(value)
    if name.startswith(("sale_", "use_")):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return {True: "✓", False: "–"}.get(value, str(value)) if isinstance(value, bool) else str(value)
