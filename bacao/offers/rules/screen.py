"""Whether somebody may have an offer now, before any price is worked out: one reason where they may not (PR29)."""

from bacao.kit.text import Text

from .answer import Rejected
from .situation import Situation
from .terms import PACKAGE, Terms, say_amount

KEY_NAMES = {
    "student": Text("学生", "students"),
    "member:bacao": Text("拔草会员", "Bacao members"),
    "new:store": Text("本店新客", "newcomers to this shop"),
}


def screen(terms: Terms, situation: Situation) -> Rejected | None:
    """Return why somebody may not use an offer whatever the bill, or None where they may."""
    audience = terms.audience
    if not audience.admits(situation.keys):
        missing = audience.missing(situation.keys)
        return Rejected(terms, "not_in_audience", say_audience(missing), missing=missing)
    if terms.party_min > situation.party or (terms.party_max is not None and terms.party_max < situation.party):
        return Rejected(terms, "party_size", _say_party(terms))
    if terms.stock_left == 0:
        return Rejected(terms, "limit_total", Text("已经抢完", "None left"))
    if terms.budget_left_minor == 0:
        return Rejected(
            terms, "budget_exhausted", Text("准备的优惠金额用完了", "The money set aside for it is used up")
        )
    used = situation.used.get(terms.offer_id, 0)
    if terms.per_person is not None and used >= terms.per_person:
        return Rejected(terms, "limit_person", _say_personal(terms, used), amount_minor=None)
    return None


def name_of_key(key: str) -> Text:
    """Return what people call an entitlement key."""
    if key in KEY_NAMES:
        return KEY_NAMES[key]
    source, _, name = key.rpartition(":")
    return Text(f"{name} 会员", f"{name} members") if source == "member" else Text(f"「{name}」", f"“{name}”")


def say_audience(missing: tuple[str, ...]) -> Text:
    if not missing:
        return Text("不给你这样的身份用", "Not for somebody who holds what you hold")
    names = [name_of_key(key) for key in missing]
    zh, en = "、".join(name.zh for name in names), " and ".join(name.en for name in names)
    return Text(f"仅限{zh}" if len(names) == 1 else f"要同时是{zh}", f"Only for {en}")


def _say_party(terms: Terms) -> Text:
    least, most = terms.party_min, terms.party_max
    if most is None:
        return Text(f"{least} 人以上才能用", f"For {least} people or more")
    if least <= 1:
        return Text(f"最多 {most} 人用", f"For {most} people at most")
    return Text(f"{least} 到 {most} 人才能用", f"For {least} to {most} people")


PERIODS = {
    "ever": Text("每人", "a person"),
    "day": Text("每人每天", "a person a day"),
    "week": Text("每人每周", "a person a week"),
    "month": Text("每人每月", "a person a month"),
}


def _say_personal(terms: Terms, used: int) -> Text:
    days = terms.person_days
    period = Text(f"每人 {days} 天内", f"a person in {days} days") if days else PERIODS[terms.person_period]
    return Text(
        f"{period.zh}限 {terms.per_person} 次，你已用 {used} 次",
        f"At most {terms.per_person} {period.en}; you have used {used}",
    )


def say_items(terms: Terms) -> Text:
    """Say which things must be on the bill."""
    zh = "、".join(f"{item.name.zh}×{item.quantity}" if item.quantity > 1 else item.name.zh for item in terms.items)
    en = ", ".join(f"{item.quantity} {item.name.en}" if item.quantity > 1 else item.name.en for item in terms.items)
    if not terms.items:
        return Text("要点齐套餐里的东西", "What it covers is not on this bill")
    if terms.kind == PACKAGE:
        return Text(f"是套餐，要单独买：{zh}", f"A set, bought by itself: {en}")
    return Text(f"账单里要有{zh}", f"The bill must have {en}")


def say_short(minor: int) -> Text:
    """Say by how much the bill is short of a threshold."""
    return Text(f"还差 {say_amount(minor)} 到门槛", f"The bill is {say_amount(minor)} short")
