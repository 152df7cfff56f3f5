"""The shop's console: offers by form."""

from typing import Any

import pytest

from bacao.offers.models import Offer, OfferVersion
from bacao.offers.queries import get_current_version, get_terms
from bacao.web.merchant.use_hours import hours_of_ticks, ticks_of_hours
from tests.factories import make_offer_version, make_user, make_voucher
from tests.web.merchant.shop_world import (
    PACKAGE,
    World,
    make_by_form,
)

pytestmark = pytest.mark.django_db


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
        ("package", {"title_zh": ""}, "Please fill this in"),
        ("package", {"weekly_hours": "someday"}, "cannot be read"),
        ("package", {"sale_until": "2020-01-01T10:00"}, "already past"),
        ("package", {"items-0-quantity": "-1"}, "One of the things is not right"),
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
        "kind": "threshold_off", "title_zh": "满减两档", "tiers": "50-5, 100-15", "beside": "together",
        "party_min": "2", "audience_any": "student", "blackout_dates": "2027-02-14", "person_period": "week",
        "per_person": "1",
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


def post_offer(world: World, **values: Any) -> OfferVersion:
    """Put an offer on sale by its form and return its terms."""
    answer = world.browser.post("/merchant/offers/new", {"title_zh": "优惠", **values})
    assert answer.status_code == 302, answer.content.decode()
    return get_current_version(Offer.objects.latest("pk").pk)


def test_what_an_owner_ticks_becomes_terms_and_comes_back(world: World) -> None:
    """Hours, things, seats, rolling limits, budgets, categories: each as terms, and on the form that edits them."""
    values = {
        "kind": "time_slot", "percent_basis_points": "20", "cap_minor": "30", "use_days": ["Mo", "Tu", "We", "Th"],
        "use_start": "14:00", "use_end": "17:00", "not_on_holidays": "on", "per_slot": "8", "per_person": "1",
        "person_period": "rolling", "person_days": "7", "budget_minor": "5000", "budget_day_minor": "200",
        "budget_week_minor": "900", "party_min": "2", "party_max": "6", "excluded_categories": "烟酒，特价",
        "use_until": "2027-03-01T00:00", "beside": "together",
    }  # fmt: skip
    version = post_offer(world, **values)
    assert version.weekly_hours == "Mo-Th 14:00-17:00; PH off"
    assert (version.per_slot, version.per_person, version.person_period, version.person_days) == (8, 1, "rolling", 7)
    assert (version.budget_minor, version.budget_day_minor, version.budget_week_minor) == (500000, 20000, 90000)
    assert (version.party_min, version.party_max, version.excluded_categories) == (2, 6, ["烟酒", "特价"])
    assert (version.stands_alone, version.stack_tags) == (False, ["together"])
    shown = world.browser.get(f"/merchant/offers/{version.offer_id}").content.decode()
    assert "<dt>Give away a day</dt><dd>¥200</dd>" in shown
    path = f"/merchant/offers/{version.offer_id}/edit"
    page = world.browser.get(path).content.decode()
    for typed in ('value="14:00"', 'value="900"', 'value="烟酒、特价"', 'id="about-budget" open'):
        assert typed in page, typed
    world.browser.post(path, {"title_zh": "优惠", **values})
    assert get_current_version(version.offer_id).number == 1, "nothing was changed"
    preview = world.browser.post(path, {"title_zh": "优惠", **values, "cap_minor": "25", "preview": "1"})
    assert "<s>¥30</s> → <b>¥25</b>" in preview.content.decode()
    alone = {**values, "beside": "alone"}
    world.browser.post(path, {"title_zh": "优惠", **alone})
    edited = get_current_version(version.offer_id)
    assert (edited.number, edited.stands_alone, edited.stack_tags) == (2, True, [])


def test_steps_and_things_at_a_price(world: World) -> None:
    each = post_offer(world, kind="threshold_off", step_minor="100", face_minor="12", max_times="3")
    assert (each.step_minor, each.face_minor, each.max_times, each.threshold_minor) == (10000, 1200, 3, 10000)
    again = {"title_zh": "优惠", "step_minor": "100", "face_minor": "12", "max_times": "3"}
    world.browser.post(f"/merchant/offers/{each.offer_id}/edit", again)
    assert get_current_version(each.offer_id).number == 1
    things = {
        "items-TOTAL_FORMS": "1", "items-INITIAL_FORMS": "0", "items-0-zh": "手冲", "items-0-quantity": "1",
        "items-0-unit_minor": "30",
    }  # fmt: skip
    member = post_offer(world, kind="member", audience_any="student", target_minor="22", **things)
    assert (member.target_minor, member.percent_basis_points) == (2200, 0)
    assert member.items == [{"zh": "手冲", "en": "", "quantity": 1, "unit_minor": 3000}]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kind": "percent_off", "percent_basis_points": "18", "example_bill": "100"}, "for 2 on Fri 19:00 pays ¥82"),
        ({"kind": "voucher", "price_minor": "88", "face_minor": "100", "example_bill": "150"},
         "pays ¥138: ¥88 before, ¥50 there"),
        ({"kind": "threshold_off", "step_minor": "50", "face_minor": "5", "max_times": "2", "example_bill": "180"},
         "pays ¥170"),
        ({"kind": "threshold_off", "threshold_minor": "200", "face_minor": "30", "example_bill": "180"},
         "Nothing comes off this bill: The bill is ¥20 short"),
        ({"kind": "percent_off", "percent_basis_points": "10", "party_min": "3"}, "For 3 people or more"),
        ({"kind": "percent_off", "percent_basis_points": "10", "use_days": "Mo"}, "Not before Mon 00:00"),
        ({"kind": "member", "percent_basis_points": "10", "audience_any": "student", "example_bill": "100"},
         "pays ¥90"),
    ],
)  # fmt: skip
def test_an_example_is_worked_out_as_for_a_guest(world: World, values: dict[str, str], sentence: str) -> None:
    asked = {"title_zh": "优惠", "example_at": "2026-11-27T19:00", **values}
    html = world.browser.post("/merchant/offers/new", asked, headers={"HX-Request": "true"}).content.decode()
    assert sentence in html


def test_an_example_says_what_guests_will_use_instead(world: World) -> None:
    make_offer_version(world.place, kind="percent_off", title_en="Half", percent_basis_points=5000)
    asked = {"kind": "percent_off", "title_zh": "优惠", "percent_basis_points": "10", "example_bill": "100"}
    html = world.browser.post("/merchant/offers/new", asked, headers={"HX-Request": "true"}).content.decode()
    assert "Guests will use “Half” instead and pay ¥50" in html


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"use_days": "Mo", "weekly_hours": "Tu"}, "Tick the hours above, or write them here"),
        ({"budget_day_minor": "100"}, "how much one bill can take off at most"),
        ({"person_period": "rolling", "per_person": "1"}, "in how many days"),
        ({"party_min": "5", "party_max": "2"}, "cannot be below the smallest"),
    ],
)
def test_what_is_wrong_in_a_folded_part_unfolds_it(world: World, values: dict[str, str], sentence: str) -> None:
    asked = {"kind": "percent_off", "title_zh": "优惠", "percent_basis_points": "10", **values}
    answer = world.browser.post("/merchant/offers/new", asked)
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert not Offer.objects.exists()


@pytest.mark.parametrize(
    ("hours", "is_simple"),
    [
        ("Mo-Fr 14:00-17:00", True), ("Mo-Fr 11:00-14:00; PH off", True), ("18:00-02:00", True), ("Mo,We", True),
        ("Mo-Th 20:30-24:00", True), ("Mo-Fr 11:00-14:00,17:00-20:00", False), ("PH 10:00-12:00", False),
        ("00:00-24:00; PH off", True),
    ],
)  # fmt: skip
def test_hours_that_can_be_ticked_come_back_as_they_were(hours: str, is_simple: bool) -> None:
    ticks = ticks_of_hours(hours)
    assert (ticks is not None) is is_simple
    assert ticks is None or hours_of_ticks(ticks) == hours
