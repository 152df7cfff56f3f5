"""The shop's console: people, the shop's own words, and today."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from bacao.places.models import Place, ShopRole
from bacao.places.queries import find_invite, is_clerk
from bacao.reviews.services import write_review
from bacao.web.merchant.todo import metres_nearer
from bacao.web.merchant.weeks import Week, draw_line, falls_two_weeks_running, weeks_of
from tests.factories import make_offer_version, make_user
from tests.web.merchant.shop_world import (
    PACKAGE,
    World,
    make_by_form,
    redeem,
)

pytestmark = pytest.mark.django_db


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
