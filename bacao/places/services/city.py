"""Changing the parts of the city: categories, districts, streets, the drawn ground."""

from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction

from bacao.places.models import Category, District, MapFeature, Street
from bacao.places.rules import CATEGORIES
from bacao.places.rules.ground import DistrictRow, MapFeatureRow, StreetRow


@transaction.atomic
def refresh_categories() -> None:
    """Bring the category tree to what this version of Bacao ships; categories a city added itself stay."""
    Category.objects.bulk_create(
        [
            Category(
                code=row.code, parent_id=row.parent or None, name_zh=row.name_zh, name_en=row.name_en,
                emoji=row.emoji, tint=row.tint, position=position,
            )
            for position, row in enumerate(CATEGORIES)
        ],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["parent", "name_zh", "name_en", "emoji", "tint", "position"],
    )  # fmt: skip


@transaction.atomic
def load_districts(*, rows: Sequence[DistrictRow]) -> list[District]:
    """Insert many districts, or bring those of the same code up to date."""
    fields = ["name_zh", "name_en", "latitude", "longitude", "outline", "position"]
    districts = [District(**asdict(row)) for row in rows]
    return District.objects.bulk_create(districts, update_conflicts=True, unique_fields=["code"], update_fields=fields)


@transaction.atomic
def load_streets(*, rows: Sequence[StreetRow]) -> list[Street]:
    """Insert many streets and stations, or bring those of the same code up to date."""
    fields = ["kind", "district", "name_zh", "name_en", "latitude", "longitude", "line"]
    streets = [Street(**{**asdict(row), "district": District(code=row.district)}) for row in rows]
    return Street.objects.bulk_create(streets, update_conflicts=True, unique_fields=["code"], update_fields=fields)


@transaction.atomic
def load_map_features(*, rows: Sequence[MapFeatureRow]) -> list[MapFeature]:
    """Replace the ground the city's own map is drawn from."""
    MapFeature.objects.all().delete()
    return MapFeature.objects.bulk_create((MapFeature(**asdict(row)) for row in rows), batch_size=1000)
