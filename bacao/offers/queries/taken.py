"""What somebody took of offers that are limited a person (pricing.md, PR17 and PR18)."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from bacao.offers.models import PersonalUse
from bacao.offers.rules.limits import PERIODS, period_of


class Taken(NamedTuple):
    """So many units of an offer, in the period that runs now."""

    offer_id: int
    place_id: int
    used: int


def list_taken(identities: Collection[str], at: datetime) -> list[Taken]:
    """Return what was taken under any of a payer's identities of offers that are limited a person. One statement."""
    today = timezone.localdate(at)
    periods = {period_of(kind, today) for kind in PERIODS}
    rows = PersonalUse.objects.filter(identity__in=identities, period__in=periods, used__gt=0, limit__isnull=False)
    most: dict[tuple[int, int], int] = {}
    for offer_id, place_id, used in rows.values_list("offer", "offer__place", "used"):
        most[offer_id, place_id] = max(used, most.get((offer_id, place_id), 0))
    return [Taken(*key, used) for key, used in sorted(most.items())]
