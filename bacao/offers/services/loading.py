"""Many offers at once, with their past: for the demo city and for migrations from elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from bacao.kit.services import announce_many

from ..models import Offer, OfferFunder, OfferStock, OfferVersion, StateChange
from ..rules import check_funders, check_terms
from .budgets import set_budget


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One offer to load: first version, state, and units sold so far."""

    place_id: int
    kind: str
    terms: Mapping[str, Any]
    funders: Sequence[tuple[str, int]]
    created_at: datetime
    state: str = Offer.State.LIVE
    used: int = 0


@transaction.atomic
def load_offers(*, rows: Sequence[OfferRow], at: datetime) -> list[OfferVersion]:
    """Insert offers in bulk; return their versions in the order of the rows (`.offer` is set).

    Terms are checked as on the day they were made. `at` = the instant of loading, unused by the rows themselves.
    :raises TermsRefused: for the first row that makes no sense
    """
    terms = [check_terms(row.kind, row.terms, at=row.created_at) for row in rows]
    for row in rows:
        check_funders(row.funders)
    offers = Offer.objects.bulk_create(
        Offer(
            place_id=row.place_id, kind=row.kind, state=row.state,
            state_changed_at=row.created_at, created_at=row.created_at,
        )
        for row in rows
    )  # fmt: skip
    versions = OfferVersion.objects.bulk_create(
        OfferVersion(offer=offer, number=1, created_at=row.created_at, **clean)
        for offer, row, clean in zip(offers, rows, terms, strict=True)
    )
    OfferFunder.objects.bulk_create(
        OfferFunder(version=version, party=party, share_basis_points=points)
        for version, row in zip(versions, rows, strict=True)
        for party, points in row.funders
    )
    OfferStock.objects.bulk_create(
        OfferStock(offer=offer, used=row.used, limit=clean["stock"])
        for offer, row, clean in zip(offers, rows, terms, strict=True)
    )
    StateChange.objects.bulk_create(
        StateChange(offer=offer, state=row.state, changed_at=row.created_at)
        for offer, row in zip(offers, rows, strict=True)
    )
    for version in versions:
        set_budget(version=version, at=version.created_at)
    announce_many(kind="offer", ref_ids=[offer.pk for offer in offers])
    return versions
