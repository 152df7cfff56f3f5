"""Bills on the pages: the amount, the receipt, one tap; the counter's side; what became different, in words."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from bacao.ledger.queries import get_balance
from bacao.ledger.rules import Credit, Debit
from bacao.ledger.services import post
from bacao.orders.models import Bill, BillRequest, BillUse, Order, Quote
from bacao.orders.queries import get_credit
from bacao.orders.services import request_refund
from bacao.orders.services.pay import apply_payment_news
from bacao.redemption.jobs import note_bill
from bacao.redemption.models import Arrival, Counter, Lease
from bacao.redemption.queries import find_counter, get_shop_key
from bacao.redemption.rules import step_at
from bacao.redemption.rules.shop import live_code
from bacao.redemption.services import enrol_device
from tests.factories import Shop, make_merchant, make_offer_version, make_place, make_role, make_shop, make_user
from tests.orders.machine import paid_news

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def page(client: Client, shop: Shop) -> Client:
    client.force_login(shop.member)
    return client


@pytest.fixture
def clerk(shop: Shop) -> Client:
    browser = Client()
    browser.force_login(shop.clerk)
    return browser


def field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no field {name}"
    return found[1]


def text(answer: Any) -> str:
    return str(answer.content.decode())


def press(page: Client, html: str, **more: str) -> Any:
    form = {name: field(html, name) for name in ("quote", "order", "seen")} | more
    return page.post("/bills/pay", form)


def pay(order: Order) -> None:
    news = paid_news(order, amount_minor=order.money_minor)
    assert apply_payment_news(provider="sandbox", news=news, at=timezone.now()) == "credited"
    note_bill(str(order.pk))


def test_a_bill_from_amount_to_green(page: Client, shop: Shop) -> None:
    """¥100, own voucher of ¥20 for ¥10; works without a script, and pressing twice is one order."""
    now = timezone.now()
    shop.sell(now, kind="voucher", price_minor=1000, face_minor=2000, threshold_minor=5000, units_per_bill=1)
    address = f"/places/{shop.place.pk}/bill"
    assert "先写金额" in text(page.get(address))
    html = text(page.get(address, {"amount": "100"}))
    assert "你有 1 张" in html and "付 ¥80" in html
    answers = [press(page, html) for _ in range(2)]
    assert all(answer.status_code == 302 and "/sandbox/pay" in answer["Location"] for answer in answers)
    order = Order.objects.get(kind="bill")
    assert "等付款结果" in text(page.get(f"/orders/{order.pk}"))
    assert "买单" in text(page.get("/orders"))
    pay(order)
    shown = text(page.get(f"/orders/{order.pk}"))
    assert order.bill.check_digits in shown and "已付" in shown
    assert not Arrival.objects.filter(order=order).exists(), "paid from anywhere, nobody seen: no arrival yet"
    assert "用掉了" in text(page.get("/wallet")) or "用掉的" in text(page.get("/wallet"))


@pytest.mark.parametrize("typed", ["abc", "1e3", "-5", "0", "9999999"])
def test_what_is_no_amount_is_said(page: Client, shop: Shop, typed: str) -> None:
    html = text(page.get(f"/places/{shop.place.pk}/bill", {"amount": typed}))
    assert 'role="alert"' in html and not Quote.objects.exists()


def test_the_shops_live_code_shows_that_one_is_there(page: Client, shop: Shop) -> None:
    now = timezone.now()
    counter, _ = enrol_device(place_id=shop.place.pk, name="phone", public_key=b"x" * 65, at=now)
    Counter.objects.filter(pk=counter.pk).update(agreed_at=now)
    live = live_code(get_shop_key(counter.pk), step_at(now))
    assert f"/places/{shop.place.pk}/bill?shop=" in text(page.get(f"/S/{counter.code}/{live}"))
    where = f"/places/{shop.place.pk}/bill"
    html = text(page.get(where, {"amount": "30", "shop": counter.code, "live": live}))
    press(page, html)
    order = Order.objects.get(kind="bill")
    assert order.bill.presence == "shop_code"
    pay(order)
    assert Arrival.objects.get().kind == "bill"
    forged = text(page.get(where, {"amount": "31", "shop": counter.code, "live": "A" * 10}))
    press(page, forged, seen="forged")
    assert Bill.objects.get(bill_minor=3100).presence == ""
    assert find_counter(counter.pk)


def test_what_became_different_is_said_beside_the_new_price(page: Client, shop: Shop) -> None:
    now = timezone.now()
    voucher = shop.sell(now, kind="voucher", price_minor=1000, face_minor=2000, threshold_minor=5000, units_per_bill=1)
    html = text(page.get(f"/places/{shop.place.pk}/bill", {"amount": "100"}))
    request_refund(voucher=voucher, by=shop.member, at=now)
    type(voucher.order.version.offer).objects.update(state="paused")
    answer = press(page, html)
    said = text(answer)
    assert answer.status_code == 409
    assert "你的券刚在别处用掉了" in said and "¥80" in said and "¥100" in said
    assert not Order.objects.filter(kind="bill").exists()
    assert press(page, said).status_code == 302


def test_a_voucher_that_the_shops_phone_holds_is_asked_for(page: Client, shop: Shop) -> None:
    now = timezone.now()
    voucher = shop.sell(now, kind="voucher", price_minor=1000, face_minor=2000, units_per_bill=1)
    type(voucher.order.version.offer).objects.update(state="paused")
    counter, _ = enrol_device(place_id=shop.place.pk, name="phone", public_key=b"x" * 65, at=now)
    Counter.objects.filter(pk=counter.pk).update(agreed_at=now, manifest_at=now)
    Lease.objects.create(voucher=voucher, merchant=shop.merchant, counter=counter, given_at=now)
    html = text(page.get(f"/places/{shop.place.pk}/bill", {"amount": "100"}))
    assert Lease.objects.get().asked_at is not None
    answer = press(page, html)
    assert answer.status_code == 409 and "几秒后再点一次" in text(answer)
    skip = unescape(re.search(r'href="([^"]*skip=1[^"]*)"', text(answer))[1])  # type: ignore[index]  # it is there
    without = text(page.get(skip))
    assert "付 ¥100" in without
    Lease.objects.update(returned_at=now)
    assert press(page, text(answer)).status_code == 302


def test_a_bill_takes_the_voucher_that_nobody_holds(page: Client, shop: Shop) -> None:
    now = timezone.now()
    version = make_offer_version(
        shop.place, at=now, kind="voucher", price_minor=1000, face_minor=2000, units_per_bill=1
    )
    held, free = (shop.sell(now, version) for _ in range(2))
    type(held.order.version.offer).objects.update(state="paused")
    counter, _ = enrol_device(place_id=shop.place.pk, name="phone", public_key=b"x" * 65, at=now)
    Counter.objects.filter(pk=counter.pk).update(agreed_at=now, manifest_at=now)
    Lease.objects.create(voucher=held, merchant=shop.merchant, counter=counter, given_at=now)
    for query in ({"amount": "100"}, {"amount": "100", "skip": "1"}):
        html = text(page.get(f"/places/{shop.place.pk}/bill", query))
    answer = press(page, html)
    assert answer.status_code == 302
    assert BillUse.objects.get().voucher_id == free.pk


def test_the_clerk_asks_the_guest_pays_the_counter_sees_it(page: Client, clerk: Client, shop: Shop) -> None:
    key = uuid4()
    form = {"place": shop.place.pk, "key": key, "amount": "128"}
    pages = {clerk.post("/counter/bills/ask", form)["Location"] for _ in range(2)}
    assert len(pages) == 1
    asked = BillRequest.objects.get()
    assert "<svg" in text(clerk.get(pages.pop()))
    html = text(page.get(f"/B/{asked.code}"))
    assert "¥128" in html
    press(page, html, asked=field(html, "asked"))
    order = Order.objects.get()
    assert order.bill.presence == "counter"
    pay(order)
    told = text(clerk.get("/counter/bills/list", {"ask": str(asked.pk)}))
    assert order.bill.check_digits in told and "就是刚才这张" in told
    assert "就是刚才这张" not in text(clerk.get("/counter/bills/list"))
    assert Arrival.objects.get().order_id == order.pk
    assert page.get(f"/B/{asked.code}")["Location"] == f"/orders/{order.pk}"
    other = Client()
    other.force_login(make_user("别人"))
    late = text(other.get(f"/B/{asked.code}"))
    assert press(other, late, asked=field(late, "asked")).status_code == 409


def test_a_guests_code_opens_the_bill_in_their_wallet(page: Client, clerk: Client, shop: Shop) -> None:
    now = timezone.now()
    voucher = shop.sell(now, kind="voucher", price_minor=1000, face_minor=2000)
    clerk.post("/counter/bills/ask", {"place": shop.place.pk, "key": uuid4(), "amount": "60"})
    asked = BillRequest.objects.get()
    assert page.get("/bills/waiting").status_code == 204
    clerk.post("/counter/bills/guest", {"place": shop.place.pk, "ask": asked.pk, "typed": shop.typed(voucher, now)})
    assert asked.code in text(page.get("/bills/waiting"))
    voucher.refresh_from_db()
    assert voucher.uses_left == 1, "it was only looked at"


def test_cash_taken_seen_and_taken_back(page: Client, clerk: Client, shop: Shop) -> None:
    now = timezone.now()
    voucher = shop.sell(now, kind="voucher", price_minor=1000, face_minor=2000, units_per_bill=1)
    html = text(page.get(f"/places/{shop.place.pk}/bill", {"amount": "60", "tender": "counter"}))
    answer = press(page, html)
    order = Order.objects.get(kind="bill")
    assert answer["Location"] == f"/orders/{order.pk}"
    assert "到柜台付" in text(page.get(f"/orders/{order.pk}"))
    assert "收到了" in text(clerk.get("/counter/bills"))
    for _ in range(2):
        clerk.post(f"/counter/bills/{order.pk}/take", {"place": shop.place.pk})
    assert Arrival.objects.get().kind == "bill"
    assert get_balance(f"liab.payable.merchant.{shop.merchant.pk}").balance_minor == 1000 - 25
    for _ in range(2):
        clerk.post(f"/counter/bills/{order.pk}/undo", {"place": shop.place.pk})
    voucher.refresh_from_db()
    assert voucher.uses_left == 1 and Arrival.objects.get().void_at is not None
    assert "撤回" in text(page.get(f"/orders/{order.pk}"))


def test_the_other_way_to_pay_keeps_what_was_typed(page: Client, shop: Shop) -> None:
    """Of a page that a press answered, too: that page has another address."""
    now = timezone.now()
    voucher = shop.sell(now, kind="voucher", price_minor=1000, face_minor=2000)
    type(voucher.order.version.offer).objects.update(state="paused")
    html = text(page.get(f"/places/{shop.place.pk}/bill", {"amount": "60", "party": "3"}))
    request_refund(voucher=voucher, by=shop.member, at=now)
    for shown in (html, text(press(page, html))):
        other = unescape(re.search(r'href="([^"]*tender=counter[^"]*)"', shown)[1])  # type: ignore[index]  # it is there
        assert "到柜台付 ¥60" in text(page.get(other))
        assert Quote.objects.latest("quoted_at").party == 3


def test_a_press_of_no_meaning_changes_nothing(page: Client, clerk: Client, shop: Shop) -> None:
    press(page, text(page.get(f"/places/{shop.place.pk}/bill", {"amount": "60"})))
    order = Order.objects.get()
    pay(order)
    assert clerk.post(f"/counter/bills/{order.pk}/whatever", {"place": shop.place.pk}).status_code == 404
    assert Bill.objects.get().undone_at is None
    clerk.post("/counter/bills/ask", {"place": shop.place.pk, "key": uuid4(), "amount": "12,8"})
    assert "金额写成" in text(clerk.get("/counter/bills")) and not BillRequest.objects.exists()


def test_other_shops_clerks_are_strangers(page: Client, shop: Shop) -> None:
    html = text(page.get(f"/places/{shop.place.pk}/bill", {"amount": "60", "tender": "counter"}))
    press(page, html)
    order = Order.objects.get()
    merchant = make_merchant()
    stranger, place = make_user("别店"), make_place(merchant)
    make_role(stranger, merchant)
    browser = Client()
    browser.force_login(stranger)
    for what in ("take", "seen", "undo"):
        for where in (shop.place.pk, place.pk):
            browser.post(f"/counter/bills/{order.pk}/{what}", {"place": where})
    assert Bill.objects.get().settled_at is None
    assert str(order.bill.check_digits) not in text(browser.get("/counter/bills"))
    anonymous = Client().post(f"/counter/bills/{order.pk}/take", {"place": shop.place.pk})
    assert anonymous.status_code == 302 and Bill.objects.get().settled_at is None


def test_the_owner_refunds_and_reads_it_in_the_statement(page: Client, shop: Shop) -> None:
    owner = make_user("店长")
    make_role(owner, shop.merchant, kind="owner")
    console = Client()
    console.force_login(owner)
    press(page, text(page.get(f"/places/{shop.place.pk}/bill", {"amount": "60"})))
    order = Order.objects.get()
    pay(order)
    assert order.number in text(console.get("/merchant/redemptions"))
    assert "买单" in text(console.get("/merchant/statement"))
    assert order.number in text(console.get("/merchant/statement.csv"))
    Bill.objects.filter(pk=order.pk)
    console.post(f"/merchant/bills/{order.pk}/refund")
    assert Bill.objects.get().undone_at is not None
    assert "买单撤回" in text(console.get("/merchant/statement"))


def test_credit_is_on_the_receipt_and_spent(page: Client, shop: Shop) -> None:
    now = timezone.now()
    entries = [Debit("expense.compensation", 700), Credit(f"liab.credit.customer.{shop.member.pk}", 700)]
    with transaction.atomic():
        post(id=uuid4(), kind="credited", entries=entries, origin={}, effective_at=now)
    html = text(page.get(f"/places/{shop.place.pk}/bill", {"amount": "60"}))
    assert "余额抵" in html and "付 ¥53" in html
    press(page, html)
    assert get_credit(shop.member.pk) == 0
    version = make_offer_version(shop.place, at=now - timedelta(days=1))
    assert version.pk
