"""The shop's console: who is let in, and what each page costs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from bacao.offers.models import OfferVersion
from bacao.offers.queries import list_offers_of_place
from bacao.places.models import ClerkInvite, ShopRole
from bacao.redemption.models import Redemption
from bacao.reviews.models import Review
from bacao.reviews.services import write_review
from tests.factories import make_merchant, make_offer_version, make_place, make_role, make_user
from tests.web.merchant.shop_world import (
    World,
    make_world,
    redeem,
    sell_a_little,
    sign_in,
)

pytestmark = pytest.mark.django_db


OWNER_PAGES = [
    "",
    "offers",
    "offers/new",
    "statement",
    "statement.csv",
    "redemptions.csv",
    "clerks",
    "devices/policy",
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
            f"offers/{offer}", f"offers/{offer}/edit", f"offers/{offer}/counter",
            f"redemptions/{arrival.redemption_id}",
            f"offers/new?place={other.place.pk}", f"shop?place={other.place.pk}", f"redemptions?place={other.place.pk}",
            f"redemptions.csv?place={other.place.pk}",
        ],
        "post": [
            f"offers/{offer}/edit", f"offers/{offer}/counter", f"offers/{offer}/states/paused",
            f"reviews/{review.pk}/reply",
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
