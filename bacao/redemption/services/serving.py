"""Rows that come late: what is believed of them, and who bears a use that was served twice (RD32, RD33, RD38)."""

from dataclasses import replace
from datetime import datetime
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db.models import Max, Sum

from bacao.ledger.rules import Credit, Debit
from bacao.ledger.services import post
from bacao.places.queries import get_fee_basis_points
from bacao.redemption import rules
from bacao.redemption.models import Attempt, Counter, Lease, Manifest, Served
from bacao.redemption.queries import has_unproven_use

from .attempts import Answer
from .examining import UNPROVEN, Claim, WrongShape, check_shape, prove
from .finding import Loaded, find_voucher, get_terms_of
from .tenancy import leave_counter

BELIEVED_SECONDS = 60


def believe(claim: Claim) -> Claim:
    """Return the claim as it is to be judged: a row of a queue at its own moment, if that can be true."""
    row = claim.row
    if row is None or row.pressed_at is None:
        return claim
    if (claim.at - row.pressed_at).total_seconds() <= BELIEVED_SECONDS:
        return claim
    times = rules.RowTimes(
        pressed_at=row.pressed_at,
        received_at=claim.at,
        contact_before=_contact_before(row.counter_id, row.number),
        pressed_before=_pressed_before(row.counter_id, row.number),
        revoked_at=row.revoked_at,
    )
    believed = rules.is_believable(times)
    return replace(claim, late=True, believed=believed, moment=row.pressed_at if believed else None)


def freeze_device(*, counter_id: UUID, at: datetime) -> None:
    """End a phone's right to serve without network: one of its numbers came with two keys."""
    Counter.objects.filter(pk=counter_id, frozen_at=None).update(frozen_at=at)
    Lease.objects.filter(counter=counter_id, returned_at=None).update(returned_at=at)


def note_served(claim: Claim, key: UUID, answer: Answer, loaded: Loaded | None) -> Answer:
    """Write that a phone had shown green before it heard this answer, and book a conflict; return the answer.

    Once for each key, whenever the mark comes. It changes no answer.
    """
    row = claim.row
    if row is None or row.served_at is None or row.signature is None:
        return answer
    if Served.objects.filter(merchant=claim.merchant_id, key=key).exists():
        return answer
    if loaded is None:
        loaded = _find_again(claim)
    terms = get_terms_of(loaded.version_id, claim.merchant_id) if loaded else None
    worth = rules.worth_of_use(terms) if terms else 0
    served = Served(
        merchant_id=claim.merchant_id,
        key=key,
        counter_id=row.counter_id,
        served_at=row.served_at,
        body=row.body,
        signature=row.signature,
        user_id=loaded.user_id if loaded else None,
        worth_minor=worth,
    )
    leave_counter()
    if answer.outcome not in {"redeemed", "honoured"}:
        _settle(claim, served, loaded, answer)
    served.save(force_insert=True)
    return answer


def _settle(claim: Claim, served: Served, loaded: Loaded | None, answer: Answer) -> None:
    """Say who bears a conflict, and pay the shop where it is not the shop (RD33)."""
    row = claim.row
    assert row is not None and row.served_at is not None, "only what was served can be a conflict"
    served.payer = Served.Payer.MERCHANT
    if loaded is None:
        return
    pressed_at = row.pressed_at or row.served_at
    proven = False
    if claim.late and answer.outcome != rules.FORGED:
        terms = get_terms_of(loaded.version_id, claim.merchant_id)
        proven = prove(claim, replace(loaded, highest_step=-1), terms)[0] != UNPROVEN
        proven = proven and not has_unproven_use(loaded.voucher_id)
    served.payer = Served.Payer(
        rules.payer_of(
            proven=proven,
            pressed_at=pressed_at,
            worth_minor=served.worth_minor,
            exposure=_exposure(claim, served.key, pressed_at, loaded),
        )
    )
    if served.payer == Served.Payer.MEMBER and served.worth_minor:
        fee = served.worth_minor * get_fee_basis_points(claim.merchant_id) // 10000
        served.paid_minor = served.worth_minor - fee
        served.ledger_id = uuid5(NAMESPACE_OID, f"served {claim.merchant_id} {served.key}")
        post(
            id=served.ledger_id,
            kind="served_twice",
            entries=[
                Debit(f"asset.receivable.customer.{loaded.user_id}", served.worth_minor),
                Credit(f"liab.payable.merchant.{claim.merchant_id}", served.paid_minor),
                Credit("income.commission", fee),
            ],
            origin={"voucher": str(loaded.voucher_id), "key": str(served.key)},
            effective_at=claim.at,
        )


def _exposure(claim: Claim, key: UUID, pressed_at: datetime, loaded: Loaded) -> rules.Exposure:
    """Return what the device had served alone when it served this."""
    assert claim.row is not None
    counter = claim.row.counter_id
    manifests = Manifest.objects.filter(counter=counter, issued_at__lte=pressed_at + rules.CLOCK_SLACK)
    told_at = manifests.aggregate(last=Max("issued_at"))["last"]
    before = Served.objects.filter(counter=counter, served_at__lt=pressed_at).exclude(key=key)
    if told_at is not None:
        before = before.filter(served_at__gt=told_at)
    sums = before.aggregate(worth=Sum("worth_minor"))
    leases = Lease.objects.filter(counter=counter, voucher=loaded.voucher_id, given_at__lte=pressed_at)
    leased = leases.filter(returned_at=None).exists() or leases.filter(returned_at__gte=pressed_at).exists()
    return rules.Exposure(before.count(), sums["worth"] or 0, told_at, leased)


def _find_again(claim: Claim) -> Loaded | None:
    """Return the voucher of a row that was answered before."""
    try:
        by, code = check_shape(claim)
    except WrongShape:
        return None
    values = {
        "merchant": claim.merchant_id, "code": code, "manifests_since": claim.at, "agreed_since": claim.at,
    }  # fmt: skip
    return find_voucher(by, values)


def _contact_before(counter_id: UUID, number: int | None) -> datetime | None:
    """Return when a device last asked for a manifest while its numbers were below this one."""
    rows = Manifest.objects.filter(counter=counter_id, drawn__lt=number or 0)
    last: datetime | None = rows.aggregate(last=Max("issued_at"))["last"]
    return last


def _pressed_before(counter_id: UUID, number: int | None) -> datetime | None:
    """Return the latest moment of a row of a lower number."""
    rows = Attempt.objects.filter(counter=counter_id, number__lt=number or 0)
    last: datetime | None = rows.aggregate(last=Max("pressed_at"))["last"]
    return last
