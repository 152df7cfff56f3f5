"""New places being tried: who is, what they were promised, and the posterior that draws are made from (M14)."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Max

from bacao.discovery.models import Posterior, Trial
from bacao.discovery.queries.standing import get_standings
from bacao.discovery.queries.trials import list_posteriors
from bacao.discovery.rules.exploration import NEW_DAYS, shortfall
from bacao.kit.services import announce_many
from bacao.offers.queries import list_first_offers

NEW_FOR = timedelta(days=NEW_DAYS)
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('bacao.discovery.trials'))"


def begin_trials(*, at: datetime, place_ids: Collection[int] | None = None) -> int:
    """Let places be new that sell something for the first time in NEW_DAYS, of some places or all; return how many.

    A place is new once, from its first offer on: pausing all and beginning again makes nobody new.
    """
    first = list_first_offers(place_ids)
    fresh = [Trial(place_id=place_id, since=since) for place_id, since in first.items() if at - NEW_FOR < since <= at]
    known = set(Trial.objects.filter(place__in=[trial.place_id for trial in fresh]).values_list("place_id", flat=True))
    return len(Trial.objects.bulk_create([t for t in fresh if t.place_id not in known], ignore_conflicts=True))


@transaction.atomic
def refresh_posteriors(*, at: datetime) -> int:
    """Write a new version of the posteriors that changed, and announce these places; return how many there are.

    A trial ends after NEW_DAYS, but not before the promise is kept: what is missing is carried over.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
    trials = list(Trial.objects.filter(ended_at=None).order_by("place_id"))
    standings, known = get_standings(trial.place_id for trial in trials), list_posteriors()
    version = (Posterior.objects.aggregate(last=Max("version"))["last"] or 0) + 1
    rows, over = [], []
    for trial in trials:
        owed = shortfall(trial.examined_hundredths, (at - trial.since).total_seconds() / 86_400) > 0
        if at >= trial.since + NEW_FOR and not owed:
            over.append(trial.place_id)
            continue
        arrivals, examined = standings[trial.place_id].arrival_count, trial.examined_hundredths
        if (arrivals, examined, owed) != known.get(trial.place_id):
            rows.append(
                Posterior(
                    version=version, place_id=trial.place_id, arrivals=arrivals, examined_hundredths=examined,
                    owed=owed, made_at=at,
                )
            )  # fmt: skip
    Trial.objects.filter(place__in=over).update(ended_at=at)
    Posterior.objects.bulk_create(rows)
    changed = [*over, *(row.place_id for row in rows)]
    if changed:
        announce_many(kind="standing", ref_ids=changed)
    return len(changed)


def count_examined(examined: Mapping[int, float]) -> None:
    """Count in the caller's transaction how often places were looked at, by place id; those not new are passed over."""
    hundredths = {place_id: round(times * 100) for place_id, times in examined.items()}
    tried = Trial.objects.select_for_update().filter(place__in=hundredths, ended_at=None).order_by("place_id")
    for place_id in list(tried.values_list("place_id", flat=True)):
        Trial.objects.filter(pk=place_id).update(examined_hundredths=F("examined_hundredths") + hundredths[place_id])
