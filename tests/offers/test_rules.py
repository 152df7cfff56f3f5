"""Offer arithmetic against a second, naive computation, and the sentences that refuse wrong terms."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bacao.offers import rules
from bacao.offers.rules import Terms

amounts = st.integers(1, 100_000)


@st.composite
def funder_lists(draw: st.DrawFn) -> tuple[tuple[str, int], ...]:
    """Draw one to three funders whose shares sum to 10000, in the house's order."""
    parties = [p for p in rules.PARTIES if draw(st.booleans())] or [rules.MERCHANT]
    cuts = sorted(draw(st.sets(st.integers(1, 9999), min_size=len(parties) - 1, max_size=len(parties) - 1)))
    edges = [0, *cuts, 10000]
    return tuple((party, high - low) for party, low, high in zip(parties, edges, edges[1:], strict=False))


@st.composite
def any_terms(draw: st.DrawFn, offer_id: int = 1) -> Terms:
    """Draw terms of any kind, sensible and otherwise."""
    kind = draw(st.sampled_from(rules.KINDS[:5]))
    is_percent = kind == rules.PERCENT_OFF
    return Terms(
        offer_id=offer_id,
        version_id=offer_id,
        place_id=1,
        kind=kind,
        price_minor=draw(amounts) if kind in (rules.PACKAGE, rules.VOUCHER, rules.CARD) and draw(st.booleans()) else 0,
        list_minor=draw(amounts),
        face_minor=draw(amounts),
        percent_basis_points=draw(st.integers(1, 10000)) if is_percent else 0,
        threshold_minor=draw(st.sampled_from([0, 100, 5000, 20000])),
        cap_minor=draw(st.none() | amounts) if is_percent else None,
        uses=draw(st.integers(1, 20)),
        party_size=draw(st.integers(1, 4)),
        stock_left=draw(st.none() | st.integers(0, 5)),
        per_person=draw(st.none() | st.integers(1, 5)),
        funders=draw(funder_lists()),
    )


def naive(terms: Terms, bill: int | None, party: int) -> tuple[int, int, int] | None:
    """Return list, payable and heads, computed the slow way: unit by unit, percentages in decimals."""
    if terms.kind == "package":
        units = 0
        while units * terms.party_size < party:
            units += 1
        for limit in (terms.stock_left, terms.per_person, terms.per_order):
            if limit is not None and limit < units:
                return None
        return sum([terms.list_minor] * units), sum([terms.price_minor] * units), max(party, terms.party_size)
    if terms.kind == "card":
        return terms.list_minor, terms.price_minor, terms.uses
    if bill is None:
        return (terms.face_minor, terms.price_minor, party) if terms.kind == "voucher" else None
    if bill < terms.threshold_minor:
        return None
    if terms.kind == "percent_off":
        exact = Decimal(bill) * Decimal(terms.percent_basis_points) / Decimal(10000)
        off = int(exact.to_integral_value(ROUND_FLOOR))
        if terms.cap_minor is not None and off > terms.cap_minor:
            off = terms.cap_minor
    else:
        off = terms.face_minor if terms.face_minor < bill else bill
    payable = bill - off + (terms.price_minor)
    return (bill, payable, party) if payable < bill else None


@given(any_terms(), st.none() | amounts, st.integers(1, 6))
def test_price_equals_the_naive_computation(terms: Terms, bill: int | None, party: int) -> None:
    price, expected = rules.price_of(terms, bill, party), naive(terms, bill, party)
    if expected is None or expected[1] > expected[0]:
        assert price is None
    else:
        assert price is not None
        assert (price.list_minor, price.payable_minor, price.heads) == expected


@given(any_terms(), st.none() | amounts, st.integers(1, 6))
def test_in10_every_minor_unit_off_has_a_funder_and_the_receipt_adds_up(
    terms: Terms, bill: int | None, party: int
) -> None:
    price = rules.price_of(terms, bill, party)
    if price is None:
        return
    assert sum(part for _, part in price.funders) == price.saving_minor == price.list_minor - price.payable_minor
    assert sum(step.amount_minor for step in price.steps) == price.payable_minor


@given(st.integers(0, 100_000), funder_lists())
def test_pr4_no_share_is_off_by_a_whole_unit_and_the_first_named_gets_the_odd_one(
    discount: int, funders: tuple[tuple[str, int], ...]
) -> None:
    parts = rules.split_by_funders(discount, funders)
    assert [party for party, _ in parts] == [party for party, _ in funders]
    for (_, part), (_, points) in zip(parts, funders, strict=True):
        assert abs(Decimal(part) - Decimal(discount) * points / 10000) < 1
    assert rules.split_by_funders(1, (("platform", 5000), ("merchant", 5000))) == (("platform", 1), ("merchant", 0))


@given(st.lists(any_terms(), max_size=6), st.none() | amounts, st.integers(1, 6))
def test_best_per_head_is_the_lowest_of_all(offers: list[Terms], usual: int | None, party: int) -> None:
    """Without consent to stack: the lowest of each offer alone and each package that a table may take."""
    offers = [replace(terms, offer_id=number) for number, terms in enumerate(offers, start=1)]
    best = rules.best_per_head(offers, usual_minor=usual, party=party)
    ranked = [(Decimal(usual), False, 0, 0)] if usual else []
    for terms in offers:
        if terms.kind == "card" or terms.stock_left == 0 or (usual is None and terms.kind != "package"):
            continue
        if terms.kind == "package" and (terms.party_size > max(party, 2) or terms.list_minor <= terms.price_minor):
            continue
        if terms.kind == "voucher" and terms.per_person == 0:
            continue
        if answer := naive(terms, usual * party if usual else None, party):
            _, payable, heads = answer
            ranked.append((Decimal(-(-payable // heads)), terms.kind == "package", payable, terms.offer_id))
    lowest = min(ranked, default=None, key=lambda row: (row[0], row[1]))
    if lowest is None or not lowest[3]:
        assert best is None or best.per_head_minor == usual
    else:
        assert best
        assert (best.per_head_minor, best.kind == "package") == lowest[:2]


@given(any_terms(), amounts, amounts)
def test_pr7_a_larger_bill_never_gets_less_off(terms: Terms, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert rules.discount_on_bill(terms, low) <= rules.discount_on_bill(terms, high) <= high


GOLDEN = [
    # what is sold, bill, payable, saving
    ({"kind": "package", "list_minor": 23600, "price_minor": 18800}, None, 18800, 4800),
    ({"kind": "voucher", "face_minor": 10000, "price_minor": 8800}, 12000, 10800, 1200),
    ({"kind": "voucher", "face_minor": 10000, "price_minor": 8800}, 9500, 8800, 700),  # PR8: 5 yuan burn
    ({"kind": "percent_off", "percent_basis_points": 1000}, 8800, 7920, 880),
    ({"kind": "percent_off", "percent_basis_points": 1000}, 8805, 7925, 880),  # PR2: the discount is floored
    ({"kind": "percent_off", "percent_basis_points": 5000, "cap_minor": 800}, 8000, 7200, 800),
    ({"kind": "threshold_off", "threshold_minor": 10000, "face_minor": 2000}, 10000, 8000, 2000),
    ({"kind": "card", "list_minor": 28000, "price_minor": 19800, "uses": 10}, None, 19800, 8200),
]


@pytest.mark.parametrize(("terms", "bill", "payable", "saving"), GOLDEN)
def test_golden_prices(terms: dict[str, Any], bill: int | None, payable: int, saving: int) -> None:
    price = rules.price_of(Terms(offer_id=1, version_id=1, place_id=1, **terms), bill)
    assert price is not None
    assert (price.payable_minor, price.saving_minor) == (payable, saving)


@pytest.mark.parametrize(
    ("terms", "bill"),
    [
        ({"kind": "voucher", "face_minor": 10000, "price_minor": 8800}, 8800),  # gains nothing
        ({"kind": "threshold_off", "threshold_minor": 10000, "face_minor": 2000}, 9999),
        ({"kind": "percent_off", "percent_basis_points": 1000, "threshold_minor": 10000}, 9999),
        ({"kind": "percent_off", "percent_basis_points": 1000}, None),
    ],
)
def test_an_offer_out_of_reach_has_no_price(terms: dict[str, Any], bill: int | None) -> None:
    assert rules.price_of(Terms(offer_id=1, version_id=1, place_id=1, **terms), bill) is None


def test_receipt_says_who_pays_the_discount() -> None:
    terms = Terms(
        offer_id=1,
        version_id=1,
        place_id=1,
        kind="package",
        list_minor=8600,
        price_minor=6800,
        funders=(("platform", 3000), ("merchant", 7000)),
    )
    price = rules.price_of(terms)
    assert price is not None
    assert [(step.label.en, step.amount_minor) for step in price.steps] == [
        ("List price", 8600),
        ("Bacao takes off", -540),
        ("The shop takes off", -1260),
    ]


@pytest.mark.parametrize(
    ("terms", "zh", "en"),
    [
        ({"kind": "percent_off", "percent_basis_points": 1500}, "8.5 折", "15% off"),
        (
            {"kind": "percent_off", "percent_basis_points": 1000, "threshold_minor": 10000},
            "满 ¥100 9 折",
            "10% off from ¥100",
        ),
        (
            {"kind": "threshold_off", "threshold_minor": 10000, "face_minor": 2000},
            "满 ¥100 减 ¥20",
            "¥20 off from ¥100",
        ),
        ({"kind": "voucher", "face_minor": 10000, "price_minor": 8850}, "¥88.5 抵 ¥100", "¥100 for ¥88.5"),
        ({"kind": "card", "price_minor": 19800, "uses": 10}, "10 次 ¥198", "10 uses for ¥198"),
        ({"kind": "package", "price_minor": 8800, "party_size": 2}, "2 人餐 ¥88", "¥88 for 2"),
    ],
)
def test_an_offer_in_a_few_words(terms: dict[str, Any], zh: str, en: str) -> None:
    assert rules.describe(Terms(offer_id=1, version_id=1, place_id=1, **terms)) == (zh, en)


SOUND: dict[str, dict[str, Any]] = {
    "package": {"title_zh": "双人餐", "price_minor": 6800, "list_minor": 8600},
    "voucher": {"title_zh": "百元券", "price_minor": 8800, "face_minor": 10000},
    "percent_off": {"title_zh": "九折", "percent_basis_points": 1000},
    "threshold_off": {"title_zh": "满减", "threshold_minor": 10000, "face_minor": 2000},
    "card": {"title_zh": "咖啡十次", "price_minor": 18000, "list_minor": 25000, "uses": 10},
}


@pytest.mark.parametrize("kind", rules.KINDS[:5])
def test_sound_terms_come_back_with_every_field(kind: str, at: datetime) -> None:
    clean = rules.check_terms(kind, SOUND[kind] | {"nonsense": 1}, at=at)
    assert set(clean) == set(rules.FIELDS[kind])


def test_a_package_with_items_is_worth_their_sum(at: datetime) -> None:
    items = [
        {"zh": "手冲", "en": "Pour over", "quantity": 2, "unit_minor": 3000},
        {"zh": "可颂", "en": "Croissant", "quantity": 1, "unit_minor": 2600},
    ]
    assert rules.check_terms("package", SOUND["package"] | {"items": items}, at=at)["list_minor"] == 8600


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("package", {"price_minor": 8601}, "price_minor"),
        ("package", {"price_minor": None}, "price_minor"),
        ("package", {"title_zh": " "}, "title_zh"),
        ("package", {"items": [{"zh": "", "en": "", "quantity": 1, "unit_minor": 9000}]}, "items"),
        ("voucher", {"face_minor": 8800}, "face_minor"),
        ("voucher", {"face_minor": 8000}, "face_minor"),
        ("percent_off", {"percent_basis_points": 0}, "percent_basis_points"),
        ("percent_off", {"percent_basis_points": 10000}, "percent_basis_points"),
        ("percent_off", {"cap_minor": 0}, "cap_minor"),
        ("threshold_off", {"threshold_minor": 1999}, "threshold_minor"),
        ("card", {"uses": 1}, "uses"),
        ("card", {"price_minor": 26000}, "price_minor"),
        ("package", {"stock": -1}, "stock"),
        ("package", {"per_person": 0}, "per_person"),
        ("package", {"valid_days": 0}, "valid_days"),
        ("package", {"sale_until": timedelta(0)}, "sale_until"),
        ("package", {"sale_from": timedelta(2), "sale_until": timedelta(1)}, "sale_until"),
        ("package", {"weekly_hours": "every other full moon"}, "weekly_hours"),
    ],
)
def test_wrong_terms_are_refused_by_field(kind: str, change: dict[str, Any], field: str, at: datetime) -> None:
    change = {name: at + value if isinstance(value, timedelta) else value for name, value in change.items()}
    with pytest.raises(rules.TermsRefused) as refused:
        rules.check_terms(kind, SOUND[kind] | change, at=at)
    assert list(refused.value.errors) == [field]
    zh, en = refused.value.errors[field]
    assert zh
    assert en


@pytest.mark.parametrize(
    "funders",
    [
        [],
        [("merchant", 9999)],
        [("merchant", 5000), ("merchant", 5000)],
        [("friend", 10000)],
        [("merchant", 10000), ("platform", 0)],
    ],
)
def test_pr4_shares_are_known_and_whole(funders: list[tuple[str, int]]) -> None:
    with pytest.raises(rules.TermsRefused):
        rules.check_funders(funders)


def test_margin_of_a_sale_as_the_books_will_show_it() -> None:
    """The guest pays 68, 2 % goes to the platform: the shop gets 66.64 and keeps 41.64 of it."""
    terms = Terms(offer_id=1, version_id=1, place_id=1, kind="package", list_minor=8600, price_minor=6800)
    price = rules.price_of(terms)
    assert price is not None
    margin = rules.margin_of(terms, price, cost_minor=2500, fee_basis_points=200)
    assert (margin.guest_minor, margin.fee_minor, margin.gets_minor) == (6800, 136, 6664)
    assert (margin.given_minor, margin.margin_minor, margin.share_percent) == (1800, 4164, 61)


def test_margin_where_others_pay_part_of_the_discount() -> None:
    """money.md, section 3: ¥236 list, ¥168 paid, ¥20 of the ¥68 from the platform, 250 bp on both together."""
    terms = Terms(
        offer_id=1, version_id=1, place_id=1, kind="package", list_minor=23600, price_minor=16800,
        funders=(("platform", 2941), ("merchant", 7059)),
    )  # fmt: skip
    price = rules.price_of(terms)
    assert price is not None
    assert price.funders == (("platform", 2000), ("merchant", 4800))
    margin = rules.margin_of(terms, price, cost_minor=None, fee_basis_points=250)
    assert (margin.others_minor, margin.fee_minor, margin.gets_minor, margin.margin_minor) == (2000, 470, 18330, None)


def test_what_is_paid_at_the_counter_carries_no_fee() -> None:
    terms = Terms(offer_id=1, version_id=1, place_id=1, kind="percent_off", percent_basis_points=1000)
    price = rules.price_of(terms, 10000)
    assert price is not None
    assert rules.margin_of(terms, price, cost_minor=None, fee_basis_points=250).gets_minor == 9000
