"""The wallet and a voucher's page: what is first, what a phone is given, who may look."""

import re
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
import zxingcpp
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image, ImageDraw

from bacao.accounts.models import User
from bacao.orders.models import Voucher
from bacao.orders.services import request_refund
from bacao.redemption import rules
from bacao.redemption.queries import get_live_code
from bacao.redemption.services import ensure_codes, redeem_voucher
from bacao.web.qr import draw_qr
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(client: Client) -> User:
    user = factories.make_user("小满")
    client.force_login(user)
    return user


def sell(member: User, name: str = "鹿里咖啡", latitude: float = 30.2536, **offer: Any) -> Voucher:
    place = factories.make_place(factories.make_merchant(name, name), latitude=latitude, longitude=120.1644)
    return factories.make_voucher(factories.make_offer_version(place, **offer), member)


def redeem(voucher: Voucher, at: datetime) -> None:
    code = ensure_codes(vouchers=[voucher], at=at)[voucher.pk]
    answer = redeem_voucher(
        merchant_id=voucher.merchant_id, place_id=voucher.order.place_id, clerk=None, key=uuid4(),
        token=get_live_code(code, at).token_at(at), at=at,
    )  # fmt: skip
    assert answer.outcome == "redeemed"


def found_in(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    assert found, f"no {pattern}"
    return found[1]


def read_svg(svg: str) -> str:
    """Return what a scanner reads of an SVG drawn by our own hand: paths of horizontal runs."""
    size = int(found_in(r'viewBox="0 0 (\d+)', svg))
    picture = Image.new("L", (size * 8, size * 8), 255)
    pen = ImageDraw.Draw(picture)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", svg.split('fill="#000"')[1]):
        left, top = int(x) * 8, int(y) * 8
        pen.rectangle((left, top, left + int(length) * 8 - 1, top + 7), fill=0)
    (found,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    return found.text


# What is shown


def test_rd20_the_symbol_is_black_on_white_with_a_quiet_zone_and_can_be_read() -> None:
    text = rules.encode_token(rules.Token(rules.BC2, bytes(range(5)), bytes(range(14))))
    svg = draw_qr(text)
    assert read_svg(svg) == text
    assert set(re.findall(r'fill="(.*?)"', svg)) == {"#fff", "#000"}
    assert 'viewBox="0 0 31 31"' in svg, "25 modules and three of white on each side"


def test_the_wallet_asks_a_stranger_to_sign_in(client: Client) -> None:
    page = client.get("/wallet")
    assert page.status_code == 200
    assert "/sign-in?next=" in page.content.decode()


def test_an_empty_wallet_invites_to_now(client: Client, member: User) -> None:
    assert 'href="/now"' in client.get("/wallet").content.decode()


def test_the_nearest_usable_voucher_is_open_and_readable_without_javascript(client: Client, member: User) -> None:
    sell(member, "远的店", latitude=30.30)
    near = sell(member, "近的店", latitude=30.2537)
    page = client.get("/wallet?near=30.2536,120.1644").content.decode()
    assert re.search(rf'data-code="{near.pk}"', page)
    token = read_svg(found_in(r"data-symbol.*?(<svg.*?</svg>)", page))
    code = ensure_codes(vouchers=[near], at=timezone.now())[near.pk]
    live = get_live_code(code, timezone.now())
    now = rules.step_at(timezone.now())
    shown = rules.decode_token(token)
    assert shown
    anchors = {day: rules.anchor_of(seed, live.handle, day) for day, seed in live.seeds.items()}
    assert rules.verify(shown.handle, shown.value, anchors, now=now).verdict == rules.OK
    for group in rules.grouped(live.typed).split():
        assert f"<span>{group}</span>" in page


def test_standing_elsewhere_another_one_is_first(client: Client, member: User) -> None:
    far = sell(member, "远的店", latitude=30.30)
    sell(member, "近的店", latitude=30.2537)
    assert f'data-code="{far.pk}"' in client.get("/wallet?near=30.30,120.1644").content.decode()


@pytest.mark.parametrize("near", ["", "a,b", "1", "91,0", "nan,nan", "1,2,3"])
def test_a_position_that_is_none_is_left_aside(client: Client, member: User, near: str) -> None:
    sell(member)
    assert client.get("/wallet", {"near": near}).status_code == 200


def test_every_voucher_stands_in_its_group(client: Client, member: User) -> None:
    now = timezone.now()
    sell(member, "能用")
    never = f"{now + timedelta(days=2):%a}"[:2]
    sell(member, "晚点", weekly_hours=f"{never} 03:00-03:01", latitude=30.2538)
    used, refunded, expired = sell(member, "用掉"), sell(member, "退掉"), sell(member, "过期")
    redeem(used, now)
    request_refund(voucher=refunded, by=member, at=now)
    Voucher.objects.filter(pk=expired.pk).update(valid_until=now - timedelta(days=1))
    page = client.get("/wallet").content.decode()
    order = [page.index(name) for name in ("能用</span>", "晚点</span>", "用掉</span>", "退掉</span>", "过期</span>")]
    assert order[0] < order[1] < order[2] < min(order[3], order[4])
    assert page.count("data-code=") == 1


def test_the_wallet_does_not_ask_more_for_more_vouchers(client: Client, member: User) -> None:
    sell(member)
    client.get("/wallet")
    with CaptureQueriesContext(connection) as few:
        client.get("/wallet")
    for number in range(6):
        sell(member, f"店{number}")
    client.get("/wallet")
    with CaptureQueriesContext(connection) as many:
        client.get("/wallet")
    assert len(many) <= len(few)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_voucher_says_what_to_pay_where_and_until_when(client: Client, member: User, language: str) -> None:
    client.cookies["django_language"] = language
    voucher = sell(member, terms_zh="外带同价", terms_en="Same to take away")
    page = client.get(f"/vouchers/{voucher.pk}").content.decode()
    assert ("¥38 paid" if language == "en" else "已付 ¥38") in page
    assert ("Same to take away" if language == "en" else "外带同价") in page
    assert f'action="/vouchers/{voucher.pk}/refund"' in page


def test_a_used_voucher_says_when_and_invites_to_review(client: Client, member: User) -> None:
    voucher = sell(member)
    redeem(voucher, timezone.now())
    page = client.get(f"/vouchers/{voucher.pk}").content.decode()
    assert f"今天 {timezone.localtime():%H:%M}"[:5] in page
    assert "/reviews/new?arrival=" in page
    assert "data-code=" not in page


# Who may look


def test_another_persons_voucher_is_as_unknown_as_none(client: Client, member: User) -> None:
    other = sell(factories.make_user("别人"))
    for tail in ("", "/seeds", "/state"):
        assert client.get(f"/vouchers/{other.pk}{tail}").status_code == 404
        assert client.get(f"/vouchers/{uuid4()}{tail}").status_code == 404
        assert Client().get(f"/vouchers/{other.pk}{tail}").status_code == 404


def test_rd5_a_phone_is_given_four_days_and_no_cache_keeps_them(client: Client, member: User) -> None:
    voucher = sell(member)
    answer = client.get(f"/vouchers/{voucher.pk}/seeds")
    assert "no-store" in answer["Cache-Control"]
    given = answer.json()
    today = int(timezone.now().timestamp()) // 86400
    assert [int(day) for day in given["seeds"]] == [today, today + 1, today + 2, today + 3]
    assert rules.is_typed_code(given["typed"])
    assert abs(given["now"] / 1000 - timezone.now().timestamp()) < 60


def test_the_state_turns_when_the_counter_took_it(client: Client, member: User) -> None:
    voucher = sell(member)
    assert client.get(f"/vouchers/{voucher.pk}/state").json() == {"group": "now", "uses_left": 1}
    redeem(voucher, timezone.now())
    state = client.get(f"/vouchers/{voucher.pk}/state").json()
    assert (state["group"], state["uses_left"], state["charge"]) == ("used", 0, "")
    assert "鹿里咖啡" in state["used"]


def test_the_worker_comes_from_the_root(client: Client) -> None:
    answer = client.get("/wallet-worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert b"networkFirst" in BytesIO(answer.content).read()


def test_signing_out_takes_the_codes_off_the_device(client: Client, member: User) -> None:
    assert client.post("/sign-out")["Clear-Site-Data"] == '"storage"'
