"""What verified visits say of places, and what is usual for their kind."""

from collections.abc import Iterable

from bacao.discovery.models import CategoryUsual, PlaceStanding


def get_standings(place_ids: Iterable[int]) -> dict[int, PlaceStanding]:
    """Return the standing of each place, one without any visit as an unsaved row of zeros."""
    ids = list(place_ids)
    found = PlaceStanding.objects.in_bulk(ids)
    return {place_id: found.get(place_id) or PlaceStanding(place_id=place_id) for place_id in ids}


def list_usual_amounts() -> dict[str, int]:
    """Return what people usually pay per head, in minor units, by category code."""
    return dict(CategoryUsual.objects.values_list("category_id", "usual_minor"))
