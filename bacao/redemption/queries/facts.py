"""What was redeemed, and who came."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable

from bacao.kit.text import Text
from bacao.redemption.models import Arrival, Attempt, Redemption

if TYPE_CHECKING:
    from bacao.accounts.models import User


def list_redemptions(
    merchant_id: int, since: datetime, until: datetime, place_id: int | None = None, limit: int | None = None
) -> list[Redemption]:
    """Return what was redeemed at a merchant in [since, until), undone ones too, newest first.

    `.voucher.order.version`, `.place`, `.clerk` and `.undo` are loaded.
    """
    rows = Redemption.objects.filter(merchant=merchant_id, redeemed_at__gte=since, redeemed_at__lt=until)
    if place_id is not None:
        rows = rows.filter(place=place_id)
    rows = rows.select_related("voucher__order__offer_version", "place", "clerk", "served_by", "undo")
    return list(rows.order_by("-redeemed_at", "-pk")[:limit])


def get_redemption(redemption_id: int) -> Redemption:
    """Return a redemption, loaded as by `list_redemptions`. :raises Redemption.DoesNotExist:"""
    rows = Redemption.objects.select_related("voucher__order__offer_version", "place", "clerk", "served_by", "undo")
    return rows.get(pk=redemption_id)


def find_last_redemption(voucher_id: UUID) -> Redemption | None:
    """Return the latest use of a voucher that still counts, with its place and clerk."""
    rows = Redemption.objects.filter(voucher=voucher_id, undo=None).select_related("place", "clerk", "arrival")
    return rows.order_by("-redeemed_at", "-pk").first()


def list_last_redemptions(voucher_ids: Iterable[UUID]) -> dict[UUID, Redemption]:
    """Return the latest use that still counts of each voucher, as `find_last_redemption`, in one statement."""
    rows = Redemption.objects.filter(voucher__in=list(voucher_ids), undo=None)
    latest = rows.order_by("voucher", "-redeemed_at", "-pk").distinct("voucher")
    return {row.voucher_id: row for row in latest.select_related("place", "clerk", "arrival")}


def list_arrivals(user: "User", limit: int | None = None) -> list[Arrival]:
    """Return where somebody truly came, newest first."""
    rows = _arrivals().filter(user=user).select_related("place__category", "place__district", "note")
    return list(rows.order_by("-arrived_at")[:limit])


def get_arrival(arrival_id: int) -> Arrival:
    """Return an arrival that counts, with its place. :raises Arrival.DoesNotExist:"""
    return _arrivals().select_related("place__category", "place__merchant", "user").get(pk=arrival_id)


def find_arrival(arrival_id: int) -> Arrival | None:
    """Return an arrival as `get_arrival` does; None where there is none or it was undone."""
    return _arrivals().select_related("place__category", "place__merchant", "user").filter(pk=arrival_id).first()


def list_arrivals_of_places(
    place_ids: Iterable[int], since: datetime | None = None, limit: int | None = None
) -> list[Arrival]:
    """Return who came to some places, newest first, with `.user`, `.place`, `.note`."""
    rows = _arrivals(since).filter(place__in=list(place_ids)).select_related("user", "place", "note")
    return list(rows.order_by("-arrived_at")[:limit])


def count_arrivals(
    *,
    place_ids: Iterable[int] | None = None,
    note_id: int | None = None,
    user: "User | None" = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Return how many arrivals count in [since, until), of all places or of those asked for."""
    rows = _arrivals(since, until)
    if place_ids is not None:
        rows = rows.filter(place__in=list(place_ids))
    if note_id is not None:
        rows = rows.filter(note=note_id)
    if user is not None:
        rows = rows.filter(user=user)
    return rows.count()


def count_arrivals_by_place(place_ids: Iterable[int] | None = None, since: datetime | None = None) -> dict[int, int]:
    """Return how many arrivals count at each place (of all where none are named); places without any are left out."""
    rows = _arrivals(since)
    if place_ids is not None:
        rows = rows.filter(place__in=list(place_ids))
    return dict(rows.values_list("place").annotate(number=Count("*")).order_by())


def count_arrivals_by_note(note_ids: Iterable[int]) -> dict[int, int]:
    """Return how many arrivals began with each note (U05); notes without any are left out."""
    rows = _arrivals().filter(note__in=list(note_ids))
    return dict(rows.values_list("note").annotate(number=Count("*")).order_by())


def list_place_ids_of_redemptions(redemption_ids: Iterable[int]) -> list[int]:
    """Return the ids of the places at which these redemptions happened."""
    return list(Redemption.objects.filter(pk__in=list(redemption_ids)).values_list("place", flat=True).distinct())


def _arrivals(since: datetime | None = None, until: datetime | None = None) -> QuerySet[Arrival]:
    rows = Arrival.objects.filter(void_at=None)
    if since is not None:
        rows = rows.filter(arrived_at__gte=since)
    if until is not None:
        rows = rows.filter(arrived_at__lt=until)
    return rows


def list_visits(place_ids: Iterable[int], since: datetime | None = None, limit: int | None = None) -> list[Arrival]:
    """Return who came to some places, newest first, with where each visit began and whether it was the first.

    `.user`, `.place`, `.note` and `.redemption.voucher.order.version` are loaded; `.is_first` = this person had
    never come to any of these places before.
    """
    ids = list(place_ids)
    rows = _arrivals(since).filter(place__in=ids).annotate(is_first=_never_before(ids))
    loaded = rows.select_related("user", "place", "note", "redemption__voucher__order__offer_version")
    return list(loaded.order_by("-arrived_at", "-pk")[:limit])


def list_visit_times(place_ids: Iterable[int], since: datetime) -> list[tuple[datetime, bool]]:
    """Return (when, whether it was this person's first visit) of every visit to some places from `since` on."""
    ids = list(place_ids)
    rows = _arrivals(since).filter(place__in=ids).annotate(is_first=_never_before(ids))
    return list(rows.order_by("arrived_at").values_list("arrived_at", "is_first"))


def list_redemptions_by_ledger(ledger_ids: Collection[UUID]) -> dict[UUID, list[Redemption]]:
    """Return the uses behind each ledger transaction, of those that booked them and those that took them back.

    Loaded as by `list_redemptions`; several uses of a card that one press consumed share a transaction.
    """
    rows = Redemption.objects.select_related("voucher__order__offer_version", "place", "clerk", "served_by", "undo")
    found: dict[UUID, list[Redemption]] = {}
    for row in rows.filter(Q(ledger_id__in=ledger_ids) | Q(undo__ledger_id__in=ledger_ids)).order_by("use_number"):
        for ledger_id in (row.ledger_id, row.undo.ledger_id if hasattr(row, "undo") else None):
            if ledger_id:
                found.setdefault(ledger_id, []).append(row)
    return found


def count_redeemed_by_offer(offer_ids: Iterable[int]) -> dict[int, int]:
    """Return how many uses of each offer were redeemed and not undone; offers without any are left out."""
    rows = Redemption.objects.filter(voucher__order__offer_version__offer__in=list(offer_ids), undo=None)
    counts = rows.values_list("voucher__order__offer_version__offer").annotate(number=Count("*")).order_by()
    return dict(counts)


def _never_before(place_ids: list[int]) -> Combinable:
    """Return whether an arrival is the first of its person at any of these places."""
    earlier = _arrivals().filter(place__in=place_ids, user=OuterRef("user"), arrived_at__lt=OuterRef("arrived_at"))
    return ~Exists(earlier)


def find_answer(merchant_id: int, key: UUID) -> tuple[int, bytes] | None:
    """Return the stored status and bytes of a key, None where it never arrived."""
    row = Attempt.objects.filter(merchant=merchant_id, key=key).values_list("status", "answer").first()
    return (int(row[0]), bytes(row[1])) if row and row[0] is not None and row[1] is not None else None


@dataclass(frozen=True, slots=True)
class LastUse:
    """Where, when and by whom a voucher was used last."""

    redeemed_at: datetime
    place: Text
    clerk: str


def find_last_use(voucher_id: UUID) -> LastUse | None:
    """Return the latest use of a voucher that still counts, as the clerk is told of it."""
    rows = Redemption.objects.filter(voucher=voucher_id, undo=None).order_by("-redeemed_at", "-pk")
    row = rows.values_list(
        "redeemed_at", "place__name_zh", "place__name_en", "clerk__display_name", "served_by__name"
    ).first()
    return LastUse(row[0], Text(row[1] or row[2], row[2] or row[1]), row[4] or row[3] or "") if row else None


def has_unproven_use(voucher_id: UUID) -> bool:
    """Return whether a use of a voucher stands that nobody proved: who comes after it with a proof is not to blame."""
    return Redemption.objects.filter(voucher=voucher_id, proof="unproven", undo=None).exists()
