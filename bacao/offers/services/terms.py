"""An offer's terms and its state."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from bacao.kit.services import announce
from bacao.kit.text import Refused, Text

from ..models import Offer, OfferFunder, OfferStock, OfferVersion, StateChange
from ..rules import check_funders, check_terms
from .budgets import set_budget

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.places.models import Place


OVER = (Offer.State.ENDED, Offer.State.WITHDRAWN)


class SoldMoreThanThat(Refused):
    """A new stock is lower than what has been sold."""

    code = "sold_more_than_that"

    def __init__(self, used: int) -> None:
        super().__init__(
            Text(f"已经售出 {used} 份，库存不能更低。", f"{used} are sold already; stock cannot be lower.")
        )


class OfferEnded(Refused):
    """An offer that ended stays ended; its vouchers stay good."""

    code = "offer_ended"
    text = Text("这个优惠已结束。请新建一个。", "This offer has ended. Make a new one.")


@transaction.atomic
def create_offer(
    *,
    place: "Place",
    kind: str,
    terms: Mapping[str, Any],
    funders: Sequence[tuple[str, int]],
    by: "User | None",
    at: datetime,
    state: str = Offer.State.DRAFT,
) -> Offer:
    """Write an offer with its first version; `funders` = ((party, basis points), ...), summing to 10000.

    :raises TermsRefused: with one sentence for each wrong field
    """
    clean = check_terms(kind, terms, at=at)
    check_funders(funders)
    offer = Offer.objects.create(place=place, kind=kind, state=state, state_changed_at=at, created_by=by, created_at=at)
    StateChange.objects.create(offer=offer, state=state, by=by, changed_at=at)
    OfferStock.objects.create(offer=offer, limit=clean["stock"])
    set_budget(version=_add_version(offer, 1, clean, funders, by, at), at=at)
    announce(kind="offer", ref_id=offer.pk)
    return offer


@transaction.atomic
def revise_offer(
    *, offer: Offer, terms: Mapping[str, Any], funders: Sequence[tuple[str, int]], by: "User | None", at: datetime
) -> OfferVersion:
    """Give an offer new terms: a new version for new buyers; whoever bought keeps the terms they bought.

    :raises TermsRefused: with one sentence for each wrong field
    :raises SoldMoreThanThat: stock below what is sold
    :raises SpentMoreThanThat: a budget below what is promised
    :raises OfferEnded:
    """
    clean = check_terms(offer.kind, terms, at=at)
    check_funders(funders)
    locked = Offer.objects.select_for_update().get(pk=offer.pk)
    if locked.state in OVER:
        raise OfferEnded
    _set_stock(offer, clean["stock"])
    current = OfferVersion.objects.get(offer=offer, is_current=True)
    OfferVersion.objects.filter(pk=current.pk).update(is_current=False)
    version = _add_version(offer, current.number + 1, clean, funders, by, at)
    set_budget(version=version, before=current, at=at)
    announce(kind="offer", ref_id=offer.pk)
    return version


@transaction.atomic
def set_offer_state(*, offer: Offer, state: str, reason: str = "", by: "User | None", at: datetime) -> Offer:
    """Put an offer on sale, pause, end or withdraw it; setting the state it has changes nothing (PR36).

    Paused: what is held is honoured, nothing new is held. Ended: what is sold is honoured. Withdrawn: a job of the
    orders gives back what is held and refunds what is unused.

    :raises OfferEnded: an ended offer does not come back; it can only be withdrawn
    """
    locked = Offer.objects.select_for_update().get(pk=offer.pk)
    if locked.state == state:
        return locked
    if locked.state in OVER and state != Offer.State.WITHDRAWN:
        raise OfferEnded
    locked.state, locked.state_reason, locked.state_changed_at = state, reason, at
    locked.save(update_fields=["state", "state_reason", "state_changed_at"])
    StateChange.objects.create(offer=locked, state=state, reason=reason, by=by, changed_at=at)
    announce(kind="offer", ref_id=locked.pk)
    return locked


def _set_stock(offer: Offer, limit: int | None) -> None:
    rows = OfferStock.objects.filter(offer=offer)
    if limit is not None:
        rows = rows.filter(used__lte=limit)
    if not rows.update(limit=limit):
        raise SoldMoreThanThat(OfferStock.objects.get(offer=offer).used)


def _add_version(
    offer: Offer,
    number: int,
    clean: Mapping[str, Any],
    funders: Sequence[tuple[str, int]],
    by: "User | None",
    at: datetime,
) -> OfferVersion:
    version = OfferVersion.objects.create(offer=offer, number=number, created_by=by, created_at=at, **clean)
    OfferFunder.objects.bulk_create(
        OfferFunder(version=version, party=party, share_basis_points=points) for party, points in funders
    )
    return version
