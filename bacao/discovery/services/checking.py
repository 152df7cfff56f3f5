"""The published index held against the exact search, a few shops at a time: a difference is an alarm (PR32)."""

from datetime import datetime

import numpy as np
import structlog

from bacao.discovery.index.asking import Query
from bacao.discovery.index.reader import Reader
from bacao.discovery.index.view import View
from bacao.discovery.models import PriceDifference
from bacao.discovery.queries.viewer import NOBODY, price_for
from bacao.kit.bulk import one_snapshot
from bacao.places.queries import list_places_by_id

from .builder import Builder

PARTIES = (1, 2, 5)
METRES = 100
log = structlog.get_logger("bacao.discovery")


def check_prices(builder: Builder, reader: Reader, *, at: datetime, count: int = 20) -> int:
    """Compare the prices of some shops drawn by lot, keep every difference, and return how many there are.

    What changed since the index was written is left out: nothing is wrong with a price that is a second old. After a
    difference the index is built anew, so that it is wrong for nobody else.
    """
    view, minute = reader.refresh(), at.replace(second=0, microsecond=0)
    if view is None or not len(view.base.shop_id):
        return 0
    with one_snapshot():
        drawn = np.random.default_rng().choice(view.base.shop_id, count)
        ids = {int(number) for number in drawn} - builder.unread()
        found = [row for party in PARTIES for row in _differences(view, ids, party=party, at=minute)]
    PriceDifference.objects.bulk_create(found)
    if found:
        log.error("listed price", differences=[str(row) for row in found], index=view.number)
        builder.build_base(at=at)
    return len(found)


def _differences(view: View, ids: set[int], *, party: int, at: datetime) -> list[PriceDifference]:
    """Return the open shops that list another price a head than the exact one for those who hold nothing."""
    exact, places = price_for(NOBODY, ids, at=at, party=party), list_places_by_id(ids)
    minute, number = int(at.timestamp()) // 60, "/".join(map(str, view.number))
    found = []
    for place_id, place in places.items():
        query = Query(place.latitude, place.longitude, METRES, minute, party)
        quoted = exact[place_id].per_head_minor
        found += [
            PriceDifference(
                place=place,
                party=party,
                listed_minor=hit.per_head_minor,
                exact_minor=quoted,
                index_number=number,
                found_at=at,
            )
            for hit in (view.hit(row, minute) for row in view.weigh(query, [place_id]).tolist())
            if hit.is_exact and hit.per_head_minor != quoted
        ]
    return found
