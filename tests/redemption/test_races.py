"""One code, many counters at once, real connections (RD54); the race is shown first with the guards taken away."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, connections, transaction

from bacao.ledger.queries import get_balance, get_total
from bacao.orders.models import Voucher
from bacao.redemption.models import Arrival, Attempt, Redemption, Undo
from bacao.redemption.services import finding, redeem_voucher, redeeming, undo_redemption
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db(transaction=True)

CONNECTIONS = 50
ATTEMPTS = 200


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    return make_shop()


def free_hands(wanted: int = CONNECTIONS) -> int:
    """Return how many connections the server has room for now, at most those wanted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int - count(*) FROM pg_stat_activity")
        room = cursor.fetchone()[0] - 15
    assert room >= 5, "the server is too full to race on"
    return int(min(wanted, room))


def together(work: Callable[[int], Any], *, attempts: int = ATTEMPTS, hands: int | None = None) -> list[Any]:
    """Run `work(0 .. attempts-1)` on many connections that start at the same moment; return what each gave."""
    hands = hands or free_hands()
    start = threading.Barrier(hands)
    results: list[Any] = [None] * attempts

    def hand(first: int) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            start.wait(30)
            for number in range(first, attempts, hands):
                try:
                    results[number] = work(number)
                except Exception as error:  # whatever it is, the test wants to count it
                    results[number] = type(error).__name__
        finally:
            connections.close_all()

    threads = [threading.Thread(target=hand, args=(number,)) for number in range(hands)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def scratch() -> Iterator[None]:
    """A table like the redemptions', without any constraint."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE scratch_redemption (voucher uuid, key uuid)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE scratch_redemption")


def test_the_race_is_real_without_lock_and_constraint(shop: Shop, at: datetime, scratch: None) -> None:
    voucher = shop.sell(at)
    hands = free_hands(20)
    everybody_has_looked = threading.Barrier(hands)

    def look_then_write(number: int) -> str:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM scratch_redemption WHERE voucher = %s", [voucher.pk])
            used = cursor.fetchone()[0]
            everybody_has_looked.wait(30)
            if used:
                return "already_redeemed"
            cursor.execute("INSERT INTO scratch_redemption VALUES (%s, %s)", [voucher.pk, uuid4()])
            return "redeemed"

    assert Counter(together(look_then_write, attempts=hands, hands=hands)) == {"redeemed": hands}


def test_without_the_lock_the_constraint_still_lets_one_win(
    shop: Shop, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    voucher = shop.sell(at)
    token = shop.token(voucher, at)
    hands = free_hands(20)
    everybody_has_looked, real = threading.Barrier(hands), redeeming.judge

    def judge_together(claim: Any, loaded: Any) -> Any:
        found = real(claim, loaded)
        everybody_has_looked.wait(30)
        return found

    monkeypatch.setitem(finding.CLAIM_AND_LOCK, "handle", finding.claiming("handle", lock=""))
    monkeypatch.setattr(redeeming, "judge", judge_together)
    answers = together(lambda _: redeem(shop, token, uuid4(), at).outcome, attempts=hands, hands=hands)
    assert Counter(answers)["redeemed"] == 1
    late = "too_many_cycles"  # what one sees who writes after the winner's commit: there is no use left to take
    assert set(answers) - {late} == {"redeemed", IntegrityError.__name__}
    assert Redemption.objects.count() == 1


def redeem(shop: Shop, token: str, key: UUID, at: datetime, **change: Any) -> Any:
    return redeem_voucher(
        merchant_id=shop.merchant.pk, place_id=shop.place.pk, clerk=shop.clerk, key=key, token=token, at=at, **change
    )


@pytest.mark.parametrize("round_number", range(3))
def test_200_attempts_on_one_code_have_one_winner(shop: Shop, at: datetime, round_number: int) -> None:
    voucher = shop.sell(at, funders=(("platform", 10000),))
    token = shop.token(voucher, at)
    answers = together(lambda _: redeem(shop, token, uuid4(), at))
    assert Counter(answer.outcome for answer in answers) == {"redeemed": 1, "already_redeemed": ATTEMPTS - 1}
    assert Redemption.objects.count() == Arrival.objects.count() == 1
    assert Attempt.objects.count() == ATTEMPTS
    assert Voucher.objects.get(pk=voucher.pk).uses_redeemed == 1
    assert get_balance(f"liab.payable.merchant.{shop.merchant.pk}").balance_minor == 4875
    assert get_total("cny") == 0


def test_one_key_sent_200_times_has_200_equal_answers(shop: Shop, at: datetime) -> None:
    voucher, key = shop.sell(at), uuid4()
    token = shop.token(voucher, at)
    answers = together(lambda _: redeem(shop, token, key, at))
    assert len(set(answers)) == 1
    assert answers[0].outcome == "redeemed"
    assert Redemption.objects.count() == Attempt.objects.count() == 1


def test_a_card_is_never_used_more_often_than_it_was_sold(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at, kind="card", price_minor=10000, list_minor=15000, uses=10)
    typed = shop.typed(voucher, at)

    def press(_: int) -> str:
        return redeem_voucher(
            merchant_id=shop.merchant.pk, place_id=shop.place.pk, clerk=shop.clerk, key=uuid4(), typed=typed, at=at
        ).outcome

    assert Counter(together(press, attempts=100)) == {"redeemed": 10, "already_redeemed": 90}
    assert sorted(Redemption.objects.values_list("use_number", flat=True)) == list(range(1, 11))
    assert get_balance(f"liab.unredeemed.{voucher.order_id}").balance_minor == 0


def test_200_undos_at_once_take_back_once(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    key = UUID(redeem(shop, shop.token(voucher, at), uuid4(), at).content["redemption"])

    def undo(_: int) -> str:
        return undo_redemption(
            merchant_id=shop.merchant.pk, clerk=shop.clerk, redemption_key=key, key=uuid4(), at=at
        ).outcome

    assert Counter(together(undo)) == {"undone": 1, "already_undone": ATTEMPTS - 1}
    assert Undo.objects.count() == 1
    assert Voucher.objects.get(pk=voucher.pk).uses_redeemed == 0
    assert get_total("cny") == 0


def test_first_openings_at_once_make_one_code(shop: Shop, at: datetime) -> None:
    voucher = shop.sell(at)
    assert len(set(together(lambda _: shop.typed(voucher, at), attempts=40))) == 1


# Straight at the tables: a bug in a service must not be able to write a wrong row.


def test_the_tables_refuse_what_cannot_have_happened(shop: Shop, at: datetime) -> None:
    voucher, stranger = shop.sell(at), make_shop("别家", "Elsewhere").merchant
    shop.redeem(voucher, at)
    row = Redemption.objects.get()

    def again(**change: Any) -> None:
        values = Redemption.objects.filter(pk=row.pk).values().get() | {"id": None, "key": uuid4()} | change
        with transaction.atomic():
            Redemption.objects.create(**values)

    wrong: list[Callable[[], Any]] = [
        lambda: again(),  # the same use twice
        lambda: again(use_number=2),  # never sold
        lambda: again(use_number=0),
        lambda: again(cycle=1),  # the first round was never undone
        lambda: again(cycle=10),
        lambda: again(use_number=2, merchant_id=stranger.pk),
        lambda: again(merchant_id=stranger.pk, cycle=1),
        lambda: Redemption.objects.update(bill_minor=1),
        lambda: Redemption.objects.all().delete(),
    ]
    for write in wrong:
        with (
            pytest.raises(Exception, match=r"redemption_|never sold|not free again|Cannot|constraint"),
            transaction.atomic(),
        ):
            write()
    assert Redemption.objects.count() == 1
