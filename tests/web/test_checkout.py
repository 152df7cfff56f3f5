"""Buying on the pages: what is said, what is refused and how one goes on, and what the statements cost."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bacao.accounts.models import User
from bacao.ledger.queries import get_total
from bacao.offers.models import OfferStock, OfferVersion
from bacao.offers.services import revise_offer, set_offer_state
from bacao.orders.models import Order, Payment, PaymentEvent, Quote, Refund, Voucher
from bacao.orders.rules import PaymentNews
from bacao.orders.services import cancel_order, expire_orders, mark_used, start_payment
from bacao.orders.services.pay import apply_payment_news
from tests.factories import make_user
from tests.orders.conftest import order_of, quote_of, sell

pytestmark = pytest.mark.django_db
LANGUAGES = {"zh": "zh-hans", "en": "en"}


@pytest.fixture
def buyer() -> User:
    return make_user("小满")


@pytest.fixture
def version() -> OfferVersion:
    return sell(stock=10)


@pytest.fixture
def page(client: Client, buyer: User) -> Client:
    client.force_login(buyer)
    return client


def form(version: OfferVersion, **changes: Any) -> dict[str, Any]:
    """Return what the checkout page would send."""
    facts: dict[str, Any] = {"offer": version.offer_id, "order": uuid4(), "quantity": 1, "note": ""}
    if "quote" not in changes:
        buyer = User.objects.filter(display_name="小满").first()
        facts["quote"] = quote_of(buyer, version, timezone.now()).pk if buyer else ""
    return {**facts, **changes}


def bought(buyer: User, version: OfferVersion, quantity: int = 1, at: datetime | None = None) -> Order:
    """Order and pay."""
    order = waiting(buyer, version, quantity, at)
    news = PaymentNews("bacao", order.number, "paid", order.total_minor, "CNY", "pay_1")
    apply_payment_news(provider="sandbox", news=news, at=at or timezone.now())
    order.refresh_from_db()
    return order


def waiting(buyer: User, version: OfferVersion, quantity: int = 1, at: datetime | None = None) -> Order:
    at = at or timezone.now()
    order = order_of(buyer, version, at, quantity)
    start_payment(order=order, at=at)
    return order


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_checkout_says_what_where_until_when_and_how_to_get_it_back(page: Client, version: OfferVersion) -> None:
    said = text_of(page.get(f"/checkout/{version.offer_id}"))
    for words in ("手冲加可颂", "鹿里咖啡", "湖滨路 12 号", "有效至", "付款 ¥38", "没用掉随时全额退"):
        assert words in said
    page.cookies["django_language"] = "en"
    said = text_of(page.get(f"/checkout/{version.offer_id}"))
    for words in (
        "Pour-over with croissant",
        "Luli Coffee",
        "12 Hubin Road",
        "Good until",
        "Pay ¥38",
        "refunded in full",
    ):
        assert words in said


def test_whoever_is_not_signed_in_comes_back_here(client: Client, version: OfferVersion) -> None:
    answer = client.get(f"/checkout/{version.offer_id}?note=3")
    assert answer.status_code == 302
    assert answer["location"] == f"/sign-in?next=%2Fcheckout%2F{version.offer_id}%3Fnote%3D3"
    assert client.post("/orders", form(version)).status_code == 302
    assert not Order.objects.exists()


def test_buying_goes_to_the_signed_page_of_the_provider(page: Client, version: OfferVersion) -> None:
    id = uuid4()
    answer = page.post("/orders", form(version, order=id, quantity=2))
    assert answer.status_code == 302
    assert answer["location"].startswith("http://testserver/sandbox/pay?amount=7600&")
    assert "signature=" in answer["location"]
    order = Order.objects.get()
    assert (order.pk, order.quantity, order.state) == (id, 2, "waiting")
    page.post("/orders", form(version, order=id, quantity=2))
    assert Order.objects.count() == 1, "a second press is the same order"


def test_what_is_free_needs_one_press(page: Client) -> None:
    version = sell(kind="percent_off")
    assert "免费领取" in text_of(page.get(f"/checkout/{version.offer_id}"))
    answer = page.post("/orders", form(version))
    order = Order.objects.get()
    assert answer["location"] == f"/orders/{order.pk}"
    said = text_of(page.get(answer["location"]))
    assert "领到了" in said
    assert "打开券码" in said


def test_a_promise_is_kept_when_the_shop_changes_its_price(page: Client, version: OfferVersion) -> None:
    said = text_of(page.get(f"/checkout/{version.offer_id}"))
    assert "这个价格为你保留到" in said
    typed = form(version)
    revise(version, price_minor=4200)
    assert "付款 ¥38" in text_of(page.get(f"/checkout/{version.offer_id}")), "also where the page is loaded again"
    assert page.post("/orders", typed).status_code == 302
    assert Order.objects.get().total_minor == 3800
    assert "付款 ¥42" in text_of(page.get(f"/checkout/{version.offer_id}")), "the next one pays the new price"


def test_a_new_price_stands_beside_the_old_one_with_one_button(page: Client, version: OfferVersion) -> None:
    typed = form(version, quote=old_quote(version).pk)
    revise(version, price_minor=4200)
    answer = page.post("/orders", typed)
    assert answer.status_code == 409
    said = text_of(answer)
    for words in ("只保留到刚才", "没有扣款", "原来 ¥38", "现在 ¥42", "付款 ¥42"):
        assert words in said
    assert not Order.objects.exists()
    fresh = re.search(r'name="quote" value="([^"]+)"', answer.content.decode())
    assert fresh
    assert page.post("/orders", form(version, quote=fresh[1])).status_code == 302
    assert Order.objects.get().total_minor == 4200


def test_a_promise_that_ran_out_is_kept_where_nothing_changed(page: Client, version: OfferVersion) -> None:
    assert page.post("/orders", form(version, quote=old_quote(version).pk)).status_code == 302
    assert Order.objects.get().total_minor == 3800


def test_an_offer_that_was_paused_meanwhile_says_so(page: Client, version: OfferVersion) -> None:
    typed = form(version)
    set_offer_state(offer=version.offer, state="paused", by=None, at=timezone.now())
    answer = page.post("/orders", typed)
    assert answer.status_code == 409
    assert "店家刚停了这个优惠" in text_of(answer)
    assert "付款 ¥" not in text_of(answer)


def test_a_page_from_long_ago_or_of_somebody_else_shows_today_s(page: Client, version: OfferVersion) -> None:
    for quote in ("", "x", uuid4(), old_quote(version, make_user("阿良")).pk):
        assert page.post("/orders", form(version, quote=quote))["location"] == f"/checkout/{version.offer_id}"
    assert not Order.objects.exists()


def old_quote(version: OfferVersion, user: User | None = None) -> Quote:
    """Return a promise of a quarter of an hour ago."""
    user = user or User.objects.get(display_name="小满")
    return quote_of(user, version, timezone.now() - timedelta(minutes=15))


def revise(version: OfferVersion, **change: int) -> None:
    terms = {"title_zh": "手冲加可颂", "price_minor": 3800, "list_minor": 5000, "stock": 10} | change
    revise_offer(offer=version.offer, terms=terms, funders=[("merchant", 10000)], by=None, at=timezone.now())


@pytest.mark.parametrize("quantity", ["0", "11", "-1", "", "x", "1e3", "９", "99999999999"])
def test_x24_strange_quantities_are_refused_in_words(page: Client, version: OfferVersion, quantity: str) -> None:
    answer = page.post("/orders", form(version, quantity=quantity))
    assert answer.status_code == 422
    assert "一单可买 1 到 10 份" in text_of(answer)


@pytest.mark.parametrize("changes", [{"offer": 0}, {"offer": "x"}, {"quote": ""}, {"order": "x"}, {"note": "77"}])
def test_strange_forms_never_break_the_page(page: Client, version: OfferVersion, changes: dict[str, Any]) -> None:
    assert page.post("/orders", form(version, **changes)).status_code in {302, 404, 409}


def test_sold_out_leads_on(page: Client, version: OfferVersion) -> None:
    other = sell(title_zh="别的")
    other.offer.place = version.offer.place
    other.offer.save()
    OfferStock.objects.filter(offer=version.offer_id).update(used=10)
    answer = page.get(f"/checkout/{version.offer_id}")
    said = text_of(answer)
    assert answer.status_code == 200
    assert "已经售罄" in said
    assert "别的" in said
    assert f"/checkout/{other.offer_id}" in answer.content.decode()
    assert "付款" not in said


def test_too_many_left_says_how_many(page: Client, version: OfferVersion) -> None:
    OfferStock.objects.filter(offer=version.offer_id).update(used=8)
    answer = page.post("/orders", form(version, quantity=3))
    assert answer.status_code == 409
    said = text_of(answer)
    assert "只剩 2 份" in said
    assert "付款 ¥76" in said, "the form is back with what can be had"


def test_one_s_own_limit(page: Client, buyer: User) -> None:
    version = sell(per_person=1)
    bought(buyer, version)
    answer = page.post("/orders", form(version))
    assert answer.status_code == 409
    assert "每人限购 1 份" in text_of(answer)


def test_an_offer_that_is_not_on_sale(page: Client) -> None:
    version = sell(state="paused")
    assert "不在售卖" in text_of(page.get(f"/checkout/{version.offer_id}"))
    assert page.get("/checkout/99999").status_code == 404


def test_the_order_page_in_every_state(page: Client, buyer: User, version: OfferVersion) -> None:
    def said(order: Order) -> str:
        answer = page.get(f"/orders/{order.pk}")
        assert answer.status_code == 200
        return text_of(answer)

    order = waiting(buyer, version)
    assert "等付款结果" in said(order)
    assert "继续付款 ¥38" in said(order)
    Payment.objects.filter(order=order).update(failure="card_declined")
    assert "卡被拒了" in said(order)
    assert "再付一次 ¥38" in said(order)
    Payment.objects.filter(order=order).update(failure="mismatch")
    assert order.number in said(order)
    assert "再付一次" not in said(order)
    Payment.objects.filter(order=order).update(failure="")
    cancel_order(order=order, at=timezone.now())
    assert "订单已取消" in said(order)
    assert "重新下单" in said(order)
    lapsed = waiting(buyer, version, at=timezone.now() - timedelta(minutes=20))
    assert "正在确认有没有收到" in said(lapsed), "nobody knows yet, and the page does not pretend to"
    expire_orders(at=timezone.now())
    assert "超时未付" in said(lapsed)
    paid = bought(buyer, version)
    assert "付好了" in said(paid)
    assert f"/vouchers/{paid.vouchers.get().pk}" in page.get(f"/orders/{paid.pk}").content.decode()
    mark_used(voucher=paid.vouchers.get(), uses=1)
    assert "都用掉了" in said(paid)


def test_late_money_is_explained(page: Client, buyer: User, version: OfferVersion) -> None:
    order = waiting(buyer, version, at=timezone.now() - timedelta(minutes=20))
    expire_orders(at=timezone.now())
    OfferStock.objects.filter(offer=version.offer_id).update(used=10)
    news = PaymentNews("bacao", order.number, "paid", 3800, "CNY", "pay_1")
    apply_payment_news(provider="sandbox", news=news, at=timezone.now())
    said = text_of(page.get(f"/orders/{order.pk}"))
    assert "¥38 正在退给你" in said
    Refund.objects.update(confirmed_at=timezone.now())
    said = text_of(page.get(f"/orders/{order.pk}"))
    assert "付款到得太晚" in said
    assert "已退到付款账户" in said


def test_a_waiting_page_hears_of_news(page: Client, buyer: User, version: OfferVersion) -> None:
    order = waiting(buyer, version)
    poll = re.search(r'hx-get="([^"]+)"', page.get(f"/orders/{order.pk}").content.decode())
    assert poll
    assert page.get(poll[1]).status_code == 204
    news = PaymentNews("bacao", order.number, "paid", 3800, "CNY", "pay_1")
    apply_payment_news(provider="sandbox", news=news, at=timezone.now())
    answer = page.get(poll[1])
    assert (answer.status_code, answer["HX-Refresh"]) == (200, "true")


def test_paying_again_and_giving_up(page: Client, buyer: User, version: OfferVersion) -> None:
    order = waiting(buyer, version)
    Payment.objects.update(failure="card_declined")
    assert "/sandbox/pay?" in page.post(f"/orders/{order.pk}/pay")["location"]
    assert Payment.objects.get().failure == "", "a new try forgets the last one"
    answer = page.post(f"/orders/{order.pk}/cancel", follow=True)
    assert "没有扣款" in text_of(answer)
    assert Order.objects.get().state == "cancelled"
    answer = page.post(f"/orders/{order.pk}/pay", follow=True)
    assert "已经关闭" in text_of(answer)
    paid = bought(buyer, version)
    answer = page.post(f"/orders/{paid.pk}/cancel", follow=True)
    assert "不要了可以退款" in text_of(answer)


def test_rf1_two_taps_give_the_money_back(page: Client, buyer: User, version: OfferVersion) -> None:
    voucher = bought(buyer, version).vouchers.get()
    first = page.get(f"/vouchers/{voucher.pk}/refund")
    assert "退款 ¥38" in text_of(first)
    assert not Refund.objects.exists(), "looking changes nothing"
    second = page.post(f"/vouchers/{voucher.pk}/refund", follow=True)
    assert "¥38 正在原路退回" in text_of(second)
    again = page.post(f"/vouchers/{voucher.pk}/refund", follow=True)
    assert again.status_code == 200
    assert Refund.objects.count() == 1
    assert get_total() == 0


def test_a_used_voucher_says_why_not(page: Client, buyer: User, version: OfferVersion) -> None:
    voucher = bought(buyer, version).vouchers.get()
    mark_used(voucher=voucher, uses=1)
    answer = page.post(f"/vouchers/{voucher.pk}/refund")
    assert answer.status_code == 409
    assert "已经用完" in text_of(answer)


def test_the_list_of_orders(page: Client, client: Client, buyer: User, version: OfferVersion) -> None:
    assert "还没有订单" in text_of(page.get("/orders"))
    bought(buyer, version)
    waiting(buyer, version)
    said = text_of(page.get("/orders"))
    assert "已付款" in said
    assert "待付款" in said


def test_other_people_see_nothing(client: Client, buyer: User, version: OfferVersion) -> None:
    order = bought(buyer, version)
    voucher = order.vouchers.get()
    client.force_login(make_user("阿良"))
    for address in (f"/orders/{order.pk}", f"/orders/{order.pk}/state", f"/vouchers/{voucher.pk}/refund"):
        assert client.get(address).status_code == 404
    for address in (f"/orders/{order.pk}/pay", f"/orders/{order.pk}/cancel", f"/vouchers/{voucher.pk}/refund"):
        assert client.post(address).status_code == 404
    assert "还没有订单" in text_of(client.get("/orders"))
    assert client.get(f"/orders/{UUID(int=1)}").status_code == 404


def test_forms_need_their_token(buyer: User, version: OfferVersion) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(buyer)
    assert strict.post("/orders", form(version)).status_code == 403
    assert not Order.objects.exists()


def test_callbacks_need_no_session_and_no_token_but_a_signature(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/payments/sandbox/callback", b"{}", content_type="application/json")
    assert answer.status_code == 401
    assert PaymentEvent.objects.get().outcome == "refused: bad signature"
    assert client.get("/payments/sandbox/callback").status_code == 405
    assert client.post("/payments/nobody/callback").status_code == 404


def statements(client: Client, method: str, address: str, data: dict[str, Any] | None = None) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer = getattr(client, method)(address, data or {})
    assert answer.status_code in {200, 302}, answer.status_code
    return len(captured)


def test_statement_budgets(page: Client, buyer: User, version: OfferVersion) -> None:
    """Session and user are two of each; a test's own savepoints stand in for BEGIN and COMMIT."""
    assert statements(page, "get", f"/checkout/{version.offer_id}") <= 7
    assert statements(page, "post", "/orders", form(version)) <= 20
    for _ in range(5):
        bought(buyer, version)
    assert statements(page, "get", "/orders") <= 6
    assert statements(page, "get", f"/orders/{Order.objects.first().pk}") <= 6
    assert Voucher.objects.count() == 5
