"""A listed price is the exact quote: whatever a shop sells, whoever asks (DS6, PR32, CV3)."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bacao.accounts.services import grant_entitlement
from bacao.discovery.queries import list_nearby
from bacao.discovery.queries.simple import Nearby
from bacao.discovery.queries.viewer import price_for, read_viewer
from bacao.discovery.rules import BILL, USUAL, Figures
from bacao.offers.models import Offer
from bacao.offers.queries import list_live_terms
from bacao.offers.rules import Bill, BillLine, Situation, best_per_head, price_bill
from bacao.offers.services import take_units
from bacao.orders.queries import list_owned
from bacao.orders.services.bill_quotes import quote_bill
from tests.discovery.indexed import view_of_database
from tests.discovery.town import LAKE, open_shop
from tests.factories import make_merchant, make_offer_version, make_user, make_voucher

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("town")]
KEYS = ("student", "member:a")


def random_offer(random: Random) -> dict[str, Any]:
    face = random.randint(3, 40) * 100
    offer: dict[str, Any] = random.choice(
        [
            {"kind": "percent_off", "percent_basis_points": random.randint(1, 60) * 100,
             "cap_minor": random.choice((None, 700))},
            {"kind": "threshold_off", "face_minor": face, "threshold_minor": face * random.randint(2, 5)},
            {"kind": "voucher", "face_minor": face, "price_minor": face * random.randint(60, 100) // 100},
            {"kind": "package", "price_minor": face * 4, "list_minor": face * 6, "party_size": random.randint(1, 4)},
        ]
    )  # fmt: skip
    if random.random() < 0.3:
        offer["audience_any"] = [[random.choice(KEYS)]]
    tags = random.choice(((), ("a",), ("b",), ("a", "b")))
    return {**offer, "stack_tags": list(tags), "stack_accepts": ["a", "b"] if random.random() < 0.6 else []}


def ask(at: datetime, monkeypatch: pytest.MonkeyPatch, **asked: Any) -> Nearby:
    view = view_of_database(at)
    monkeypatch.setattr("bacao.discovery.queries.nearby.find_view", lambda: view)
    found = list_nearby(lat=LAKE[0], lon=LAKE[1], radius_m=1000, at=at, **asked)
    assert not found.is_simple
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_every_listed_price_is_the_exact_quote(seed: int, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    random, user = Random(seed), make_user()
    grant_entitlement(user=user, key="student", valid_from=at - timedelta(days=1), at=at)
    for number in range(40):
        place = open_shop(
            f"第 {number} 家", at=at, metres=random.uniform(0, 900), usual_minor=random.randint(10, 90) * 100
        )
        for _ in range(random.choice((0, 1, 2, 3))):
            make_offer_version(place, at=at, **random_offer(random))
    on_bill = 0
    for viewer, keys in ((None, frozenset[str]()), (user, frozenset({"student"}))):
        for party in (1, 2, 5):
            found = ask(at, monkeypatch, party=party, viewer=viewer, limit=60)
            assert len(found.items) == 40
            for item in found.items:
                live = list_live_terms([item.place.pk], at).get(item.place.pk, [])
                best = best_per_head(live, usual_minor=item.place.usual_minor, party=party, keys=keys)
                usual = item.place.usual_minor or 0
                assert item.facts.per_head_minor == (best.per_head_minor if best else usual)
                exact = price_bill(live, Situation(Bill.of_amount(usual * party), at, party, keys))
                if isinstance(item.price, Figures) and item.price.how == BILL:
                    assert item.price.payable_minor == exact.payable_minor
                    on_bill += 1
                elif item.price is None:
                    assert exact.payable_minor == usual * party
                assert sum(reason.points for reason in item.explanation) == item.score
    assert on_bill > 40


def test_what_one_holds_lowers_the_price_and_the_list_says_what_others_pay(
    at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, student = open_shop("学生食堂", at=at), make_user()
    make_offer_version(place, at=at, kind="percent_off", percent_basis_points=1000)
    make_offer_version(place, at=at, kind="percent_off", percent_basis_points=4000, audience_any=[["student"]])
    grant_entitlement(user=student, key="student", valid_from=at, valid_until=at + timedelta(hours=1), at=at)
    (item,) = ask(at, monkeypatch, viewer=student).items
    assert (item.price and item.price.per_head_minor, item.plain_per_head_minor) == (2400, 3600)
    for viewer, when in ((None, at), (make_user(), at), (student, at + timedelta(hours=1))):
        (item,) = ask(when, monkeypatch, viewer=viewer).items
        assert (item.price and item.price.per_head_minor, item.plain_per_head_minor) == (3600, None)


def test_a_personal_limit_used_up_is_this_persons_price_alone(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """CV3: laid over the one search; everybody else still sees the offer."""
    place, other = open_shop("一人一次", at=at), open_shop("隔壁", at=at, metres=120)
    user = make_user()
    version = make_offer_version(place, at=at, price_minor=2000, list_minor=5000, per_person=1)
    make_offer_version(other, at=at, price_minor=3000, list_minor=5000)
    before = ask(at, monkeypatch, viewer=user).items
    assert [item.place for item in before] == [place, other]
    take_units(offer_id=version.offer_id, user_id=user.pk, quantity=1, per_person=1, at=at)
    after = ask(at, monkeypatch, viewer=user).items
    assert {item.place: item.price and item.price.payable_minor for item in after} == {place: None, other: 3000}
    assert {item.place: item.price and item.price.payable_minor for item in ask(at, monkeypatch).items}[place] == 2000


def test_a_price_for_some_parties_only_is_worked_out_exactly(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    place = open_shop("四人以上", at=at)
    make_offer_version(place, at=at, kind="percent_off", percent_basis_points=5000, party_min=4)
    for party, payable in ((2, None), (4, 8000)):
        (item,) = ask(at, monkeypatch, party=party).items
        assert (item.price and item.price.payable_minor) == payable
        assert not item.is_from


def test_switched_off_history_is_not_read_at_all(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """U30: what one holds is still asked for, what one liked is not."""
    open_shop("山野", at=at)
    user = make_user()
    said = {}
    for allowed in (True, False):
        user.personal_ranking = allowed
        view = view_of_database(at)
        monkeypatch.setattr("bacao.discovery.queries.nearby.find_view", lambda view=view: view)
        with CaptureQueriesContext(connection) as asked:
            list_nearby(lat=LAKE[0], lon=LAKE[1], radius_m=1000, at=at, viewer=user)
        said[allowed] = [query["sql"] for query in asked]
    history = [sql for sql in said[True] if sql not in said[False]]
    assert len(history) == 2 and len(said[False]) == len(said[True]) - 2 <= 5
    assert any("notes_save" in sql for sql in history) and any("arrival" in sql for sql in history)


def test_an_index_nobody_looked_after_says_so_and_names_no_price(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """DS11: above five minutes there are no prices, and nothing in the order or the reasons tells them."""
    make_offer_version(open_shop("便宜", at=at, metres=300), at=at, price_minor=1000, list_minor=4000)
    open_shop("近", at=at, metres=200)
    for age, priced in ((10.0, True), (301.0, False)):
        monkeypatch.setattr("bacao.discovery.queries.nearby.get_index_age_seconds", lambda at, age=age: age)
        found = ask(at, monkeypatch)
        assert (found.has_prices, found.age_seconds) == (priced, age)
        assert any(item.price for item in found.items) is priced
        assert any("value" in item.terms and item.terms["value"] for item in found.items) is priced or priced
        assert all(sum(reason.points for reason in item.explanation) == item.score for item in found.items)
    assert [item.place.name_zh for item in found.items] == ["近", "便宜"]
    assert USUAL == 0


def test_what_one_owns_is_priced_as_owned_exactly_as_a_quote_has_it(
    at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vouchers, packages, cards and keys together: the list says what `quote_bill` promises (PR9, PR32)."""
    random, user, shop, on_bill, baskets, paid = Random(5), make_user(), make_merchant(), 0, 0, 0
    grant_entitlement(user=user, key="student", valid_from=at - timedelta(days=1), at=at)
    for number in range(24):
        place = open_shop(
            f"第 {number} 家",
            at=at,
            merchant_id=shop.pk,
            metres=random.uniform(0, 900),
            usual_minor=random.randint(30, 90) * 100,
        )
        for _ in range(random.choice((0, 1, 2))):
            make_offer_version(place, at=at, **random_offer(random))
        owned: dict[str, Any] | None = random.choice(
            (
                {"kind": "voucher", "face_minor": 3000, "price_minor": 2000, "units_per_bill": 2},
                {"kind": "package", "price_minor": 2500, "list_minor": 9000, "party_size": 2},
                {"kind": "card", "price_minor": 9000, "list_minor": 20000, "uses": 5},
                None,
            )
        )
        if owned:
            version = make_offer_version(place, at=at, **owned)
            for _ in range(random.choice((1, 2))):
                make_voucher(version, user, at=at)
            Offer.objects.filter(pk=version.offer_id).update(state=random.choice(("live", "ended")))
    for party in (1, 2):
        for item in ask(at, monkeypatch, party=party, viewer=user, limit=60).items:
            bill = (item.place.usual_minor or 0) * party
            quote = quote_bill(user=user, place=item.place, bill_minor=bill, party=party, at=at)
            promised, price = quote.result["payable"], item.price
            if isinstance(price, Figures) and price.how == BILL:
                assert (price.payable_minor, price.paid_minor) == (promised, quote.result["already_paid"])
                on_bill += 1
            elif isinstance(price, Figures):
                assert price.per_head_minor < -(-promised // party)
                baskets += price.paid_minor > 0
            else:
                assert promised == quote.bill_minor
            paid += isinstance(price, Figures) and price.paid_minor > 0
            assert sum(reason.points for reason in item.explanation) == item.score
    assert on_bill > 10 and baskets > 3 and paid > 8


def test_uses_of_a_card_cost_what_its_quote_says(at: datetime) -> None:
    coffee = {"zh": "咖啡", "en": "coffee", "quantity": 1, "unit_minor": 3000, "key": "coffee"}
    place, user = open_shop("次卡", at=at, merchant_id=make_merchant().pk, usual_minor=9000), make_user()
    card = make_offer_version(place, at=at, kind="card", price_minor=10000, list_minor=21000, uses=7, items=[coffee])
    make_voucher(card, user, at=at)
    (owned,) = list_owned(user, place.pk, at)
    for party in (1, 3):
        bill = Bill((BillLine(1, 3000, party, "coffee"),))
        exact = price_bill([], Situation(bill, at, party, owned=(owned,)))
        price = price_for(read_viewer(user, at), [place.pk], at=at, party=party)[place.pk]
        assert (price.payable_minor, price.paid_minor) == (exact.payable_minor, exact.already_paid_minor)
