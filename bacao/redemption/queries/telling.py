"""What a counter is told for the time without network (RD8): vouchers with the ends of their chains, offers, tiles."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet

from bacao.ledger.queries import get_balance
from bacao.offers.queries import list_live_terms, list_terms
from bacao.offers.rules import Terms
from bacao.redemption import rules
from bacao.redemption.models import Counter, Lease, Manifest, OfferPolicy, RefundWish, Served, ShopPolicy, VoucherCode

from .codes import get_anchors, get_keys

MOST_VOUCHERS = 5000
DAYS = (-1, 0, 1)


def list_live_codes(place_id: int, at: datetime) -> list[VoucherCode]:
    """Return the codes of the vouchers that can still be used at a place, the latest opened first, with the voucher.

    Those of people who owe for a double use are left out: they are served online only (RD33).
    """
    rows = VoucherCode.objects.select_related("voucher__order").filter(
        voucher__order__place=place_id,
        voucher__valid_until__gt=at,
        voucher__uses_total__gt=F("voucher__uses_redeemed") + F("voucher__uses_refunded"),
    )
    codes = list(rows.order_by("-issued_at")[:MOST_VOUCHERS])
    owing = _list_owing({code.voucher.user_id for code in codes})
    return [code for code in codes if code.voucher.user_id not in owing]


def _list_owing(user_ids: set[int]) -> set[int]:
    """Return who of some people owes for a double use and has not paid."""
    booked = Served.objects.filter(user__in=user_ids, payer=Served.Payer.MEMBER).values_list("user", flat=True)
    return {user for user in set(booked) if user and get_balance(f"asset.receivable.customer.{user}").balance_minor}


def keep_days(codes: Iterable[VoucherCode], at: datetime) -> list[VoucherCode]:
    """Work out the anchors of yesterday, today and tomorrow where they are not kept yet; return the codes changed."""
    first = rules.step_at(at) // rules.STEPS_PER_DAY + DAYS[0]
    changed = []
    for code in codes:
        kept = kept_anchors(code)
        if any(first + n not in kept for n in range(len(DAYS))):
            missing = [first + n for n in range(len(DAYS)) if first + n not in kept]
            kept |= get_anchors(code, missing)
            code.anchor_day, code.anchors = first, b"".join(kept[first + n] for n in range(len(DAYS)))
            changed.append(code)
    return changed


def kept_anchors(code: VoucherCode) -> dict[int, bytes]:
    """Return the anchors kept beside a code, by UTC day."""
    return rules.anchors_by_day(code.anchor_day, bytes(code.anchors))


def list_terms_to_tell(place_id: int, version_ids: Iterable[int], at: datetime) -> list[Terms]:
    """Return the terms of the versions that vouchers are of, and of everything live at the place, by version."""
    told = list_terms(set(version_ids))
    live = {terms.version_id: terms for terms in list_live_terms([place_id], at).get(place_id, [])}
    return [terms for _, terms in sorted((live | told).items())]


def list_policies(offer_ids: Iterable[int]) -> dict[int, OfferPolicy]:
    """Return what shops decided about their offers at the counter, by offer."""
    return OfferPolicy.objects.in_bulk(list(offer_ids))


def get_limits(merchant_id: int | None) -> rules.Limits:
    """Return how much a phone of a shop may serve without network; what is usual where the shop said nothing."""
    names = [field.name for field in fields(rules.Limits)]
    row = ShopPolicy.objects.filter(merchant=merchant_id).values(*names).first()
    return rules.Limits(**row) if row else rules.DEFAULT


def list_limit_changes(merchant_id: int) -> list[ShopPolicy]:
    """Return the limits as they stood, with who set them and when, newest first; the first is in force."""
    history: Any = ShopPolicy.pgh_event_model  # type: ignore[attr-defined]  # pghistory adds it
    past = history.objects.filter(pgh_obj=merchant_id).select_related("changed_by").order_by("-pgh_id")
    return [*ShopPolicy.objects.filter(merchant=merchant_id).select_related("changed_by"), *past[:9]]


def find_policy(offer_id: int) -> OfferPolicy | None:
    """Return what the shop decided about an offer at the counter; None = the defaults."""
    return OfferPolicy.objects.filter(offer=offer_id).first()


def list_leased(counter_id: UUID) -> set[UUID]:
    """Return the vouchers that a counter may use without network."""
    return set(Lease.objects.filter(counter=counter_id, returned_at=None).values_list("voucher", flat=True))


def list_held_vouchers(user_id: int, place_id: int, at: datetime) -> set[UUID]:
    """Return somebody's vouchers of a place that a device there may use without network now."""
    rows = _held(at).filter(voucher__user=user_id, voucher__order__place=place_id)
    return set(rows.values_list("voucher", flat=True))


def is_held_by_counter(voucher_id: UUID, at: datetime) -> bool:
    """Return whether a device may use a voucher without network now."""
    return _held(at).filter(voucher=voucher_id).exists()


def list_held_expired(at: datetime) -> list[UUID]:
    """Return the vouchers whose time is over while a device may still hold a use that it has not sent."""
    return list(_held(at).filter(voucher__valid_until__lte=at).values_list("voucher", flat=True))


def list_held_withdrawn(at: datetime) -> list[UUID]:
    """Return the vouchers of withdrawn offers that a device may use without network now."""
    rows = _held(at).filter(voucher__order__offer_version__offer__state="withdrawn")
    return list(rows.values_list("voucher", flat=True))


def list_wishes(limit: int = 500) -> list[UUID]:
    """Return the vouchers whose refund waits, oldest wish first."""
    rows = RefundWish.objects.filter(done_at=None).order_by("asked_at")
    return list(rows.values_list("voucher", flat=True)[:limit])


def has_wish(voucher_id: UUID) -> bool:
    """Return whether a voucher's refund waits."""
    return RefundWish.objects.filter(voucher=voucher_id, done_at=None).exists()


def _held(at: datetime) -> QuerySet[Lease]:
    return Lease.objects.filter(returned_at=None, counter__manifest_at__gt=at - rules.MANIFEST_LIFE)


def list_asked_leases(counter_id: UUID) -> list[bytes]:
    """Return the handles of the vouchers that another counter waits for."""
    rows = Lease.objects.filter(counter=counter_id, returned_at=None).exclude(asked_at=None)
    return [bytes(handle) for handle in rows.values_list("voucher__code__handle", flat=True)]


def is_main_counter(counter: Counter) -> bool:
    """Return whether a device holds the leases of its place: the phone that stands there longest."""
    phones = Counter.objects.filter(
        Q(kind=Counter.Kind.PHONE), place=counter.place_id, revoked_at=None, frozen_at=None
    ).exclude(agreed_at=None)
    return phones.order_by("agreed_at", "pk").values_list("pk", flat=True).first() == counter.pk


def find_manifest(counter_id: UUID, number: int) -> Manifest | None:
    """Return what a device was told under a number, if that is still known."""
    return Manifest.objects.filter(counter=counter_id, number=number).first()


def list_missing_numbers(counter_id: UUID, limit: int = 200) -> tuple[int, list[int]]:
    """Return the highest number that arrived from a device, and those below it that never did (RD40)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH seen AS (
                SELECT number, lag(number, 1, 0) OVER (ORDER BY number) AS before
                FROM redemption_attempt WHERE counter_id = %s AND number IS NOT NULL
            )
            SELECT number, before FROM seen WHERE number > before + 1
            UNION ALL SELECT max(number), max(number) - 1 FROM seen ORDER BY 1
            """,
            [counter_id],
        )
        rows: Sequence[Any] = [row for row in cursor.fetchall() if row[0] is not None]
    missing = [number for after, before in rows for number in range(before + 1, after)]
    return (rows[-1][0] if rows else 0), missing[:limit]


def get_shop_key(counter_id: UUID) -> bytes:
    """Return a counter's own key of the shop's code."""
    return rules.shop_key(get_keys().shop, counter_id)


def get_tag_key(merchant_id: int) -> bytes:
    """Return a shop's key of the tags of typed codes (RD15)."""
    return rules.tag_key(get_keys().tag, merchant_id)
