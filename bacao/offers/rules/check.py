"""Whether terms make sense, said by field in both languages, before a row is written."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bacao.kit.hours import check_hours
from bacao.kit.text import Refused, Text

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
    "exclusive": False,
    "stack_tags": [],
    "stack_accepts": [],
}
OWN: dict[str, dict[str, Any]] = {
    PACKAGE: {"items": [], "price_minor": 0, "list_minor": 0},
    VOUCHER: {"price_minor": 0, "face_minor": 0, "threshold_minor": 0},
    PERCENT_OFF: {"percent_basis_points": 0, "threshold_minor": 0, "cap_minor": None},
    THRESHOLD_OFF: {"face_minor": 0, "threshold_minor": 0},
    CARD: {"price_minor": 0, "list_minor": 0, "uses": 2},
    MEMBER: {"percent_basis_points": 0, "threshold_minor": 0, "cap_minor": None},
    TIME_SLOT: {"percent_basis_points": 0, "threshold_minor": 0, "cap_minor": None},
    SUBSIDY: {"percent_basis_points": 0, "face_minor": 0, "threshold_minor": 0, "cap_minor": None},
}
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
}
LENGTHS = {"title_zh": 60, "title_en": 80, "terms_zh": 300, "terms_en": 400, "weekly_hours": 200}


class TermsRefused(Refused):
    """Terms that make no sense; `errors` = what is wrong, by field."""

    code = "terms_refused"
    status = 422

    def __init__(self, errors: dict[str, Text]) -> None:
        self.errors = errors
        super().__init__(Text("".join(e.zh for e in errors.values()), " ".join(e.en for e in errors.values())))


def check_terms(kind: str, terms: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """Return every field of the kind, cleaned; what a kind does not know is dropped, None means the default.

    A package with items is worth their sum.
    :raises TermsRefused: with one sentence for each wrong field
    """
    clean = {**OWN[kind], **COMMON}
    clean |= {name: terms[name] for name in clean if terms.get(name) is not None}
    if clean.get("items"):
        clean["list_minor"] = sum(item["quantity"] * item["unit_minor"] for item in clean["items"])
    errors: dict[str, Text] = {}
    for check in (_check_words, _check_ranges, _check_window, _check_hours, _check_items, _OF_KIND[kind]):
        for name, text in check(clean, at).items():
            errors.setdefault(name, text)
    if errors:
        raise TermsRefused(errors)
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
        if (value := terms.get(name)) is not None and not low <= value <= high
    }


def _check_window(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    start, end = terms["sale_from"], terms["sale_until"]
    if end and end <= at:
        return {"sale_until": Text("这个时间已经过去了。", "This time is already past.")}
    if start and end and end <= start:
        return {"sale_until": Text("结束要晚于开始。", "The sale must end after it begins.")}
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


def _check_percent(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    return {}


def _check_threshold(terms: dict[str, Any], at: datetime) -> dict[str, Text]:
    if terms["threshold_minor"] >= terms["face_minor"]:
        return {}
    face = say_amount(terms["face_minor"])
    return {"threshold_minor": Text(f"门槛不能低于减的 {face}。", f"It cannot be below the {face} it takes off.")}


_OF_KIND: dict[str, Callable[[dict[str, Any], datetime], dict[str, Text]]] = {
    PACKAGE: _check_package,
    VOUCHER: _check_voucher,
    PERCENT_OFF: _check_percent,
    THRESHOLD_OFF: _check_threshold,
    CARD: _check_package,
    MEMBER: _check_percent,
    TIME_SLOT: _check_percent,
    SUBSIDY: _check_percent,
}
