"""What somebody took of offers that are limited a person (pricing.md, PR17 and PR18)."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from bacao.offers.rules.limits import CALENDAR, period_of

# The period that a limit counts by is the current version's; what its own days do not hold any more is not counted.
TAKEN = """
    SELECT offer.id, offer.place_id, max(used)::int
    FROM (
        SELECT use.offer_id, use.used, use.period FROM offers_personaluse use WHERE use.identity = ANY(%(who)s)
        UNION ALL
        SELECT use.offer_id, (SELECT count(*) FROM unnest(use.taken_on) AS day WHERE day > %(today)s - use.days),
            'rolling' FROM offers_rollinguse use WHERE use.identity = ANY(%(who)s)
    ) AS taken
    JOIN offers_offer offer ON offer.id = taken.offer_id
    JOIN offers_offerversion version ON version.offer_id = offer.id AND version.is_current
    WHERE used > 0 AND version.per_person IS NOT NULL AND (%(place)s::bigint IS NULL OR offer.place_id = %(place)s)
      AND taken.period = coalesce((%(periods)s::jsonb)->>version.person_period, version.person_period)
    GROUP BY offer.id ORDER BY offer.id
"""


class Taken(NamedTuple):
    """So many units of an offer, in the period that runs now."""

    offer_id: int
    place_id: int
    used: int


def list_taken(identities: Collection[str], at: datetime, place_id: int | None = None) -> list[Taken]:
    """Return what was taken under any of a payer's identities of offers that are limited a person, of one place or all.

    Of several identities the one that took most counts. One statement.
    """
    today = timezone.localdate(at)
    periods = json.dumps({kind: period_of(kind, today) for kind in CALENDAR})
    with connection.cursor() as cursor:
        cursor.execute(TAKEN, {"who": list(identities), "today": today, "place": place_id, "periods": periods})
        return [Taken(*row) for row in cursor.fetchall()]


def count_used(identities: Collection[str], place_id: int, at: datetime) -> dict[int, int]:
    """Return the units taken of a place's limited offers in the period that each one counts, by offer id."""
    return {taken.offer_id: taken.used for taken in list_taken(identities, at, place_id)}
