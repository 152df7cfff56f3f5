"""Counts of what verified visits say, kept for lists; every one of them can be counted again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from bacao.discovery.models import CategoryUsual, PlaceStanding
from bacao.discovery.rules import median_of
from bacao.notes.queries import count_notes_by_place
from bacao.places.queries import list_categories, list_open_places
from bacao.redemption.queries import count_arrivals_by_place
from bacao.reviews.queries import count_stars

RECENT = timedelta(days=30)
PLACES_FOR_A_MEDIAN = 5


@transaction.atomic
def refresh_standings(*, at: datetime, place_ids: Sequence[int] | None = None) -> None:
    """Count the standing of these places again, of all where none are named."""
    stars = count_stars(place_ids)
    arrivals = count_arrivals_by_place(place_ids)
    recent = count_arrivals_by_place(place_ids, since=at - RECENT)
    notes = count_notes_by_place(place_ids)
    old = PlaceStanding.objects.all() if place_ids is None else PlaceStanding.objects.filter(pk__in=place_ids)
    old.delete()
    PlaceStanding.objects.bulk_create(
        [
            PlaceStanding(
                place_id=place_id,
                review_count=count,
                stars_hundredths=round(total * 100 / count) if count else None,
                arrival_count=arrivals.get(place_id, 0),
                arrivals_30_days=recent.get(place_id, 0),
                note_count=notes.get(place_id, 0),
            )
            for place_id in {*stars, *arrivals, *notes}
            for count, total in [stars.get(place_id, (0, 0))]
        ],
        batch_size=2000,
    )


@transaction.atomic
def refresh_usual_amounts() -> None:
    """Find again what people usually pay per head in each category: the lower median of its open places.

    A leaf with fewer than five priced places takes its branch's.
    """
    amounts: dict[str, list[int]] = {}
    branch = {category.code: category.parent_id or category.code for category in list_categories()}
    for code, usual in list_open_places().values_list("category", "usual_minor"):
        if usual:
            for name in {code, branch[code]}:
                amounts.setdefault(name, []).append(usual)
    rows = [
        CategoryUsual(category_id=code, usual_minor=usual)
        for code, above in branch.items()
        if (usual := median_of(amounts.get(code, []) if _is_enough(amounts, code) else amounts.get(above, [])))
    ]
    CategoryUsual.objects.all().delete()
    CategoryUsual.objects.bulk_create(rows)


def _is_enough(amounts: dict[str, list[int]], code: str) -> bool:
    return len(amounts.get(code, [])) >= PLACES_FOR_A_MEDIAN
