"""The shop's console: who is let in, offers by form, the statement that adds up, clerks, hours, reviews."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from bacao.accounts.models import User
from bacao.ledger.queries import get_balance
from bacao.offers.models import Offer, OfferVersion
from bacao.offers.queries import get_current_version, get_terms, list_offers_of_place
from bacao.places.models import ClerkInvite, Merchant, Place, ShopRole
from bacao.places.queries import find_invite, is_clerk
from bacao.redemption.models import Arrival, Redemption
from bacao.redemption.services import RedemptionRow, load_redemptions, undo_redemption
from bacao.reviews.models import Review
from bacao.reviews.services import write_review
from bacao.web.merchant.periods import Period, month_before, month_of, read_period
from bacao.web.merchant.todo import metres_nearer
from bacao.web.merchant.weeks import Week, draw_line, falls_two_weeks_running, weeks_of
from tests.factories import make_merchant, make_offer_version, make_place, make_role, make_user, make_voucher

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """Let every page and every row of these tests happen on one Saturday."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: at)


@dataclass
class World:
    """A shop with its owner and clerk, and a browser for each."""

    merchant: Merchant
    place: Place
    owner: User
    clerk: User
    browser: Client
    clerks_browser: Client


def sign_in(user: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def make_world(name: str = "鹿里咖啡", name_en: str = "Luli Coffee") -> World:
    merchant = make_merchant(name, name_en, platform_fee_basis_points=200)
    place = make_place(merchant)
    owner, clerk = make_user("Lin"), make_user("Ah Xiu")
    make_role(owner, merchant, kind="owner")
    make_role(clerk, merchant, place=place)
    return World(merchant, place, owner, clerk, sign_in(owner), sign_in(clerk))


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def redeem(version: OfferVersion, user: User, clerk: User | None = None, **row: Any) -> Arrival | None:
    """Sell and redeem one unit; return the visit, None where it is the same visit as before."""
    row = {"redeemed_at": timezone.now() - timedelta(minutes=5), **row}
    voucher = make_voucher(version, user, at=row["redeemed_at"] - timedelta(hours=1))
    rows = [RedemptionRow(voucher_id=voucher.pk, clerk_id=clerk.pk if clerk else None, **row)]
    return next(iter(load_redemptions(rows=rows, at=timezone.now())), None)


# who is let in

OWNER_PAGES = [
    "",
    "offers",
    "offers/new",
    "statement",
    "statement.csv",
    "redemptions.csv",
    "clerks",
    "shop",
    "reviews",
    "week",
]


def test_nobody_is_asked_to_sign_in_first(client: Client) -> None:
    answer = client.get("/merchant/statement?from=2026-11-01&to=2026-11-02")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in?next=/merchant/statement%3Ffrom")


@pytest.mark.parametrize("page", [*OWNER_PAGES, "redemptions"])
def test_a_resident_is_told_that_no_shop_is_theirs(world: World, page: str) -> None:
    answer = sign_in(make_user()).get(f"/merchant/{page}")
    assert answer.status_code == 403
    assert "No shop is yours yet" in answer.content.decode()
    assert "Luli" not in answer.content.decode()


@pytest.mark.parametrize("page", OWNER_PAGES)
def test_a_clerk_sees_none_of_the_owners_pages(world: World, page: str) -> None:
    answer = world.clerks_browser.get(f"/merchant/{page}")
    assert answer.status_code == 403
    assert "You are a clerk" in answer.content.decode()


def test_a_clerk_sees_redemptions_of_their_place_without_what_the_shop_earns(world: World) -> None:
    other_place = make_place(world.merchant)
    redeem(make_offer_version(world.place, title_en="Tea here"), make_user(), world.clerk)
    redeem(make_offer_version(other_place, title_en="Tea there"), make_user())
    html = world.clerks_browser.get("/merchant/redemptions").content.decode()
    assert "Tea here" in html
    assert "Tea there" not in html
    assert "you get" not in html
    assert (
        world.clerks_browser.get(f"/merchant/redemptions?place={other_place.pk}").content.decode().count("Tea there")
        == 0
    )


def their_things(other: World) -> dict[str, Any]:
    """Fill another shop with one of everything that has an address."""
    version = make_offer_version(other.place, title_zh="秘密", title_en="Secret tea")
    arrival = redeem(version, make_user(), other.clerk)
    assert arrival is not None
    review = write_review(arrival=arrival, user=arrival.user, stars=5, body="secret words", at=timezone.now())
    invite = ClerkInvite.objects.create(
        merchant=other.merchant, place=other.place, secret_hash="0" * 64, created_by=other.owner,
        created_at=timezone.now(), expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    role = ShopRole.objects.get(user=other.clerk)
    offer = version.offer_id
    return {
        "get": [
            f"offers/{offer}", f"offers/{offer}/edit", f"redemptions/{arrival.redemption_id}",
            f"offers/new?place={other.place.pk}", f"shop?place={other.place.pk}", f"redemptions?place={other.place.pk}",
            f"redemptions.csv?place={other.place.pk}",
        ],
        "post": [
            f"offers/{offer}/edit", f"offers/{offer}/states/paused", f"reviews/{review.pk}/reply",
            f"clerks/{role.pk}/removal", f"clerks/{role.pk}/return", f"clerks/invitations/{invite.pk}/withdrawal",
        ],
    }  # fmt: skip


def test_what_is_anothers_is_not_there(world: World) -> None:
    other = make_world("别家", "Elsewhere")
    things = their_things(other)
    for path in things["get"]:
        answer = world.browser.get(f"/merchant/{path}")
        assert answer.status_code == 404, path
        assert "Secret" not in answer.content.decode()
    values = {
        "kind": "package",
        "title_zh": "改了",
        "price_minor": "1",
        "list_minor": "2",
        "body": "hello",
        "place": "",
    }
    for path in things["post"]:
        assert world.browser.post(f"/merchant/{path}", values).status_code == 404, path
    for path, extra in (("offers/new", {}), ("shop", {"name_zh": "x"}), ("clerks/invitations", {})):
        assert world.browser.post(f"/merchant/{path}", {**values, **extra, "place": other.place.pk}).status_code == 404
    assert world.browser.post("/merchant/choice", {"merchant": other.merchant.pk}).status_code == 404
    version = OfferVersion.objects.get(offer__place=other.place)
    assert (version.title_zh, version.offer.state) == ("秘密", "live")
    assert Review.objects.get().reply == ""
    assert ShopRole.objects.get(user=other.clerk).ended_at is None
    assert ClerkInvite.objects.get().withdrawn_at is None
    for path in ("", "offers", "redemptions?days=30", "statement", "reviews", "clerks"):
        assert "ecret" not in world.browser.get(f"/merchant/{path}").content.decode()


def test_an_owner_of_two_merchants_turns_from_one_to_the_other(world: World) -> None:
    second = make_merchant("另一家", "Second Cup")
    make_role(world.owner, second, kind="owner")
    offer = make_offer_version(make_place(second), title_en="Second tea").offer_id
    assert "Second tea" not in world.browser.get("/merchant/offers").content.decode()
    world.browser.post("/merchant/choice", {"merchant": second.pk})
    assert "Second tea" in world.browser.get("/merchant/offers").content.decode()
    world.browser.post("/merchant/choice", {"merchant": world.merchant.pk})
    assert world.browser.get(f"/merchant/offers/{offer}").status_code == 200  # an address leads there as well


# offers

PACKAGE = {
    "kind": "package", "title_zh": "双人下午茶", "title_en": "Tea for two", "price_minor": "68", "party_size": "2",
    "cost_minor": "25", "stock": "50", "per_person": "2", "valid_days": "60", "items-TOTAL_FORMS": "3",
    "items-INITIAL_FORMS": "0", "items-0-zh": "手冲", "items-0-en": "Pour-over", "items-0-quantity": "2",
    "items-0-unit_minor": "30", "items-1-zh": "可颂", "items-1-quantity": "1", "items-1-unit_minor": "26",
    "items-2-zh": "", "items-2-quantity": "1",
}  # fmt: skip
KINDS: dict[str, tuple[dict[str, str], str]] = {
    "package": (PACKAGE, "¥68"),
    "voucher": ({"kind": "voucher", "title_zh": "百元券", "price_minor": "88", "face_minor": "100"}, "¥88"),
    "percent_off": ({"kind": "percent_off", "title_zh": "八五折", "percent_basis_points": "15"}, "¥34"),
    "threshold_off": (
        {"kind": "threshold_off", "title_zh": "满减", "threshold_minor": "100", "face_minor": "20"}, "¥80",
    ),
    "card": ({"kind": "card", "title_zh": "十杯", "uses": "10", "price_minor": "198", "list_minor": "300"}, "¥198"),
    "member": (
        {"kind": "member", "title_zh": "学生 9 折", "percent_basis_points": "10", "audience_any": "student"}, "¥36",
    ),
    "time_slot": (
        {"kind": "time_slot", "title_zh": "下午茶", "percent_basis_points": "20", "weekly_hours": "Mo-Fr 14:00-17:00"},
        "¥32",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_made_by_its_form_and_priced_in_its_preview(world: World, kind: str) -> None:
    values, shown = KINDS[kind]
    assert world.browser.get(f"/merchant/offers/new?kind={kind}").status_code == 200
    preview = world.browser.post("/merchant/offers/new", {**values, "preview": "1"}).content.decode()
    assert shown in preview
    assert "offer-form" in preview  # without JavaScript the whole page comes back, with what was typed
    assert not Offer.objects.exists()
    answer = world.browser.post("/merchant/offers/new", values)
    offer = Offer.objects.get()
    assert answer["Location"] == f"/merchant/offers/{offer.pk}"
    assert (offer.kind, offer.state, offer.created_by) == (kind, "live", world.owner)
    assert shown in world.browser.get(answer["Location"]).content.decode()
    assert shown in world.browser.get("/merchant/offers").content.decode()


def test_live_preview_shows_the_card_the_sum_and_the_margin(world: World) -> None:
    html = world.browser.post("/merchant/offers/new", PACKAGE, headers={"HX-Request": "true"}).content.decode()
    for part in ("offer-card", "Tea for two", "¥86.00", "-¥18.00", "¥68.00", "-¥1.36", "¥66.64", "¥41.64", "61 %"):
        assert part in html, part
    assert "<form" not in html
    assert not Offer.objects.exists()


def test_a_draft_is_kept_off_sale_and_put_on_sale_later(world: World) -> None:
    world.browser.post("/merchant/offers/new", {**PACKAGE, "draft": "1"})
    offer = Offer.objects.get()
    assert offer.state == "draft"
    world.browser.post(f"/merchant/offers/{offer.pk}/states/live")
    offer.refresh_from_db()
    assert offer.state == "live"


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("package", {"price_minor": "87"}, "above the list price of ¥86"),
        ("package", {"title_zh": ""}, "This field is required"),
        ("package", {"weekly_hours": "someday"}, "cannot be read"),
        ("package", {"sale_until": "2020-01-01T10:00"}, "already past"),
        ("package", {"items-0-quantity": "-1"}, "One line of the package"),
        ("voucher", {"face_minor": "80"}, "worth more than its price, ¥88"),
        ("percent_off", {"percent_basis_points": "100"}, "1 % to 99 %"),
        ("threshold_off", {"threshold_minor": "19"}, "cannot be below the ¥20"),
        ("card", {"uses": "1"}, "2 to 100 uses"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(world: World, kind: str, change: dict[str, str], sentence: str) -> None:
    answer = world.browser.post("/merchant/offers/new", {**KINDS[kind][0], **change})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert sentence in html
    assert KINDS[kind][0]["title_zh"] in html or "title_zh" in change  # what was typed is kept
    assert not Offer.objects.exists()


def make_by_form(world: World, values: dict[str, str] = PACKAGE) -> Offer:
    world.browser.post("/merchant/offers/new", values)
    return Offer.objects.get()


def test_an_edit_is_a_new_version_and_the_page_says_what_changed(world: World) -> None:
    offer = make_by_form(world)
    page = world.browser.get(f"/merchant/offers/{offer.pk}/edit").content.decode()
    assert 'value="68"' in page
    assert "手冲" in page
    world.browser.post(f"/merchant/offers/{offer.pk}/edit", {**PACKAGE, "price_minor": "60"})
    assert get_current_version(offer.pk).number == 2
    html = world.browser.get(f"/merchant/offers/{offer.pk}").content.decode()
    assert "<s>¥68</s> → <b>¥60</b>" in html


def test_tiers_days_and_whom_it_is_for_come_back_as_they_were_typed(world: World) -> None:
    """PR22: what may stand together is seen as a grid before it is on sale."""
    make_offer_version(world.place, title_zh="券", stack_tags=["together"], stack_accepts=["together"])
    values = {
        "kind": "threshold_off", "title_zh": "满减两档", "tiers": "50-5, 100-15", "together": "on", "party_min": "2",
        "audience_any": "student", "blackout_dates": "2027-02-14", "person_period": "week", "per_person": "1",
    }  # fmt: skip
    preview = world.browser.post("/merchant/offers/new", {**values, "preview": "1"}).content.decode()
    assert preview.count("grid-pairs__yes") == 2
    world.browser.post("/merchant/offers/new", values)
    offer = Offer.objects.get(kind="threshold_off")
    version = get_current_version(offer.pk)
    assert (version.tiers, version.threshold_minor) == ([[5000, 500], [10000, 1500]], 5000)
    assert (version.stack_tags, version.group, version.audience_any) == (["together"], "discount", [["student"]])
    page = world.browser.get(f"/merchant/offers/{offer.pk}/edit").content.decode()
    for typed in ('value="50-5, 100-15"', 'value="2027-02-14"'):
        assert typed in page
    world.browser.post(f"/merchant/offers/{offer.pk}/edit", values)
    assert get_current_version(offer.pk).number == 1
    wrong = world.browser.post("/merchant/offers/new", {**values, "tiers": "100-5, 50-15"})
    assert wrong.status_code == 422


def test_an_edit_that_changes_nothing_makes_no_version(world: World) -> None:
    offer = make_by_form(world)
    world.browser.post(f"/merchant/offers/{offer.pk}/edit", PACKAGE)
    assert get_current_version(offer.pk).number == 1


def test_an_edit_keeps_what_the_form_does_not_ask_for(world: World) -> None:
    version = make_offer_version(world.place, per_order=2, stack_tags=["lunch"], stack_accepts=["member"])
    values = {**PACKAGE, "price_minor": "30"}
    world.browser.post(f"/merchant/offers/{version.offer_id}/edit", values)
    edited = get_current_version(version.offer_id)
    assert edited.number == 2
    assert (edited.per_order, edited.stack_tags, edited.stack_accepts) == (2, ["lunch"], ["member"])


def test_stock_below_what_is_sold_is_refused_at_its_field(world: World) -> None:
    offer = make_by_form(world)
    for _ in range(3):
        make_voucher(get_current_version(offer.pk), make_user())
    answer = world.browser.post(f"/merchant/offers/{offer.pk}/edit", {**PACKAGE, "stock": "2"})
    assert answer.status_code == 422
    assert "3 are sold already" in answer.content.decode()


def test_a_shared_discount_is_agreed_again_when_its_price_changes(world: World) -> None:
    version = make_offer_version(world.place, funders=[("platform", 3000), ("merchant", 7000)])
    values = {
        "kind": "package", "title_zh": "新名字", "price_minor": "38", "list_minor": "50", "items-TOTAL_FORMS": "0",
        "items-INITIAL_FORMS": "0", "party_size": "1", "valid_days": "90",
    }  # fmt: skip
    path = f"/merchant/offers/{version.offer_id}/edit"
    world.browser.post(path, values)
    assert get_terms(get_current_version(version.offer_id)).funders == (("platform", 3000), ("merchant", 7000))
    world.browser.post(path, {**values, "price_minor": "20"})
    assert get_terms(get_current_version(version.offer_id)).funders == (("merchant", 10000),)


def test_one_tap_pauses_and_the_toast_takes_it_back(world: World) -> None:
    offer = make_by_form(world)
    html = world.browser.post(f"/merchant/offers/{offer.pk}/states/paused", follow=True).content.decode()
    undo = f"/merchant/offers/{offer.pk}/states/live"
    assert f'action="{undo}"' in html
    offer.refresh_from_db()
    assert offer.state == "paused"
    world.browser.post(undo)
    offer.refresh_from_db()
    assert offer.state == "live"
    world.browser.post(f"/merchant/offers/{offer.pk}/states/ended")
    html = world.browser.post(f"/merchant/offers/{offer.pk}/states/live", follow=True).content.decode()
    assert "has ended. Make a new one." in html
    assert world.browser.post(f"/merchant/offers/{offer.pk}/states/sunk").status_code == 404


# money


def month_query() -> str:
    today = timezone.localdate()
    return f"from={today.replace(day=1)}&to={today}"


def sell_a_little(world: World) -> None:
    """Two packages (one taken back), one voucher the platform helps with, one card use, one discount at the counter."""
    guest = make_user("=HYPERLINK()")
    package = make_offer_version(world.place, title_en="Tea", price_minor=6800, list_minor=8600)
    redeem(package, guest, world.clerk)
    arrival = redeem(package, make_user(), world.clerk)
    assert arrival is not None
    assert arrival.redemption is not None
    voucher = make_offer_version(
        world.place, kind="voucher", title_en="Note", funders=[("platform", 3333), ("merchant", 6667)]
    )
    redeem(voucher, make_user(), world.clerk, bill_minor=12345)
    redeem(make_offer_version(world.place, kind="card", title_en="=Card", uses=3), make_user(), uses=2)
    redeem(make_offer_version(world.place, kind="percent_off", title_en="Off"), make_user(), bill_minor=10000)
    undo_redemption(
        merchant_id=world.merchant.pk, clerk=world.clerk, redemption_key=arrival.redemption.key, key=uuid4(),
        at=timezone.now(),
    )  # fmt: skip


def read_file(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_st6_every_sum_of_the_statement_can_be_computed_from_its_file_alone(world: World) -> None:
    sell_a_little(world)
    rows = read_file(world.browser.get(f"/merchant/statement.csv?{month_query()}"))
    opening, *lines, closing = rows
    assert (opening["row"], closing["row"], len(lines)) == ("opening", "closing", 5)
    balance = Decimal(opening["balance"])
    for line in lines:
        parts = [Decimal(line[name]) for name in ("guest_paid", "platform_share", "partner_share", "other")]
        assert sum(parts) - Decimal(line["platform_fee"]) == Decimal(line["amount"])
        balance += Decimal(line["amount"])
        assert balance == Decimal(line["balance"])
        assert line["order"].startswith("BCT")
        assert line["transaction"]
    assert balance == Decimal(closing["balance"])
    owed = get_balance(f"liab.payable.merchant.{world.merchant.pk}").balance_minor
    assert balance * 100 == owed


def test_st1_opening_plus_lines_is_closing_in_every_period(world: World) -> None:
    """Cut the history at arbitrary days: each part's closing is the next part's opening."""
    now = timezone.now()
    version = make_offer_version(world.place, at=now - timedelta(days=40))
    for days in (1, 2, 5, 9, 20, 33):
        redeem(version, make_user(), redeemed_at=now - timedelta(days=days))
    today = timezone.localdate()
    edges = [today - timedelta(days=days) for days in (40, 21, 8, 2)]
    parts = [
        (first, last - timedelta(days=1))
        for first, last in zip(edges, [*edges[1:], today + timedelta(days=1)], strict=True)
    ]
    carried, lines = Decimal(0), 0
    for first, last in parts:
        rows = read_file(world.browser.get(f"/merchant/statement.csv?from={first}&to={last}"))
        assert Decimal(rows[0]["balance"]) == carried
        carried = Decimal(rows[-1]["balance"])
        lines += len(rows) - 2
    assert lines == 6
    assert carried * 100 == get_balance(f"liab.payable.merchant.{world.merchant.pk}").balance_minor


def test_statement_page_says_who_paid_the_discounts(world: World) -> None:
    sell_a_little(world)
    answer = world.browser.get(f"/merchant/statement?{month_query()}")
    statement, totals = answer.context["statement"], answer.context["totals"]
    assert statement.adds_up
    assert statement.opening_minor + totals["amount"] == statement.closing_minor
    # 18 off the tea that stayed, 12 off the voucher (4 by the platform), 10 off two of three card uses
    assert (totals["platform"], totals["given"]) == (400, 1800 + 800 + 3333)
    assert totals["discount"] == totals["platform"] + totals["given"]
    assert (statement.at_counter_count, statement.at_counter_minor) == (1, 1500)
    html = answer.content.decode()
    assert "checked against the books" in html
    assert "Redemption taken back" in html
    offer = OfferVersion.objects.get(title_en="Tea").offer_id
    assert f'href="/merchant/offers/{offer}"' in html
    assert f'href="/merchant/redemptions/{Redemption.objects.earliest("pk").pk}"' in html


def test_m04_the_merchant_example(world: World) -> None:
    """Discount ¥412, of which the platform pays ¥160: the shop pays ¥252."""
    version = make_offer_version(
        world.place, price_minor=58800, list_minor=100000, funders=[("platform", 3883), ("merchant", 6117)]
    )
    redeem(version, make_user())
    totals = world.browser.get(f"/merchant/statement?{month_query()}").context["totals"]
    assert (totals["discount"], totals["platform"], totals["given"]) == (41200, 15998, 25202)


def test_redemptions_by_period_with_their_file(world: World) -> None:
    sell_a_little(world)
    redeem(
        make_offer_version(world.place, title_en="Old tea"), make_user(), redeemed_at=timezone.now() - timedelta(days=6)
    )
    redeem(
        make_offer_version(world.place, title_en="Older"), make_user(), redeemed_at=timezone.now() - timedelta(days=20)
    )
    today = world.browser.get("/merchant/redemptions").content.decode()
    week = world.browser.get("/merchant/redemptions?days=7").content.decode()
    month = world.browser.get("/merchant/redemptions?days=30").content.decode()
    assert [("Old tea" in html, "Older" in html) for html in (today, week, month)] == [
        (False, False), (True, False), (True, True),
    ]  # fmt: skip
    assert "taken back" in week
    rows = read_file(world.browser.get("/merchant/redemptions.csv?days=30"))
    assert len(rows) == 8  # a card use each has a line
    assert {row["clerk"] for row in rows} == {"Ah Xiu", ""}
    assert sum(bool(row["undone_at"]) for row in rows) == 1
    cards = [row for row in rows if row["offer"] == "手冲加可颂" and row["you_get"] == ""]
    assert cards, "a second use of one press carries no second amount"


def test_no_spreadsheet_runs_what_somebody_is_called(world: World) -> None:
    clerk = make_user("=1+1")
    redeem(make_offer_version(world.place, title_zh="@SUM(1)"), make_user(), clerk)
    row = read_file(world.browser.get("/merchant/redemptions.csv"))[0]
    assert (row["clerk"], row["offer"]) == ("'=1+1", "'@SUM(1)")


def test_one_redemption_shows_every_leg(world: World) -> None:
    version = make_offer_version(
        world.place, price_minor=6800, list_minor=8600, funders=[("platform", 5000), ("merchant", 5000)]
    )
    arrival = redeem(version, make_user(), world.clerk)
    assert arrival is not None
    html = world.browser.get(f"/merchant/redemptions/{arrival.redemption_id}").content.decode()
    for part in ("¥18.00", "¥68.00", "+¥9.00", "-¥1.54", "¥75.46", "Ah Xiu"):
        assert part in html, part


def test_periods_are_whole_days_and_never_endless() -> None:
    today = date(2026, 3, 15)
    assert month_of(today) == Period(date(2026, 3, 1), date(2026, 3, 31))
    assert month_before(today) == Period(date(2026, 2, 1), date(2026, 2, 28))
    assert read_period("2026-02-30", "2026-03-01", default=month_of(today)) == month_of(today)
    assert read_period("2026-03-09", "2026-03-01", default=month_of(today)) == Period(
        date(2026, 3, 1), date(2026, 3, 9)
    )
    assert read_period("2020-01-01", "2026-01-01", default=month_of(today)).first == date(2025, 1, 1)
    assert (month_of(today).until - month_of(today).since) == timedelta(days=31)


# people


def test_a_clerk_joins_by_link_and_is_removed_and_returned(world: World) -> None:
    answer = world.browser.post("/merchant/clerks/invitations", {"place": world.place.pk})
    link = answer.context["link"]
    assert "<svg" in answer.content.decode()
    invite = find_invite(link.rsplit("/", 1)[1])
    assert invite is not None
    assert invite.place == world.place
    assert link.startswith("http://testserver/join/")
    world.browser.post(f"/merchant/clerks/invitations/{invite.pk}/withdrawal")
    invite.refresh_from_db()
    assert invite.withdrawn_at is not None

    role = ShopRole.objects.get(user=world.clerk)
    html = world.browser.post(f"/merchant/clerks/{role.pk}/removal", follow=True).content.decode()
    assert not is_clerk(world.clerk, world.merchant.pk)
    assert f'action="/merchant/clerks/{role.pk}/return"' in html
    world.browser.post(f"/merchant/clerks/{role.pk}/return")
    assert is_clerk(world.clerk, world.merchant.pk)


def test_the_only_owner_stays(world: World) -> None:
    role = ShopRole.objects.get(user=world.owner)
    html = world.browser.post(f"/merchant/clerks/{role.pk}/removal", follow=True).content.decode()
    assert "only owner" in html
    role.refresh_from_db()
    assert role.ended_at is None


def test_an_answer_to_a_review_stands_under_it_once(world: World) -> None:
    arrival = redeem(make_offer_version(world.place), make_user())
    assert arrival is not None
    review = write_review(arrival=arrival, user=arrival.user, stars=4, body="很好", at=timezone.now())
    assert "很好" in world.browser.get("/merchant/").content.decode()
    path = f"/merchant/reviews/{review.pk}/reply"
    wrong = world.browser.post(path, {"body": " "})
    assert (wrong.status_code, "1 to 500" in wrong.content.decode()) == (422, True)
    back = world.browser.post(path, {"body": "谢谢"}, headers={"referer": "http://testserver/merchant/"})
    assert back["Location"] == "http://testserver/merchant/"
    review.refresh_from_db()
    assert review.reply == "谢谢"
    again = world.browser.post(path, {"body": "再说一句"})
    assert "has its reply already" in again.content.decode()
    abroad = world.browser.post(path, {"body": "x"}, headers={"referer": "https://elsewhere.example/"})
    assert "elsewhere" not in abroad.get("Location", "")


# the shop's own words


def shop_values(**change: str) -> dict[str, str]:
    return {"name_zh": "鹿里", "name_en": "Luli", "about_zh": "一张桌子", "about_en": "", "phone": "0571-1234",
            "usual_minor": "42.5", "hours": "Tu-Su 18:00-02:00; Mo off", **change}  # fmt: skip


def test_words_and_hours_are_kept(world: World) -> None:
    answer = world.browser.post("/merchant/shop", shop_values())
    assert answer.status_code == 302
    place = Place.objects.select_related("hours").get(pk=world.place.pk)
    assert (place.name_zh, place.phone, place.usual_minor) == ("鹿里", "0571-1234", 4250)
    assert place.hours is not None
    assert place.hours.expression == "Tu-Su 18:00-02:00; Mo off"
    assert 'value="42.5"' in world.browser.get("/merchant/shop").content.decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"hours": "Mo-Xx nonsense"}, "cannot be read"),
        ({"name_zh": "", "name_en": ""}, "needs a name"),
        ({"usual_minor": "many"}, "Enter a number"),
    ],
)
def test_wrong_words_change_nothing(world: World, change: dict[str, str], sentence: str) -> None:
    answer = world.browser.post("/merchant/shop", shop_values(**change))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    world.place.refresh_from_db()
    assert world.place.name_zh == "鹿里咖啡"


def test_the_week_follows_what_is_typed(world: World) -> None:
    html = world.browser.get("/merchant/week", {"hours": "Mo-Su 10:00-24:00"}).content.decode()
    assert html.count("10:00–24:00") == 7
    assert "cannot be read yet" in world.browser.get("/merchant/week", {"hours": "Mo-"}).content.decode()


# today


def test_today_counts_and_says_who_came(world: World) -> None:
    now = timezone.now()
    version = make_offer_version(world.place, title_en="Tea", at=now - timedelta(days=60))
    regular, new = make_user("Regular"), make_user("Newcomer")
    for days in (50, 20, 10):
        redeem(version, regular, redeemed_at=now - timedelta(days=days))
    redeem(version, new, redeemed_at=now - timedelta(seconds=1))
    context = world.browser.get("/merchant/").context
    assert context["today_count"] == 1
    assert (context["new_count"], context["returning_count"]) == (1, 2)
    assert [visit.is_first for visit in context["latest"]] == [True, False, False, True]
    assert sum(week.arrivals for week in context["weeks"]) == 4
    assert context["owed_minor"] == 4 * (3800 - 76)


def test_a_new_shop_is_told_what_to_do_first_and_what_it_brings(world: World) -> None:
    html = world.browser.get("/merchant/").content.decode()
    assert "Nobody has come yet" in html
    assert "The line begins with the first guest" in html
    assert "Put an offer of Luli Coffee on sale" in html
    assert "Give the hours of Luli Coffee" in html
    make_by_form(world)
    assert "Put an offer of" not in world.browser.get("/merchant/").content.decode()


def test_stock_nearly_gone_is_said(world: World) -> None:
    make_by_form(world, {**PACKAGE, "stock": "2"})
    assert "Only 2 of Tea for two left" in world.browser.get("/merchant/").content.decode()


def test_weeks_end_today_and_draw_a_line_that_never_overshoots() -> None:
    today = date(2026, 11, 22)

    def noon(days_ago: int) -> datetime:
        return datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("Asia/Shanghai")) - timedelta(days=days_ago)

    weeks = weeks_of([(noon(0), True), (noon(6), False), (noon(7), True), (noon(55), False), (noon(56), True)], today)
    assert [week.arrivals for week in weeks] == [1, 0, 0, 0, 0, 0, 1, 2]
    assert [week.first_visits for week in weeks] == [0, 0, 0, 0, 0, 0, 1, 1]
    assert (weeks[-1].first, weeks[-1].last) == (date(2026, 11, 16), today)
    line = draw_line(weeks)
    assert [point.y for point in line.points][-1] == min(point.y for point in line.points)
    assert all(34 <= point.y <= line.ground for point in line.points)


def test_m01_two_falls_running_are_an_alarm() -> None:
    def weeks(*arrivals: int) -> list[Week]:
        return [Week(date(2026, 11, 1), number, 0) for number in arrivals]

    assert falls_two_weeks_running(weeks(9, 9, 8, 7))
    assert not falls_two_weeks_running(weeks(9, 9, 9, 7))
    assert not falls_two_weeks_running(weeks(9, 7, 8, 7))


def test_metres_nearer_inverts_the_rankings_distance_term() -> None:
    from bacao.discovery.rules.score import distance_points

    metres = metres_nearer(130)
    assert abs(distance_points(500 - metres) - distance_points(500) - 130) <= 15


# what a page costs


@pytest.mark.parametrize(
    ("path", "statements"),
    [
        ("", 11), ("offers", 5), ("offers/{offer}", 7), ("offers/{offer}/edit", 5), ("redemptions?days=30", 6),
        ("redemptions/{redemption}", 4), ("statement", 10), ("clerks", 5), ("shop", 4), ("reviews", 4),
    ],
)  # fmt: skip
def test_pages_cost_so_many_statements_whatever_was_sold(
    world: World, path: str, statements: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    sell_a_little(world)
    offer = list_offers_of_place(world.place.pk)[-1].offer_id
    path = path.format(offer=offer, redemption=Redemption.objects.earliest("pk").pk)
    ask: Callable[[], Any] = lambda: world.browser.get(f"/merchant/{path}")  # noqa: E731  # one line, used twice
    ask()
    with django_assert_max_num_queries(statements):
        assert ask().status_code == 200
