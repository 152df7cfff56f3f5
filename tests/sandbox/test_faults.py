"""Order, hosted page, callback, job: every button of the sandbox ends in the state that settlement.md says."""

import ast
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from bacao.ledger.models import Transaction
from bacao.ledger.queries import get_balance, get_total, list_wrong_sums
from bacao.offers.models import OfferStock
from bacao.orders.models import Order, Payment, PaymentEvent, Refund, Voucher
from bacao.orders.services import cancel_order, expire_orders, request_refund, start_payment
from bacao.orders.services.place import NoLongerOpen
from bacao.sandbox.apps import check_alone
from bacao.sandbox.models import SandboxNotice, SandboxPayment, SandboxRefund
from tests.sandbox.conftest import Payer, Street

Run = Callable[..., list[str]]


def outcomes() -> list[str]:
    return list(PaymentEvent.objects.order_by("pk").values_list("outcome", flat=True))


def assert_paid_once(order: Order) -> None:
    order.refresh_from_db()
    assert order.state == "paid"
    assert order.vouchers.count() == order.quantity
    assert order.payment.captured_minor == order.total_minor
    assert get_balance("asset.provider.sandbox").balance_minor == order.total_minor
    assert get_balance(f"liab.unredeemed.{order.pk}").balance_minor == order.total_minor
    assert Transaction.objects.filter(kind="paid").count() == 1
    assert get_total() == 0
    assert list_wrong_sums() == []


def soon() -> Any:
    return timezone.now() + timedelta(seconds=40)


def test_pay(street: Street, run_jobs: Run) -> None:
    order, address = street.order(quantity=2)
    payer = Payer(street.url)
    page = payer.open(address)
    assert page.status_code == 200
    assert "¥76" in page.text
    answer = payer.press("pay")
    assert answer.headers["location"] == f"{street.url}/orders/{order.pk}"
    assert run_jobs(only="sandbox") == ["sandbox.deliver_notice"]
    event = PaymentEvent.objects.get()
    assert (event.outcome, event.processed_at) == ("", None), "the request stores, the job processes"
    assert run_jobs() == ["orders.process_payment_event"]
    assert outcomes() == ["credited"]
    assert_paid_once(order)
    assert SandboxNotice.objects.get().delivered_at
    assert run_jobs(until=soon()) == ["orders.query_payment"], "the first query sees that it is settled"


def test_decline_then_pay(street: Street, run_jobs: Run) -> None:
    order, address = street.order()
    payer = Payer(street.url)
    payer.open(address)
    payer.press("decline")
    run_jobs()
    order.refresh_from_db()
    assert (order.state, order.payment.failure) == ("waiting", "card_declined")
    payer.press("pay")
    run_jobs()
    assert outcomes() == ["failed", "credited"]
    assert_paid_once(order)
    assert Payment.objects.get().failure == ""


def test_paid_is_not_undone_by_late_news_of_a_failure(street: Street, run_jobs: Run) -> None:
    """Callbacks overtake each other: the older one, which tells of a declined card, arrives after the payment (GW3)."""
    order, address = street.order()
    payer = Payer(street.url)
    payer.open(address)
    payer.press("decline")
    declined = SandboxNotice.objects.get()
    SandboxNotice.objects.update(delivered_at=timezone.now())
    run_jobs()
    payer.press("pay")
    run_jobs()
    SandboxNotice.objects.filter(pk=declined.pk).update(delivered_at=None)
    from bacao.sandbox.services import deliver_notice

    deliver_notice(notice_id=declined.pk, at=timezone.now())
    run_jobs()
    assert outcomes() == ["credited", "duplicate"]
    assert_paid_once(order)


def test_no_callback(street: Street, run_jobs: Run) -> None:
    order = street.pay("silent")
    assert run_jobs() == []
    assert order.state == "waiting"
    assert run_jobs(until=timezone.now() + timedelta(seconds=6)) == ["orders.query_payment"]
    assert PaymentEvent.objects.count() == 0
    assert_paid_once(order)


def test_duplicates(street: Street, run_jobs: Run) -> None:
    order = street.pay("duplicates")
    run_jobs()
    event = PaymentEvent.objects.get()
    assert (event.outcome, event.times) == ("credited", 5)
    assert_paid_once(order)


@pytest.mark.parametrize(("way", "reason"), [("bad_signature", "bad signature"), ("old_timestamp", "stale")])
def test_callbacks_that_cannot_be_believed(street: Street, run_jobs: Run, way: str, reason: str) -> None:
    order = street.pay(way)
    run_jobs(only="sandbox")
    assert outcomes() == [f"refused: {reason}"]
    assert bytes(PaymentEvent.objects.get().body) == SandboxNotice.objects.get().body.encode()
    assert SandboxNotice.objects.get().last_answer == "401"
    order.refresh_from_db()
    assert order.state == "waiting"
    assert run_jobs(until=timezone.now() + timedelta(seconds=6), only="orders") == ["orders.query_payment"]
    assert_paid_once(order)


def test_wrong_amount(street: Street, run_jobs: Run) -> None:
    order = street.pay("wrong_amount")
    run_jobs(until=soon())
    assert outcomes() == ["mismatch"]
    order.refresh_from_db()
    assert (order.state, order.payment.failure) == ("waiting", "mismatch")
    assert order.payment.captured_minor == 0
    assert not Voucher.objects.exists()
    assert not Transaction.objects.exists()
    assert bytes(PaymentEvent.objects.get().body) == SandboxNotice.objects.get().body.encode()


@pytest.mark.parametrize("is_stock_left", [True, False])
def test_late_money(street: Street, run_jobs: Run, is_stock_left: bool) -> None:
    """PR41, RC18: the order lapsed; with stock left the same terms are honoured, without it all money goes back."""
    order, address = street.order_long_ago()
    payer = Payer(street.url)
    payer.open(address)
    payer.press("late")
    run_jobs(only="orders")
    from bacao.orders.jobs import expire_orders as lapse

    lapse.func(0)
    order.refresh_from_db()
    assert order.state == "expired"
    if not is_stock_left:
        OfferStock.objects.update(used=10)
    run_jobs(until=soon())
    order.refresh_from_db()
    if is_stock_left:
        assert outcomes() == ["late_credited"]
        assert_paid_once(order)
        assert OfferStock.objects.get().used == 1
    else:
        assert outcomes()[0] == "late_refunded"
        assert order.state == "expired"
        refund = Refund.objects.get()
        assert (refund.cause, refund.amount_minor, refund.voucher) == ("late_payment", 3800, None)
        assert refund.confirmed_at
        assert SandboxRefund.objects.get().amount_minor == 3800
        assert get_balance("asset.provider.sandbox").balance_minor == 0
        assert get_balance(f"liab.refund_due.{order.pk}").balance_minor == 0
    assert get_total() == 0


def test_cancelling_ends_the_payment_over_there(street: Street, run_jobs: Run) -> None:
    order, address = street.order()
    payer = Payer(street.url)
    payer.open(address)
    cancel_order(order=order, at=timezone.now())
    assert run_jobs() == ["orders.close_payment"]
    assert payer.press("pay").status_code == 409


def test_refund_of_a_payment_from_the_past(street: Street) -> None:
    from bacao.orders.gateways import get_gateway
    from bacao.sandbox.services import load_payments

    order, _ = street.order()
    unknown = get_gateway().refund(order, refund_number="one", amount_minor=1, at=timezone.now())
    assert (unknown.state, unknown.failure) == ("failed", "unknown_payment")
    load_payments(payments=[(order.number, 3800, timezone.now())])
    news = get_gateway().refund(order, refund_number="two", amount_minor=3800, at=timezone.now())
    assert news.state == "confirmed"


def test_late_money_for_an_order_the_buyer_cancelled_goes_back(street: Street, run_jobs: Run) -> None:
    order = street.pay("pay")
    cancel_order(order=order, at=timezone.now())
    run_jobs()
    run_jobs()
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert Refund.objects.get().confirmed_at
    assert OfferStock.objects.get().used == 0
    assert get_balance("asset.provider.sandbox").balance_minor == 0


def test_gw5_at_the_end_of_the_hold_the_payment_is_closed_first(street: Street, run_jobs: Run) -> None:
    _, address = street.order_long_ago()
    payer = Payer(street.url)
    payer.open(address)
    run_jobs(only="orders.query")
    from bacao.orders.jobs import expire_orders as lapse

    lapse.func(0)
    assert SandboxPayment.objects.get().state == "closed"
    assert Order.objects.get().state == "expired"
    assert OfferStock.objects.get().used == 0
    assert payer.press("pay").status_code == 409
    assert SandboxPayment.objects.get().taken_minor == 0


def test_gw5_money_found_at_the_end_of_the_hold_is_credited(street: Street, run_jobs: Run) -> None:
    """All callbacks and queries were lost; closing the payment brings it to light before the stock is given back."""
    order, address = street.order()
    payer = Payer(street.url)
    payer.open(address)
    payer.press("silent")
    Order.objects.update(expires_at=timezone.now())
    from bacao.orders.jobs import expire_orders as lapse

    lapse.func(0)
    assert_paid_once(order)


def test_a_dead_provider_does_not_keep_the_stock(street: Street, settings: Any) -> None:
    street.order_long_ago()
    settings.SANDBOX_URL = "http://127.0.0.1:9/sandbox"
    from bacao.orders.jobs import expire_orders as lapse

    lapse.func(0)
    assert Order.objects.get().state == "expired"


def test_payment_starts_again_with_the_same_payment_until_the_time_is_over(street: Street) -> None:
    order, address = street.order()
    again = start_payment(order=order, at=order.placed_at, site=street.url)
    assert again == address
    with pytest.raises(NoLongerOpen):
        start_payment(order=order, at=order.expires_at - timedelta(seconds=60))


@pytest.mark.parametrize("field", ["amount", "return_url", "notify_url", "order"])
def test_a_changed_address_is_refused_by_the_sandbox(street: Street, field: str) -> None:
    _, address = street.order()
    changed = httpx.URL(address).copy_set_param(field, "1")
    answer = Payer(street.url).open(str(changed))
    assert answer.status_code == 400
    assert "没有扣款" in answer.text
    assert not SandboxPayment.objects.exists()


def test_the_server_answers_signed_questions_only(street: Street) -> None:
    answer = httpx.post(f"{street.url}/sandbox/api/query", content=b"{}", headers={"sandbox-sent": "1"})
    assert answer.status_code == 401


def test_refund_over_the_wire(street: Street, run_jobs: Run) -> None:
    order = street.pay("pay")
    run_jobs()
    refund = request_refund(voucher=order.vouchers.get(), by=order.user, at=timezone.now())
    assert get_balance(f"liab.refund_due.{order.pk}").balance_minor == 3800
    assert "orders.send_refund" in run_jobs()
    refund.refresh_from_db()
    assert refund.confirmed_at
    assert outcomes() == ["credited", "duplicate"], "the callback of the refund finds it confirmed"
    assert get_balance(f"liab.refund_due.{order.pk}").balance_minor == 0
    assert get_balance("asset.provider.sandbox").balance_minor == 0
    assert get_total() == 0


def test_rf7_a_refund_whose_answer_was_lost_is_asked_for_not_repeated(
    street: Street, run_jobs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bacao.orders.gateways import ProviderUnreachable
    from bacao.orders.gateways.sandbox import SandboxGateway
    from bacao.orders.services import send_refund

    order = street.pay("pay")
    run_jobs()
    refund = request_refund(voucher=order.vouchers.get(), by=order.user, at=timezone.now())
    honest = SandboxGateway.refund

    def answer_lost(self: SandboxGateway, *args: Any, **more: Any) -> Any:
        honest(self, *args, **more)
        raise ProviderUnreachable("the line broke after the money went")

    monkeypatch.setattr(SandboxGateway, "refund", answer_lost)
    with pytest.raises(ProviderUnreachable):
        send_refund(refund_id=refund.pk, at=timezone.now())
    refund.refresh_from_db()
    assert refund.sent_at
    assert not refund.confirmed_at
    send_refund(refund_id=refund.pk, at=timezone.now())  # would raise again if it sent a second time
    refund.refresh_from_db()
    assert refund.confirmed_at
    assert SandboxRefund.objects.count() == 1


def test_the_sandbox_refunds_no_more_than_it_took(street: Street, run_jobs: Run) -> None:
    from bacao.orders.gateways import get_gateway

    order = street.pay("pay")
    run_jobs()
    gateway = get_gateway()
    first = gateway.refund(order, refund_number="one", amount_minor=3000, at=timezone.now())
    again = gateway.refund(order, refund_number="one", amount_minor=3000, at=timezone.now())
    second = gateway.refund(order, refund_number="two", amount_minor=801, at=timezone.now())
    assert (first.state, again.state, second.state) == ("confirmed", "confirmed", "failed")
    assert gateway.query_refund("three", timezone.now()).state == "unknown"


def test_callbacks_are_tried_again_until_they_are_taken(street: Street, settings: Any, run_jobs: Run) -> None:
    settings.BASE_URL = "http://127.0.0.1:9"
    order = street.pay("pay")
    run_jobs(only="sandbox")
    notice = SandboxNotice.objects.get()
    assert (notice.attempts, notice.delivered_at) == (1, None)
    run_jobs(until=timezone.now() + timedelta(seconds=6), only="sandbox")
    assert SandboxNotice.objects.get().attempts == 2
    SandboxPayment.objects.update(notify_url=f"{street.url}/payments/sandbox/callback")
    run_jobs(until=timezone.now() + timedelta(seconds=31))
    assert SandboxNotice.objects.get().delivered_at
    assert_paid_once(order)


def test_both_companies_speak_by_http_only() -> None:
    """Neither imports the other, in the chapters or on the pages."""
    for folder, other in {
        "bacao/sandbox": "orders",
        "bacao/web/sandbox": "orders",
        "bacao/orders": "sandbox",
        "bacao/web/resident": "sandbox",
    }.items():
        for path in Path(folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom):
                    assert not (node.module or "").startswith(f"bacao.{other}"), f"{path}:{node.lineno}"


def test_the_sandbox_does_not_start_beside_a_live_provider() -> None:
    check_alone(["sandbox"])
    check_alone(["wechat", "alipay"])
    with pytest.raises(ImproperlyConfigured, match="live provider"):
        check_alone(["wechat", "sandbox"])


def test_its_pages_are_gone_where_a_live_provider_takes_the_money(street: Street, settings: Any) -> None:
    _, address = street.order()
    settings.PAYMENT_PROVIDERS = ["wechat"]
    assert httpx.get(address).status_code == 404
    assert httpx.post(f"{street.url}/sandbox/api/query").status_code == 404
    assert httpx.post(f"{street.url}/payments/sandbox/callback").status_code == 404


def test_expired_orders_do_not_touch_paid_ones(street: Street, run_jobs: Run) -> None:
    order = street.pay("pay")
    run_jobs()
    assert expire_orders(at=timezone.now() + timedelta(hours=1)) == 0
    assert_paid_once(order)
