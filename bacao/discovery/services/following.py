"""Keeping what is derived in step with the chapters below, by reading their news (DS7, DS8)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction

from bacao.discovery.models import OutboxMark
from bacao.discovery.services.documents import index_notes, index_places, write_all_documents
from bacao.discovery.services.standing import refresh_standings, refresh_usual_amounts
from bacao.discovery.services.trials import begin_trials, refresh_posteriors
from bacao.kit.queries import read_news
from bacao.kit.services import announce, announce_many, delete_news
from bacao.notes.queries import list_note_ids_of_places, list_place_ids_of_notes
from bacao.offers.queries import list_place_ids_of_offers
from bacao.redemption.queries import list_place_ids_of_redemptions
from bacao.reviews.queries import list_place_ids_of_reviews

READER = "search"
NEVER = 2**62  # a transaction nobody will live to see
EVERY_PLACE = 0  # news of the standing of all places at once
REBUILD_FROM = 2_000  # news of more things than this are cheaper to answer by writing everything again
NEWS_KEPT = timedelta(days=9)  # an index answers for eight days and is never gone on from later
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('bacao.discovery.search'))"


def rebuild_search(*, at: datetime) -> int:
    """Write every search document, standing and usual amount again; return the number of documents.

    The mark is taken first: what changes meanwhile is read once more afterwards, which does no harm.
    """
    with transaction.atomic():
        news = read_news(since_tx=read_news(since_tx=NEVER).until_tx)
        refresh_standings(at=at)
        refresh_usual_amounts()
        begin_trials(at=at)
        refresh_posteriors(at=at)
        count = write_all_documents()
        announce(kind="standing", ref_id=EVERY_PLACE)
        OutboxMark.objects.update_or_create(reader=READER, defaults={"tx": news.until_tx, "seen": news.seen})
    return count


@transaction.atomic
def follow_outbox(*, at: datetime) -> int:
    """Read the news since the last time, write again what they concern, and return how many things that were.

    Reading some twice is harmless because rows are written whole. One follower at a time: a second one returns 0.
    """
    if not _is_alone():
        return 0
    mark = OutboxMark.objects.filter(reader=READER).first()
    if mark is None:
        return rebuild_search(at=at)
    news = read_news(since_tx=mark.tx, seen=mark.seen)
    news.ids_by_kind.pop("standing", None)  # our own, for the index
    count = sum(map(len, news.ids_by_kind.values()))
    if count > REBUILD_FROM:
        return rebuild_search(at=at)
    if count:
        _refresh(news.ids_by_kind, at)
    if (news.until_tx, news.seen) != (mark.tx, mark.seen):
        OutboxMark.objects.filter(reader=READER).update(tx=news.until_tx, seen=news.seen)
    return count


def ensure_built(*, at: datetime) -> None:
    """Build what search needs if no job ever did: the first search of a new city pays for it, once."""
    if not OutboxMark.objects.filter(reader=READER).exists():
        follow_outbox(at=at)


def forget_old_news(*, at: datetime) -> int:
    """Delete news that search has read and that are older than any index one could go on from; return how many."""
    mark = OutboxMark.objects.filter(reader=READER).first()
    return delete_news(until_tx=mark.tx, before=at - NEWS_KEPT) if mark else 0


def _is_alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        return bool(cursor.fetchone()[0])


def _refresh(news: dict[str, set[int]], at: datetime) -> None:
    """Write again the documents of changed places and notes, and the standings that changed with them."""
    places, notes = news.get("place", set()), news.get("note", set())
    if "offer" in news and begin_trials(at=at, place_ids=list_place_ids_of_offers(news["offer"])):
        refresh_posteriors(at=at)
    index_places(place_ids=_merged(places, list_place_ids_of_offers(news.get("offer", ()))))  # dishes are words, too
    index_notes(note_ids=_merged(notes, list_note_ids_of_places(places)))
    visited = _merged(
        places,
        news.get("visit", ()),
        list_place_ids_of_notes(notes),
        list_place_ids_of_reviews(news.get("review", ())),
        list_place_ids_of_redemptions(news.get("redemption", ())),
    )
    if visited:
        refresh_standings(at=at, place_ids=visited)
        announce_many(kind="standing", ref_ids=visited)


def _merged(*ids: Iterable[int]) -> list[int]:
    return sorted(set().union(*ids))
