"""Whether terms make sense, said by field in both languages, before a row is written."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from bacao.kit.hours import check_hours
from bacao.kit.text import Refused, Text

from .limits import PERIODS, ROLLING
from .terms import (
    CARD,
    KINDS,
    MEMBER,
    PACKAGE,
    PARTIES,
    PERCENT_OFF,
    SUBSIDY,
    THRESHOLD_OFF,
    TIME_SLOT,
    VOUCHER,
    say_amount,
)  # fmt: skip

HIGHEST_MINOR = 10_000_000
"""¥100,000: anything above is a slip of the finger at a shop's till."""

COMMON: dict[str, Any] = {
    "title_zh": "",
    "title_en": "",
    "terms_zh": "",
    "terms_en": "",
    "cost_minor": None,
    "party_size": 1,
    "stock": None,
    "per_person": None,
    "per_order": 10,
    "sale_from": None,
    "sale_until": None,
    "valid_days": 90,
    "weekly_hours": "",
    "only_here": False,
    "stands_alone": False,
    "stack_tags": [],
    "stack_accepts": [],
    "group": "",
    "rank": 0,
    "audience_any": [],
    "audience_none": [],
    "party_min": 1,
    "party_max": None,
    "person_period": "ever",
    "person_days": None,
    "per_day": None,
    "use_from": None,
    "use_until": None,
    "blackout_dates": [],
    "excluded_categories": [],
}
_BILL: dict[str, Any] = {"threshold_minor": 0, "threshold_on_running": False}
_BUDGETS: dict[str, Any] = {"budget_minor": None, "budget_day_minor": None, "budget_week_minor": None}
_CAPPED: dict[str, Any] = {**_BILL, **_BUDGETS, "percent_basis_points": 0, "cap_minor": None}
OWN: dict[str, dict[str, Any]] = {
    PACKAGE: {"items": [], "price_minor": 0, "list_minor": 0, "list_only": False},
    VOUCHER: {**_BILL, "price_minor": 0, "face_minor": 0, "units_per_bill": 1},
    PERCENT_OFF: _CAPPED,
    THRESHOLD_OFF: {**_BILL, **_BUDGETS, "face_minor": 0, "tiers": [], "step_minor": 0, "max_times": 1},
    CARD: {"items": [], "price_minor": 0, "list_minor": 0, "uses": 2},
    MEMBER: {**_CAPPED, "items": [], "target_minor": None},
    TIME_SLOT: {**_CAPPED, "items": [], "target_minor": None, "per_slot": None},
    SUBSIDY: {**_CAPPED, "face_minor": 0, "target_minor": None},
}
ONE_OF: dict[str, tuple[str, ...]] = {
    THRESHOLD_OFF: ("face_minor", "tiers"),
    MEMBER: ("percent_basis_points", "target_minor"),
    TIME_SLOT: ("percent_basis_points", "target_minor"),
    SUBSIDY: ("percent_basis_points", "face_minor", "target_minor"),
}
"""Ways to say what comes off, of which exactly one is filled in."""
FIELDS: dict[str, tuple[str, ...]] = {kind: (*OWN[kind], *COMMON) for kind in KINDS}
"""The fields that mean something for a kind; the others keep the table's defaults."""

RANGES: dict[str, tuple[int, int, Text]] = {
    "party_size": (1, 20, Text("人数从 1 到 20。", "The party is 1 to 20 people.")),
    "per_order": (1, 10, Text("每单从 1 到 10 份。", "An order holds 1 to 10 units.")),
    "valid_days": (1, 365, Text("有效期从 1 到 365 天。", "A voucher is valid for 1 to 365 days.")),
    "stock": (
        0,
        1_000_000,
        Text("库存 0 到 1,000,000，不限请留空。", "Stock is 0 to 1,000,000, or empty for no limit."),
    ),
    "per_person": (
        1,
        1000,
        Text("每人限购至少 1 份，不限请留空。", "A personal limit is at least 1, or empty for none."),
    ),
    "cost_minor": (0, HIGHEST_MINOR, Text("成本不能是负数。", "The cost cannot be negative.")),
    "uses": (2, 100, Text("次卡从 2 次到 100 次。", "A card has 2 to 100 uses.")),
    "percent_basis_points": (
        100,
        9900,
        Text("优惠从 1% 到 99%：九折写 10。", "The discount is 1 % to 99 %; 10 means a tenth off."),
    ),
    "cap_minor": (
        1,
        HIGHEST_MINOR,
        Text("封顶金额要大于 0，不封顶请留空。", "A cap is more than 0, or empty for none."),
    ),
    "threshold_minor": (0, HIGHEST_MINOR, Text("门槛不能是负数。", "The threshold cannot be negative.")),
    "price_minor": (1, HIGHEST_MINOR, Text("请写售价。", "Give the price.")),
    "face_minor": (1, HIGHEST_MINOR, Text("请写面值或减的金额。", "Give the amount it is worth.")),
    "list_minor": (1, HIGHEST_MINOR, Text("请写原价。", "Give the list price.")),
    "target_minor": (1, HIGHEST_MINOR, Text("请写价格。", "Give the price.")),
    "step_minor": (0, HIGHEST_MINOR, Text("每满的金额不能是负数。", "The step cannot be negative.")),
    "max_times": (1, 20, Text("最多减 1 到 20 次。", "It is taken off 1 to 20 times.")),
    "units_per_bill": (1, 10, Text("一单最多用 1 到 10 张。", "One bill takes 1 to 10 vouchers.")),
    "rank": (-100, 100, Text("先后从 -100 到 100。", "The rank is -100 to 100.")),
    "party_min": (1, 99, Text("人数从 1 到 99。", "The party is 1 to 99 people.")),
    "party_max": (1, 99, Text("人数从 1 到 99，不限请留空。", "The party is 1 to 99 people, or empty for no limit.")),
    "per_day": (0, 1_000_000, Text("每天 0 份以上，不限请留空。", "Units a day are 0 or more, or empty for no limit.")),
    "per_slot": (0, 100_000, Text("每个时段 0 位以上，不限请留空。", "Seats are 0 or more, or empty for no limit.")),
    "budget_minor": (0, 10**12, Text("预算不能是负数，不限请留空。", "A budget is 0 or more, or empty for no limit.")),
    "budget_day_minor": (
        0,
        10**12,
        Text("每天的预算不能是负数，不限请留空。", "A day's budget is 0 or more, or empty for no limit."),
    ),
    "budget_week_minor": (
        0,
        10**12,
        Text("每周的预算不能是负数，不限请留空。", "A week's budget is 0 or more, or empty for no limit."),
    ),
    "person_days": (2, 366, Text("写 2 到 366 天。", "Write 2 to 366 days.")),
}
LENGTHS = {"title_zh": 60, "title_en": 80, "terms_zh": 300, "terms_en": 400, "weekly_hours": 200, "group": 24}
KEY = re.compile(r"[a-z][a-z0-9-]*(:[a-z0-9-]+)?")
KEYS_MAX, TIERS_MAX, BLACKOUTS_MAX, TAG_LENGTH = 6, 5, 60, 24


class TermsRefused(Refused):
    """Terms that make no sense; `errors` = what is wrong, by field."""

    code = "terms_refused"
    status = 422

    def __init__(self, errors: dict[str, Text]) -> None:
        self.errors = errors
        super().__init__(Text("".join(e.zh for e in errors.values()), " ".join(e.en for e in errors.values())))


def check_terms(kind: str, terms: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """Return every field of the kind, cleaned; what a kind does not know is dropped, None means the default.

    A package with items is worth their sum; tiers and steps say from which bill on there is anything.
    :raises TermsRefused: with one sentence for each wrong field
    """
    clean = {**OWN[kind], **COMMON}
    clean |= {name: terms[name] for name in clean if terms.get(name) is not None}
    if kind == PACKAGE and clean["items"]:
        clean["list_minor"] = sum(item["quantity"] * item["unit_minor"] for item in clean["items"])
    errors = _check_alternatives(kind, clean)
    checks = (_check_words, _check_ranges, _check_windows, _check_hours, _check_items, _check_tiers, _check_audience)
    for check in (*checks, _check_party, _check_days, _OF_KIND[kind]):
        for name, text in check(clean, at).items():
            errors.setdefault(name, text)
    if errors:
        raise TermsRefused({name: text for name, text in errors.items() if text})
    if clean.get("tiers"):
        clean["threshold_minor"] = max(clean["threshold_minor"], clean["tiers"][0][0])
    elif clean.get("step_minor"):
        clean["threshold_minor"] = max(clean["threshold_minor"], clean["step_minor"])
    return clean


def check_funders(funders: Sequence[tuple[str, int]]) -> None:
    """Accept funders that are known, named once, and pay the whole discount together.

    :raises TermsRefused: on the field `funders`
    """
    parties = [party for party, _ in funders]
    whole = sum(points for _, points in funders) == 10000 and all(points > 0 for _, points in funders)
    if not whole or len(set(parties)) != len(parties) or not set(parties) <= set(PARTIES):
        raise TermsRefused({"funders": Text("各方承担的比例加起来要等于 100%。", "The shares must add up to 100 %.")})


def _check_words(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    errors = {
        name: Text(f"最多 {most} 个字。", f"At most {most} characters.")
        for name, most in LENGTHS.items()
        if len(terms[name]) > most
    }
    if not terms["title_zh"].strip():
        errors["title_zh"] = Text("给优惠起个名字。", "Give the offer a name.")
    return errors


def _check_ranges(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    return {
        name: text
        for name, (low, high, text) in RANGES.items()
        if (value := terms.get(name)) is not None
        and not low <= value <= high
        and not (value == 0 and _is_spare(name, terms))
    }


def _is_spare(name: str, terms: dict[str, Any]) -> bool:
    """Return whether a field is one of several ways to say what comes off, so that it may stay empty."""
    return any(name in names and set(names) <= set(terms) for names in ONE_OF.values())


def _check_alternatives(kind: str, terms: dict[str, Any]) -> dict[str, Text]:
    names = ONE_OF.get(kind, ())
    given = [name for name in names if terms[name] not in (None, [], 0)]
    if not names or len(given) == 1:
        return {}
    if given:
        return {given[1]: Text("减法只写一种。", "Say what comes off in one way only.")}
    return {names[0]: Text("写清楚减多少。", "Say what comes off.")}


def _check_windows(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    errors = {}
    for kind in ("sale", "use"):
        start, end = terms[f"{kind}_from"], terms[f"{kind}_until"]
        if end and end <= at:
            errors[f"{kind}_until"] = Text("这个时间已经过去了。", "This time is already past.")
        elif start and end and end <= start:
            errors[f"{kind}_until"] = Text("结束要晚于开始。", "It must end after it begins.")
    return errors


def _check_tiers(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    """Accept tiers that rise in both numbers: a larger bill never gets less off (PR7)."""
    tiers = terms.get("tiers") or []
    whole = len(tiers) <= TIERS_MAX and all(0 < off <= least <= HIGHEST_MINOR for least, off in tiers)
    rising = all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(tiers))
    if whole and rising:
        return {}
    return {
        "tiers": Text(
            "每一档的门槛和减额都要比上一档高。", "Each tier must ask for more and give more than the one before."
        )
    }


def _check_audience(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    """Accept any-of lists of all-of keys, and keys that keep somebody out; at most six keys in all (PR11)."""
    errors = {}
    lists = [*terms["audience_any"], terms["audience_none"]]
    keys = {key for some in lists for key in some}
    if not all(terms["audience_any"]) or len(keys) > KEYS_MAX or not all(KEY.fullmatch(key) for key in keys):
        text = Text(
            "身份写成 student 或 member:plan-a，最多 6 个。", "Write keys like student or member:plan-a, six at most."
        )
        errors["audience_any"] = text
    for name in ("stack_tags", "stack_accepts"):
        if any(not tag or len(tag) > TAG_LENGTH for tag in terms[name]):
            errors[name] = Text("标签最多 24 个字。", "A tag has at most 24 characters.")
    return errors


def _check_party(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    if terms["party_max"] is not None and terms["party_max"] < terms["party_min"]:
        return {"party_max": Text("最多人数不能少于最少人数。", "The largest party cannot be below the smallest.")}
    if terms["person_period"] not in PERIODS:
        return {"person_period": Text("选一个周期。", "Choose a period.")}
    if (terms["person_period"] == ROLLING) != (terms["person_days"] is not None):
        return {"person_days": Text("写清楚在几天里算。", "Say in how many days it is counted.")}
    return {}


def _check_budgets(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    """Accept a budget where one use has an end: it is set aside before the bill is known (PR39)."""
    if all(terms.get(name) is None for name in _BUDGETS):
        return {}
    if terms.get("cap_minor") or terms.get("face_minor") or terms.get("tiers"):
        return {}
    text = Text("有预算，就要写一单最多减多少。", "With a budget, say how much one bill can take off at most.")
    return {"cap_minor": text}


def _check_days(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    days = terms["blackout_dates"]
    if len(days) > BLACKOUTS_MAX or len(set(days)) != len(days):
        return {"blackout_dates": Text("不可用日期最多 60 天，不重复。", "At most 60 days, each once.")}
    return {}


def _check_hours(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    if not terms["weekly_hours"]:
        return {}
    try:
        check_hours(terms["weekly_hours"])
    except Refused as refused:
        return {"weekly_hours": refused.text}
    return {}


def _check_items(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    for item in terms.get("items", ()):
        if not item["zh"].strip() or not 1 <= item["quantity"] <= 99 or not 0 <= item["unit_minor"] <= HIGHEST_MINOR:
            return {"items": Text("每一项要有名称、份数和单价。", "Each line needs a name, a number and a price.")}
    return {}


def _check_package(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    if terms["price_minor"] <= terms["list_minor"]:
        return {}
    worth = say_amount(terms["list_minor"])
    return {"price_minor": Text(f"售价高于原价 {worth}。", f"The price is above the list price of {worth}.")}


def _check_voucher(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    if terms["face_minor"] > terms["price_minor"]:
        return {}
    price = say_amount(terms["price_minor"])
    return {"face_minor": Text(f"面值要高于售价 {price}。", f"It must be worth more than its price, {price}.")}


def _check_subsidy(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    return {}


def _check_member(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    if terms["audience_any"]:
        return _check_budgets(terms, at)
    return {"audience_any": Text("会员价要写给谁。", "A member's price needs somebody it is for.")}


def _check_time_slot(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    if terms["weekly_hours"]:
        return _check_budgets(terms, at)
    return {"weekly_hours": Text("时段价要写时段。", "An off-peak price needs its hours.")}


def _check_threshold(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    if terms["step_minor"]:
        if terms["step_minor"] >= terms["face_minor"]:
            return {}
        return {"step_minor": Text("每满的金额要比减的多。", "A step must be more than what it takes off.")}
    if terms["tiers"] or terms["threshold_minor"] >= terms["face_minor"]:
        return {}
    face = say_amount(terms["face_minor"])
    return {"threshold_minor": Text(f"门槛不能低于减的 {face}。", f"It cannot be below the {face} it takes off.")}


_OF_KIND: dict[str, Callable[[dict[str, Any], datetime], dict[str, Text]]] = {
    PACKAGE: _check_package,
    VOUCHER: _check_voucher,
    PERCENT_OFF: _check_budgets,
    THRESHOLD_OFF: _check_threshold,
    CARD: _check_package,
    MEMBER: _check_member,
    TIME_SLOT: _check_time_slot,
    SUBSIDY: _check_subsidy,
}
