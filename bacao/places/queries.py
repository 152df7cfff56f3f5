"""Reads of places and their hours, of the city's parts, and of who works where."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from secrets import randbits
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from bacao.kit.bulk import Texts, copy_rows, copy_texts
from bacao.kit.calendar import DayKind, day_kind, is_confirmed
from bacao.kit.hours import Span, hours_by_day
from bacao.kit.queries import get_calendar_overlay
from bacao.places.models import (
    Category,
    ClerkInvite,
    District,
    ImportRun,
    MapFeature,
    Merchant,
    OpeningSpan,
    Place,
    ShopRole,
    Street,
)
from bacao.places.rules import SOURCES, Source, invite_hash

if TYPE_CHECKING:
    import numpy as np

    from bacao.accounts.models import User


def _places() -> "QuerySet[Place]":
    return Place.objects.select_related("category__parent", "district", "street", "merchant", "hours")


def get_place(place_id: int) -> Place:
    """Return a place with its category, district, street, merchant and hours, closed ones too."""
    return _places().get(pk=place_id)


def find_place(place_id: int) -> Place | None:
    """Return a place, or None where there is none of that number."""
    return _places().filter(pk=place_id).first()


def list_places_by_id(ids: Iterable[int]) -> dict[int, Place]:
    """Return places by id, closed ones too. One statement."""
    return {place.pk: place for place in _places().filter(pk__in=list(ids))}


def _within(category: str) -> Q:
    return Q(category=category) | Q(category__parent=category)


def list_places_in_cells(cells: Collection[int], category: str | None = None) -> list[Place]:
    """Return the open places of grid cells (`kit.geo.cells_around`); `category` = code of a leaf or a branch."""
    places = _places().filter(cell__in=cells, state=Place.State.OPEN)
    return list(places.filter(_within(category)) if category else places)


class Spot(NamedTuple):
    """The little of a place that ranking many of them needs."""

    place_id: int
    latitude: float
    longitude: float
    category: str
    hours_id: int | None
    usual_minor: int | None


def list_spots_in_cells(cells: Collection[int], category: str | None = None) -> list[Spot]:
    """Return the open places of grid cells as `list_places_in_cells` does, without all that a page shows of them."""
    places = Place.objects.filter(cell__in=cells, state=Place.State.OPEN).order_by()
    places = places.filter(_within(category)) if category else places
    return [Spot(*row) for row in places.values_list("pk", "latitude", "longitude", "category", "hours", "usual_minor")]


def list_open_places(category: str | None = None) -> "QuerySet[Place]":
    """Return every open place by id, to be walked through once."""
    places = _places().filter(state=Place.State.OPEN).order_by("pk")
    return places.filter(_within(category)) if category else places


def list_places_of_merchant(merchant_id: int) -> list[Place]:
    """Return a merchant's places, open ones first."""
    return list(_places().filter(merchant=merchant_id).order_by("-state", "pk"))


class OpenPlaces(NamedTuple):
    """Open places as numbers, and the lists of tags that one of their columns numbers, each once."""

    rows: "np.ndarray"
    tags: list[list[str]]


def copy_open_places(*, categories: Sequence[str], place_ids: Collection[int] | None = None) -> OpenPlaces:
    """Return the open places, of some ids or all: position, usual amount a head (0 = not known), hours (0 = none).

    `category` = place in `categories` (-1 = none of them), `tags` = place in the lists of tags: they are told apart by
    a 64-bit hash, of a new seed each time, and read of one place each.
    """
    import numpy as np

    columns = {
        "shop_id": ("i8", "place.id"),
        "latitude": ("f8", "place.latitude"),
        "longitude": ("f8", "place.longitude"),
        "category": ("i4", "coalesce(category.number, 0) - 1"),
        "tags": ("i8", "hashtextextended(place.tags::text, %(seed)s)"),
        "selected": ("i4", "(place.selected_at IS NOT NULL)::int4"),
        "hours": ("i8", "coalesce(place.hours_id, 0)"),
        "usual_minor": ("i4", "coalesce(place.usual_minor, 0)"),
    }
    some = "" if place_ids is None else "AND place.id = ANY(%(ids)s::int8[])"
    values = {"categories": list(categories), "ids": list(place_ids or ()), "seed": randbits(62)}
    numbered = "unnest(%(categories)s::text[]) WITH ORDINALITY AS category (code, number)"
    source = f"""places_place AS place LEFT JOIN {numbered} ON category.code = place.category_id
        WHERE place.state = 'open' {some}"""
    rows = copy_rows(columns, source, values)
    _, first, rows["tags"] = np.unique(rows["tags"], return_index=True, return_inverse=True)
    ids = rows["shop_id"][first].tolist()
    tags = dict(Place.objects.filter(pk__in=ids).values_list("pk", "tags"))
    return OpenPlaces(rows, [tags[place_id] for place_id in ids])


def _names(table: str) -> str:
    """Return SQL that writes both names of a row as JSON, one standing in for the other where that is empty."""
    zh, en = f"{table}.name_zh", f"{table}.name_en"
    both = [f"to_json(coalesce(nullif({first}, ''), {second}))" for first, second in ((zh, en), (en, zh))]
    return f"""'{{"zh":' || {both[0]} || ',"en":' || {both[1]} || '}}'"""


def _shared(table: str, column: str, said: str) -> str:
    """Return a join of a table that many places share, whose text is written once and not for every place."""
    once = f"(SELECT code, {said} AS said FROM {table} OFFSET 0)"  # noqa: S608  # made of constants
    return f"LEFT JOIN {once} AS {column} ON {column}.code = place.{column}_id"


_CATEGORY_TEXT = f"""concat('{{"code":', to_json(code), ',"name":', {_names("places_category")}, '}}')"""
_PLACE_TEXT = f"""concat(
    '"id":', place.id, ',"name":', {_names("place")}, ',"category":', category.said,
    ',"district":', coalesce(district.said, 'null'), ',"street":', coalesce(street.said, 'null'),
    ',"latitude":', round(place.latitude * 1e6) / 1e6, ',"longitude":', round(place.longitude * 1e6) / 1e6,
    ',"tags":', replace(to_json(place.tags)::text, chr(10), ''),
    ',"cover":{{"tint":', coalesce(place.cover->'tint', 'null'), ',"emoji":', coalesce(place.cover->'emoji', '[]'), '}}'
)"""
_PLACE_JOINED = " ".join(
    [
        "places_place AS place",
        _shared("places_category", "category", _CATEGORY_TEXT),
        _shared("places_district", "district", _names("places_district")),
        _shared("places_street", "street", _names("places_street")),
    ]
)


def copy_place_texts(place_ids: Collection[int] | None = None) -> Texts:
    """Return what is said of open places whoever looks and whenever, by place: the inside of a JSON object."""
    some = "" if place_ids is None else "AND place.id = ANY(%(ids)s::int8[])"
    source = f"{_PLACE_JOINED} WHERE place.state = 'open' {some}"
    return copy_texts("place.id", _PLACE_TEXT, source, {"ids": list(place_ids or ())})


def list_opening_spans(pattern_ids: Collection[int] | None = None) -> dict[int, list[Span]]:
    """Return the spans of opening patterns, of some or all, by pattern."""
    spans = OpeningSpan.objects.order_by("span")
    spans = spans if pattern_ids is None else spans.filter(pattern__in=pattern_ids)
    found: dict[int, list[Span]] = {}
    for pattern, start, end in spans.values_list("pattern", "span__startswith", "span__endswith"):
        found.setdefault(pattern, []).append((start, end))
    return found


def get_spans_stamp() -> int:
    """Return a number that changes whenever opening hours are worked out again."""
    return OpeningSpan.objects.aggregate(latest=Max("pk"))["latest"] or 0


def count_places(*, state: str = Place.State.OPEN) -> int:
    """Return how many places there are in a state."""
    return Place.objects.filter(state=state).count()


# Hours


def open_pattern_ids(at: datetime) -> dict[int, datetime]:
    """Return the opening patterns that are open at an instant, with the instant until which they are (DS4)."""
    return dict(OpeningSpan.objects.filter(span__contains=at).values_list("pattern", "span__endswith"))


def get_open_until(place: Place, at: datetime) -> datetime | None:
    """Return until when a place is open, or None where it is closed at that instant or its hours are not known.

    A place that never closes answers with the end of what is expanded, days ahead.
    """
    if place.hours_id is None or place.state == Place.State.CLOSED:
        return None
    spans = OpeningSpan.objects.filter(pattern=place.hours_id, span__contains=at)
    return spans.values_list("span__endswith", flat=True).first()


class OpenDay(NamedTuple):
    """One day of a week strip: its spans begin on it and may end after midnight; `confirmed` as in PR15."""

    date: date
    kind: DayKind
    confirmed: bool
    spans: list[Span]


def list_week(place: Place, at: datetime) -> list[OpenDay]:
    """Return the hours of seven days from the local date of `at` on; empty where they are not known."""
    if place.hours is None:
        return []
    zone, overlay = timezone.get_default_timezone(), get_calendar_overlay()
    first = at.astimezone(zone).date()
    by_day = hours_by_day(place.hours.expression, first=first, days=7, overlay=overlay, zone=zone)
    days = [date.fromordinal(first.toordinal() + offset) for offset in range(7)]
    return [
        OpenDay(day, day_kind(day, overlay), is_confirmed(day.year, overlay), spans)
        for day, spans in zip(days, by_day, strict=True)
    ]


# The city


def list_categories() -> list[Category]:
    """Return the category tree in order, each branch before its leaves."""
    return list(Category.objects.select_related("parent").order_by("position", "code"))


def list_districts() -> list[District]:
    """Return the districts in order."""
    return list(District.objects.order_by("position", "code"))


def list_streets(district: str | None = None) -> list[Street]:
    """Return streets and stations with their district, of one district or of all."""
    streets = Street.objects.select_related("district").order_by("kind", "code")
    return list(streets.filter(district=district) if district else streets)


def find_district(code: str) -> District | None:
    """Return a district by its code."""
    return District.objects.filter(code=code).first()


def find_street(code: str) -> Street | None:
    """Return a street or a station by its code, with its district."""
    return Street.objects.select_related("district").filter(code=code).first()


def list_map_features() -> list[MapFeature]:
    """Return the pieces of ground the city's own map is drawn from."""
    return list(MapFeature.objects.order_by("kind", "pk"))


def list_sources() -> list[Source]:
    """Return whose data the open places come from, for the footer's attribution; only sources that ask for one."""
    used = Place.objects.filter(state=Place.State.OPEN).order_by().values_list("source", flat=True).distinct()
    return [SOURCES[source] for source in sorted(used) if source in SOURCES]


def list_import_runs(limit: int = 20) -> list[ImportRun]:
    """Return the latest imports, newest first."""
    return list(ImportRun.objects.order_by("-started_at", "-pk")[:limit])


# Who works where


def get_merchant(merchant_id: int) -> Merchant:
    """Return a merchant."""
    return Merchant.objects.get(pk=merchant_id)


def list_shop_roles(user: "User") -> list[ShopRole]:
    """Return the shop roles somebody holds now, with merchant and place."""
    return list(ShopRole.objects.filter(user=user, ended_at=None).select_related("merchant", "place").order_by("pk"))


def list_staff(merchant_id: int) -> list[ShopRole]:
    """Return who works for a merchant now, owners first, with the people and places."""
    roles = ShopRole.objects.filter(merchant=merchant_id, ended_at=None).select_related("user", "place")
    return list(roles.order_by("-kind", "granted_at"))


def is_owner(user: "User", merchant_id: int) -> bool:
    """Return whether somebody owns a merchant now."""
    return _roles(user, merchant_id).filter(kind=ShopRole.Kind.OWNER).exists()


def is_clerk(user: "User", merchant_id: int, place_id: int | None = None) -> bool:
    """Return whether somebody works at a merchant now (at a certain place of it, if given); owners count."""
    roles = _roles(user, merchant_id)
    if place_id is not None:
        roles = roles.filter(Q(kind=ShopRole.Kind.OWNER) | Q(place=None) | Q(place=place_id))
    return roles.exists()


def _roles(user: "User", merchant_id: int) -> "QuerySet[ShopRole]":
    """Return the roles somebody (perhaps nobody: not signed in) holds at a merchant now."""
    return ShopRole.objects.filter(user=user.pk, merchant=merchant_id, ended_at=None)


def find_invite(secret: str) -> ClerkInvite | None:
    """Return the invitation a link carries, whatever became of it, with merchant and place."""
    return ClerkInvite.objects.select_related("merchant", "place").filter(secret_hash=invite_hash(secret)).first()


def list_open_invites(merchant_id: int, at: datetime) -> list[ClerkInvite]:
    """Return a merchant's invitations that can still be accepted, newest first."""
    waiting = Q(accepted_at=None, withdrawn_at=None, expires_at__gt=at)
    return list(ClerkInvite.objects.filter(waiting, merchant=merchant_id).select_related("place").order_by("-pk"))


def count_places_by_category() -> dict[str, int]:
    """Return how many open places each category has itself."""
    places = Place.objects.filter(state=Place.State.OPEN).order_by()
    return dict(places.values_list("category").annotate(Count("pk")))


def get_shop_role(role_id: int) -> ShopRole:
    """Return a shop role, ended ones too, with merchant, place and person. :raises ShopRole.DoesNotExist:"""
    return ShopRole.objects.select_related("merchant", "place", "user").get(pk=role_id)


def get_fee_basis_points(merchant_id: int) -> int:
    """Return the share that a merchant pays us of what it earns here."""
    return Merchant.objects.values_list("platform_fee_basis_points", flat=True).get(pk=merchant_id)
