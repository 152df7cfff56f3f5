"""The counter's page and its addresses: who may, what is said, nothing happens twice (RD53 to RD55)."""

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from bacao.places.models import ShopRole
from bacao.redemption import rules
from bacao.redemption.models import Attempt, Redemption, Undo
from bacao.web.counter.views import PRACTICE_TOKEN
from tests import factories
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()


@pytest.fixture
def counter(client: Client, shop: Shop) -> Client:
    client.force_login(shop.clerk)
    return client


def post(client: Client, path: str, body: dict[str, Any] | str, key: object = None) -> Any:
    """Send what the counter's script sends."""
    return client.post(
        path,
        body if isinstance(body, str) else json.dumps(body),
        content_type="application/json",
        headers={"Idempotency-Key": str(key or uuid4())},
    )


def text_of(answer: HttpResponse) -> str:
    return answer.content.decode()


# Who may


def test_a_stranger_signs_in_first(client: Client) -> None:
    assert client.get("/counter")["Location"] == "/sign-in?next=/counter"
    assert client.get("/redemptions")["Location"] == "/sign-in?next=/redemptions"
    for path in ("/redemptions", "/previews", "/undos"):
        answer = post(client, path, {"place": 1, "typed": "0"})
        assert (answer.status_code, answer.json()["outcome"]) == (401, "signed_out")


def test_somebody_without_a_shop_is_told_how_to_get_one(client: Client) -> None:
    client.force_login(factories.make_user())
    assert "店员" in text_of(client.get("/counter"))


def test_the_page_names_shop_and_clerk(counter: Client) -> None:
    page = text_of(counter.get("/counter"))
    assert "鹿里咖啡" in page
    assert "李" in page


def test_with_several_shops_one_chooses_and_it_is_remembered(client: Client, shop: Shop) -> None:
    second = factories.make_place(shop.merchant, name_zh="鹿里二店", name_en="Luli Two")
    owner = factories.make_user("林晓")
    factories.make_role(owner, shop.merchant, kind="owner")
    client.force_login(owner)
    assert f"?place={second.pk}" in text_of(client.get("/counter"))
    assert f'data-place="{second.pk}"' in text_of(client.get(f"/counter?place={second.pk}"))
    assert f'data-place="{second.pk}"' in text_of(client.get("/counter"))
    assert f"?place={second.pk}" in text_of(client.get("/counter?place=0")), "asked again, one may choose again"


@pytest.mark.parametrize("path", ["/redemptions", "/previews", "/undos"])
def test_nobody_presses_for_a_shop_they_do_not_work_at(
    counter: Client,
    path: str,
) -> None:
    other = make_shop("别家", "Elsewhere")
    voucher = other.sell(timezone.now())
    body = {"place": other.place.pk, "typed": other.typed(voucher, timezone.now()), "redemption": str(uuid4())}
    answer = post(counter, path, body)
    assert (answer.status_code, answer.json()["outcome"]) == (403, "not_clerk")
    assert not Attempt.objects.exists()


def test_a_clerk_who_left_presses_in_vain(counter: Client, shop: Shop) -> None:
    ShopRole.objects.update(ended_at=timezone.now())
    answer = post(counter, "/redemptions", {"place": shop.place.pk, "typed": "0"})
    assert answer.status_code == 403


def test_the_forgery_token_is_asked_for(shop: Shop) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(shop.clerk)
    assert post(client, "/redemptions", {"place": shop.place.pk, "typed": "0"}).status_code == 403
    assert not Attempt.objects.exists()


# Redeeming and undoing


def test_scan_redeem_undo(counter: Client, shop: Shop) -> None:
    now = timezone.now()
    voucher = shop.sell(now)
    body = {"place": shop.place.pk, "token": shop.token(voucher, now)}
    preview = post(counter, "/previews", body).json()
    assert (preview["outcome"], preview["preview"]["uses_left"]) == ("usable", 1)
    key = uuid4()
    first, again = post(counter, "/redemptions", body, key), post(counter, "/redemptions", body, key)
    assert (first.status_code, first.json()["outcome"]) == (201, "redeemed")
    assert first.content == again.content
    assert Redemption.objects.get().clerk == shop.clerk
    undone = post(counter, "/undos", {"place": shop.place.pk, "redemption": first.json()["redemption"]})
    assert undone.json()["outcome"] == "undone"
    assert Undo.objects.get().clerk == shop.clerk


def test_the_bill_is_asked_for_and_the_same_key_may_bring_it(counter: Client, shop: Shop) -> None:
    now = timezone.now()
    voucher = shop.sell(now, kind="percent_off", threshold_minor=5000)
    body, key = {"place": shop.place.pk, "typed": shop.typed(voucher, now)}, uuid4()
    asked = post(counter, "/redemptions", body, key)
    assert (asked.status_code, asked.json()["outcome"]) == (422, "bill_needed")
    assert asked.json()["preview"]["percent_basis_points"] == 1500
    answer = post(counter, "/redemptions", body | {"bill_minor": 20000}, key)
    assert (answer.status_code, answer.json()["charge_minor"]) == (201, 17000)


def test_a_card_asks_how_many(counter: Client, shop: Shop) -> None:
    now = timezone.now()
    voucher = shop.sell(now, kind="card", uses=4)
    body = {"place": shop.place.pk, "typed": shop.typed(voucher, now)}
    assert post(counter, "/redemptions", body).json()["outcome"] == "uses_needed"
    answer = post(counter, "/redemptions", body | {"uses": 3}).json()
    assert (answer["uses_before"], answer["uses_after"]) == (4, 1)


@pytest.mark.parametrize(
    ("body", "key", "status"),
    [
        ("{", None, 400),
        ("[]", None, 400),
        ('{"place": "x"}', None, 400),
        ('{"place": 1, "surprise": 1}', None, 400),
        ('{"place": PLACE, "typed": "123456789012"}', None, 422),
        ('{"place": PLACE, "token": "12"}', None, 422),
        (f'{{"place": PLACE, "token": "{PRACTICE_TOKEN}"}}', None, 422),
        ('{"place": PLACE}', None, 422),
        ('{"place": PLACE, "typed": "0", "bill_minor": -1}', None, 400),
        ('{"place": PLACE, "typed": "0", "uses": 0}', None, 400),
        ('{"place": PLACE, "typed": "0"}', "not a key", 400),
        ('{"place": 99999999999999999999999}', None, 403),
        ('{"place": PLACE, "typed": "' + "9" * 100_000 + '"}', None, 422),
    ],
)
def test_broken_requests_are_refused_with_an_outcome(
    counter: Client, shop: Shop, body: str, key: str | None, status: int
) -> None:
    answer = post(counter, "/redemptions", body.replace("PLACE", str(shop.place.pk)), key)
    assert answer.status_code == status, answer.content
    assert set(answer.json()) >= {"outcome", "text"}
    assert not Attempt.objects.exists()


def test_rd14_the_pad_is_closed_after_five_wrong_codes(counter: Client, shop: Shop) -> None:
    for number in range(5):
        body = f"{12345678900 + number:011d}"
        typed = body + rules.damm_digit(body)
        assert post(counter, "/redemptions", {"place": shop.place.pk, "typed": typed}).status_code == 404
    answer = post(counter, "/redemptions", {"place": shop.place.pk, "typed": typed})
    assert (answer.status_code, answer.json()["outcome"]) == (429, "too_many_tries")


# Without JavaScript


def test_a_plain_form_redeems_and_undoes(counter: Client, shop: Shop) -> None:
    now = timezone.now()
    voucher = shop.sell(now)
    digits = rules.grouped(shop.typed(voucher, now))
    form = {"place": shop.place.pk, "typed": digits, "key": uuid4()}
    page = counter.post("/redemptions", form)
    assert page.status_code == 201
    assert "不用收钱" in text_of(page)
    assert "不用收钱" in text_of(counter.post("/redemptions", form)), "the same form sent twice is answered twice"
    assert Redemption.objects.count() == 1
    redemption = re.search(r'name="redemption" value="(.*?)"', text_of(page))
    assert redemption
    back = counter.post("/undos", {"place": shop.place.pk, "redemption": redemption[1], "key": uuid4()}, follow=True)
    assert "撤销" in text_of(back)
    assert Undo.objects.count() == 1


def test_a_plain_form_asks_for_the_bill_in_yuan(counter: Client, shop: Shop) -> None:
    now = timezone.now()
    voucher = shop.sell(now, kind="threshold_off", face_minor=2000, threshold_minor=10000)
    form = {"place": shop.place.pk, "typed": shop.typed(voucher, now)}
    assert 'name="bill"' in text_of(counter.post("/redemptions", form))
    assert "还差 ¥1.5" in text_of(counter.post("/redemptions", form | {"bill": "98.5"}))
    assert "收 ¥103.5" in text_of(counter.post("/redemptions", form | {"bill": "123.5"}))
    wrong = counter.post("/redemptions", form | {"bill": "abc"})
    assert wrong.status_code == 422 and "金额写成" in text_of(wrong)


def test_the_log_lists_presses_with_an_undo_while_it_may_be(counter: Client, shop: Shop) -> None:
    now = timezone.now()
    old, new = shop.sell(now, title_zh="旧的"), shop.sell(now, title_zh="新的")
    shop.redeem(old, now - timedelta(minutes=61), token=shop.token(old, now - timedelta(minutes=61)))
    shop.redeem(new, now)
    page = text_of(counter.get("/redemptions"))
    assert page.index("新的") < page.index("旧的")
    assert page.count('action="/undos"') == 1


def test_the_practice_code_is_drawn_and_never_accepted(client: Client) -> None:
    page = text_of(client.get("/counter/practice"))
    assert "0000" in page
    assert "<svg" in page
    token = rules.decode_token(PRACTICE_TOKEN)
    assert token
    assert token.version == rules.PRACTICE
