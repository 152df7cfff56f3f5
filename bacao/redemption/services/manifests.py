"""Telling a device all that it needs alone, and who holds which lease (RD8, RD28)."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from bacao.kit.calendar import Overlay
from bacao.kit.queries import get_calendar_overlay
from bacao.kit.text import Refused, Text
from bacao.offers.rules import Terms
from bacao.orders.queries import count_usable_of_orders
from bacao.redemption import rules
from bacao.redemption.models import Counter, Lease, Manifest, OfferPolicy, VoucherCode
from bacao.redemption.queries import (
    find_manifest,
    find_typed_code,
    get_limits,
    get_shop_key,
    get_tag_key,
    is_main_counter,
    keep_days,
    kept_anchors,
    list_clerks,
    list_held_vouchers,
    list_leased,
    list_live_codes,
    list_missing_numbers,
    list_policies,
    list_public_keys,
    list_terms_to_tell,
)
from bacao.redemption.rules import worth_of_use

from .attempts import both

HANDLE, DIGEST = 5, 8
CONTENTS_KEPT = 5


class RowsMissing(Refused):
    """Leases return after the rows: some are still on their way."""

    code = "rows_missing"
    text = Text("先上传这台手机上的记录。", "Send this phone's rows first.")


@transaction.atomic
def issue_manifest(*, counter: Counter, since: int, drawn: int, at: datetime) -> dict[str, Any]:
    """Return the manifest of a device: what changed since its manifest `since`, or everything.

    `drawn` = the highest number that the device has drawn for a row. The main phone of a place is given the leases.
    """
    counter = Counter.objects.select_for_update(of=("self",)).select_related("place").get(pk=counter.pk)
    codes = list_live_codes(counter.place_id, at)
    VoucherCode.objects.bulk_update(keep_days(codes, at), ["anchor_day", "anchors"], batch_size=500)
    limits = get_limits(counter.merchant_id)
    highest, missing = list_missing_numbers(counter.pk)
    if limits.serves_alone:
        _settle_leases(counter, codes, at)
    elif highest >= drawn and not missing:  # whatever it served with them is here
        Lease.objects.filter(counter=counter, returned_at=None).update(returned_at=at)
    terms = list_terms_to_tell(counter.place_id, [code.voucher.order.version_id for code in codes], at)
    policies = list_policies({each.offer_id for each in terms})
    asking = {each for each, policy in policies.items() if policy.asks_member}
    alone = counter.kind == Counter.Kind.PHONE and counter.frozen_at is None and limits.serves_alone
    typing = {each.version_id for each in terms if alone and _may_be_typed(each, policies.get(each.offer_id))}
    vouchers = _entries(counter, codes, {each.version_id: each for each in terms}, asking, typing)
    told = {handle: hashlib.sha256(msgspec.json.encode(entry)).digest()[:DIGEST] for handle, entry in vouchers.items()}
    earlier = find_manifest(counter.pk, since) if since else None
    before = _contents(earlier) if earlier else {}
    number = _store(counter, told, drawn, at)
    return {
        "outcome": "manifest",
        "number": number,
        "since": since if before else 0,
        "server_time": at.isoformat(timespec="milliseconds"),
        "valid_until": (at + timedelta(hours=limits.hours)).isoformat(timespec="milliseconds"),
        "device": str(counter.pk),
        "place": {"id": counter.place_id, "zh": counter.place.name_zh, "en": counter.place.name_en},
        "merchant": counter.merchant_id,
        "offline": alone,
        "caps": limits.as_caps().as_json(),
        "typing": _typing(counter) if typing else None,
        "vouchers": [entry for handle, entry in vouchers.items() if before.get(handle) != told[handle]],
        "gone": [handle.hex() for handle in before if handle not in told],
        "offers": _offers(terms, asking, at),
        "keys": [{"id": key_id, "public_key": rules.to_text(key)} for key_id, key in list_public_keys(at)],
        "shop": {"code": counter.code, "key": rules.to_text(get_shop_key(counter.pk))},
        "clerks": _clerks(counter),
        "highest_number": highest,
        "missing": missing,
    }


def return_leases(*, counter: Counter, handles: Collection[bytes], drawn: int, at: datetime) -> int:
    """Give leases back that another counter waits for; return how many. The device's rows must have arrived first.

    :raises RowsMissing: some of its numbers up to `drawn` are not here yet
    """
    highest, missing = list_missing_numbers(counter.pk)
    if highest < drawn or missing:
        raise RowsMissing
    rows = Lease.objects.filter(counter=counter, returned_at=None, voucher__code__handle__in=list(handles))
    return rows.update(returned_at=at)


def ask_lease(*, voucher_id: UUID, at: datetime) -> None:
    """Ask the holder of a lease for it; called outside the row's transaction, which is rolled back."""
    Lease.objects.filter(voucher=voucher_id, returned_at=None, asked_at=None).update(asked_at=at)


def ask_leases_of(*, user_id: int, place_id: int, at: datetime) -> set[UUID]:
    """Ask the holders of leases on somebody's vouchers at a place for them; return the vouchers that are held."""
    held = list_held_vouchers(user_id, place_id, at)
    if held:
        Lease.objects.filter(voucher__in=held, returned_at=None, asked_at=None).update(asked_at=at)
    return held


def keep_anchors(*, at: datetime, limit: int = 20_000) -> int:
    """Work out tomorrow's anchors of the places that have a device, so that no manifest has to; return how many."""
    places = Counter.objects.filter(revoked_at=None, manifest_at__gt=at - timedelta(days=7))
    done = 0
    for place_id in places.values_list("place", flat=True).distinct():
        changed = keep_days(list_live_codes(place_id, at), at)
        VoucherCode.objects.bulk_update(changed, ["anchor_day", "anchors"], batch_size=500)
        done += len(changed)
        if done >= limit:
            break
    return done


def _settle_leases(counter: Counter, codes: Sequence[VoucherCode], at: datetime) -> None:
    """Take back lapsed leases and those of vouchers that are gone; give the rest to the main phone."""
    if counter.kind != Counter.Kind.PHONE or not is_main_counter(counter):
        return
    here = [code.voucher_id for code in codes]
    open_leases = Lease.objects.filter(returned_at=None)
    open_leases.filter(counter=counter).exclude(voucher__in=here).update(returned_at=at)
    lapsed = open_leases.filter(voucher__in=here).exclude(counter=counter)
    lapsed.filter(counter__manifest_at__lt=at - rules.MANIFEST_LIFE).update(returned_at=at)
    held = set(open_leases.filter(voucher__in=here).values_list("voucher", flat=True))
    fresh = [
        Lease(voucher_id=voucher, merchant_id=counter.merchant_id, counter=counter, given_at=at)
        for voucher in here
        if voucher not in held
    ]
    Lease.objects.bulk_create(fresh, ignore_conflicts=True)


def _entries(
    counter: Counter, codes: Sequence[VoucherCode], terms: dict[int, Terms], asking: set[int], typing: set[int]
) -> dict[bytes, dict[str, Any]]:
    """Return what is told of each voucher by handle; those that the member confirms are online only (RD22).

    Those of the versions in `typing` carry a tag of their twelve digits (RD15).
    """
    leased, key = list_leased(counter.pk), get_tag_key(counter.merchant_id)
    together = count_usable_of_orders(code.voucher.order_id for code in codes)
    entries = {}
    for code in codes:
        voucher, version = code.voucher, terms[code.voucher.order.version_id]
        if version.offer_id in asking:
            continue
        entries[bytes(code.handle)] = {
            "handle": bytes(code.handle).hex(),
            "offer": version.offer_id,
            "version": version.version_id,
            "uses_left": voucher.uses_left,
            "uses_total": voucher.uses_total,
            "vouchers_left": together.get(voucher.order_id, 1),
            "worth_minor": worth_of_use(version),
            "valid_until": voucher.valid_until.isoformat(timespec="seconds"),
            "highest_step": code.highest_step,
            "leased": voucher.pk in leased,
            "anchors": {str(day): anchor.hex() for day, anchor in kept_anchors(code).items()},
        }
        if version.version_id in typing and (typed := find_typed_code(code)):
            entries[bytes(code.handle)]["typed"] = rules.typed_tag(key, typed)
    return entries


def _may_be_typed(terms: Terms, policy: OfferPolicy | None) -> bool:
    """Return whether typed digits may do without network for an offer; a bill is looked at when it is known."""
    return policy is not None and policy.typed_alone and rules.worth_of_use(terms) <= rules.TYPED_MOST_MINOR


def _typing(counter: Counter) -> dict[str, Any]:
    """Return what a phone checks typed digits with."""
    return {"key": rules.to_text(get_tag_key(counter.merchant_id)), "most_minor": rules.TYPED_MOST_MINOR}


def _offers(terms: Sequence[Terms], asking: set[int], at: datetime) -> list[dict[str, Any]]:
    """Return what the screen needs of each offer, and when those with hours of their own can be used."""
    overlay = get_calendar_overlay() if any(each.weekly_hours for each in terms) else {}
    return [_offer(each, each.offer_id in asking) | {"spans": _spans(each, overlay, at)} for each in terms]


def _spans(terms: Terms, overlay: Overlay, at: datetime) -> list[list[str]] | None:
    """Return the spans of the next days, None where an offer is good whenever the shop serves."""
    if not terms.weekly_hours:
        return None
    zone = timezone.get_default_timezone()
    spans = rules.spans_ahead(terms.weekly_hours, at, overlay=overlay, zone=zone)
    return [[start.isoformat(timespec="seconds"), end.isoformat(timespec="seconds")] for start, end in spans]


def _offer(terms: Terms, asks_member: bool) -> dict[str, Any]:
    """Return what the screen needs of an offer."""
    preview = rules.preview_of(terms, voucher="", uses_left=terms.uses, uses_total=terms.uses)
    return {
        "offer": terms.offer_id,
        "version": terms.version_id,
        "kind": terms.kind,
        "title": both(preview.title),
        "items": [{**both(name), "quantity": quantity} for name, quantity in preview.items],
        "terms": both(preview.terms),
        "needs_bill": terms.needs_bill,
        "threshold_minor": terms.threshold_minor,
        "face_minor": terms.face_minor,
        "percent_basis_points": terms.percent_basis_points,
        "cap_minor": terms.cap_minor,
        "worth_minor": worth_of_use(terms),
        "hours": terms.weekly_hours,
        "asks_member": asks_member,
    }


def _clerks(counter: Counter) -> list[dict[str, Any]]:
    return [
        {
            "id": clerk.pk,
            "name": clerk.name,
            "owner": clerk.is_owner,
            "salt": rules.to_text(bytes(clerk.salt)),
            "rounds": clerk.rounds,
            "verifier": rules.to_text(bytes(clerk.verifier)),
        }
        for clerk in list_clerks(counter.merchant_id, [counter.place_id])
    ]


def _contents(manifest: Manifest) -> dict[bytes, bytes]:
    """Return the digests that a manifest told, by handle."""
    raw, size = bytes(manifest.content), HANDLE + DIGEST
    return {raw[n : n + HANDLE]: raw[n + HANDLE : n + size] for n in range(0, len(raw), size)}


def _store(counter: Counter, told: dict[bytes, bytes], drawn: int, at: datetime) -> int:
    """Remember what was told; the contents of the last few manifests are kept, the moments of all."""
    number = (Manifest.objects.filter(counter=counter).aggregate(last=Max("number"))["last"] or 0) + 1
    content = b"".join(handle + digest for handle, digest in told.items())
    Manifest.objects.create(
        counter=counter, merchant_id=counter.merchant_id, number=number, drawn=drawn, content=content, issued_at=at
    )
    Manifest.objects.filter(counter=counter, number=number - CONTENTS_KEPT).update(content=b"")
    Counter.objects.filter(pk=counter.pk).update(manifest_at=at, contact_at=at)
    return number
