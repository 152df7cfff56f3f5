"""The counter's two questions: what does this code hold, and consume it (RD53, RD54)."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import connection, transaction
from django.utils import timezone

from bacao.kit.services import announce
from bacao.kit.text import Refused, Text
from bacao.ledger.services import post
from bacao.offers.rules import say_amount
from bacao.orders.rules import parts_of_uses
from bacao.orders.services import mark_used
from bacao.redemption import rules
from bacao.redemption.models import Redemption
from bacao.redemption.rules import Preview, Share, sentences

from .attempts import Answer, CannotRedeem, both, claim_key, make_answer, refusal, store_answer
from .examining import NOT_FOUND, Claim, Found, check_shape, examine
from .tries import check_tries, count_wrong_try

if TYPE_CHECKING:
    from bacao.accounts.models import User

# Free uses are chosen, consumed and answered in one statement; all of them or none. The caller holds the lock of the
# voucher, so nobody else is choosing; the unique constraint would refuse a second winner all the same.
CONSUME = """
    WITH chosen AS (
        SELECT number, count(redemption.id) AS cycle, row_number() OVER (ORDER BY number) AS turn
        FROM generate_series(1, %(uses_total)s) AS number
        LEFT JOIN redemption_redemption redemption
            ON redemption.voucher_id = %(voucher)s AND redemption.use_number = number
        LEFT JOIN redemption_undo undo ON undo.redemption_id = redemption.id
        GROUP BY number
        HAVING count(redemption.id) = count(undo.redemption_id) AND count(redemption.id) < %(most_cycles)s
        ORDER BY number LIMIT %(uses)s
    ), redeemed AS (
        INSERT INTO redemption_redemption (voucher_id, merchant_id, place_id, use_number, cycle, proof, key, clerk_id,
            bill_minor, charge_minor, discount_minor, paid_minor, ledger_id, redeemed_at)
        SELECT %(voucher)s, %(merchant)s, %(place)s, number, cycle, %(proof)s, %(key)s, %(clerk)s,
            %(bill)s, %(charge)s, (%(discounts)s::int[])[turn], (%(paid)s::int[])[turn], %(ledger)s, %(at)s
        FROM chosen WHERE (SELECT count(*) FROM chosen) = %(uses)s
        RETURNING id
    ), arrived AS (
        INSERT INTO redemption_arrival (place_id, user_id, note_id, redemption_id, kind, arrived_at)
        SELECT %(place)s, %(user)s, %(note)s, min(id), 'redemption', %(at)s FROM redeemed
        HAVING count(*) > 0 AND NOT EXISTS (
            SELECT 1 FROM redemption_arrival
            WHERE user_id = %(user)s AND place_id = %(place)s AND void_at IS NULL AND arrived_at > %(same_visit_since)s)
    ), stepped AS (
        UPDATE redemption_vouchercode SET highest_step = %(step)s
        WHERE voucher_id = %(voucher)s AND EXISTS (SELECT 1 FROM redeemed)
    ), answered AS (
        UPDATE redemption_attempt SET status = %(status)s, answer = %(answer)s
        WHERE merchant_id = %(merchant)s AND key = %(key)s
    )
    SELECT min(id) FROM redeemed HAVING count(*) > 0
"""


class MoreNeeded(Refused):
    """The clerk has to say something first: the bill, or how many uses. Nothing is stored; `preview` says of what."""

    status = 422

    def __init__(self, text: Text, code: str, preview: Preview) -> None:
        self.preview = preview
        super().__init__(text, code=code)


def prepare(
    *,
    merchant_id: int,
    token: str | None = None,
    typed: str | None = None,
    place_id: int | None = None,
    device: str = "",
    at: datetime,
) -> Preview:
    """Return what a code holds and consume nothing (X18). A code is a `token` (47 digits) or `typed` (12 digits).

    :raises WrongShape: it cannot be a code
    :raises TooManyTries: too many wrong codes were typed at this counter
    :raises CannotRedeem: the reason why it cannot be used now
    """
    claim = Claim(merchant_id, place_id, token, typed, at)
    check_shape(claim)
    if typed:
        check_tries(merchant_id=merchant_id, device=device, at=at)
    try:
        return examine(claim, lock=False).preview
    except CannotRedeem as reason:
        if reason.code == NOT_FOUND:
            count_wrong_try(merchant_id=merchant_id, device=device, at=at)
        raise


def redeem_voucher(
    *,
    merchant_id: int,
    place_id: int,
    clerk: "User | None",
    key: UUID,
    token: str | None = None,
    typed: str | None = None,
    bill_minor: int | None = None,
    uses: int | None = 1,
    device: str = "",
    at: datetime,
) -> Answer:
    """Consume a voucher exactly once and return what the clerk sees; the same key gives the same bytes for ever.

    `key` is made by the clerk's device for this press. `uses` None = the clerk was not asked yet. Business reasons
    against it are answers, too (404, 409). What is raised here is not stored, and the same key may be sent again.

    :raises WrongShape, TooManyTries: as `prepare`
    :raises MoreNeeded: the bill or the number of uses is missing
    :raises KeyMismatch: the key was used for another request
    """
    claim = Claim(merchant_id, place_id, token, typed, at)
    check_shape(claim)
    request = {"redeem": [place_id, token, typed, bill_minor, uses]}
    with transaction.atomic():
        # RD54: the key, the lock, the decision, the facts, the answer.
        if earlier := claim_key(merchant_id=merchant_id, key=key, request=request):
            return earlier
        if typed:
            check_tries(merchant_id=merchant_id, device=device, at=at)
        try:
            found = examine(claim, lock=True)
            answer = _consume(claim, found, _uses_wanted(found, uses), _bill_of(found, bill_minor), clerk, key)
        except CannotRedeem as reason:
            answer = store_answer(merchant_id=merchant_id, key=key, answer=refusal(reason))
    if answer.status == 404:
        count_wrong_try(merchant_id=merchant_id, device=device, at=at)
    return answer


def _bill_of(found: Found, bill_minor: int | None) -> int | None:
    """Return the bill that counts: none where the offer has no use for one."""
    terms = found.terms
    if not terms.needs_bill:
        return None
    if bill_minor is None:
        raise MoreNeeded(sentences.BILL_NEEDED, "bill_needed", found.preview)
    if bill_minor < max(terms.threshold_minor, 1):
        raise CannotRedeem(sentences.below_threshold(terms.threshold_minor, bill_minor), "below_threshold")
    return bill_minor


def _uses_wanted(found: Found, uses: int | None) -> int:
    if uses is None:
        if found.voucher.uses_left > 1:
            raise MoreNeeded(sentences.USES_NEEDED, "uses_needed", found.preview)
        return 1
    if not 1 <= uses <= found.voucher.uses_left:
        raise CannotRedeem(sentences.too_few_uses(found.voucher.uses_left), "too_few_uses")
    return uses


def _consume(claim: Claim, found: Found, uses: int, bill_minor: int | None, clerk: "User | None", key: UUID) -> Answer:
    """Write redemption, arrival, voucher, books and news, and return the stored answer."""
    voucher = found.voucher
    shares = rules.shares_of(
        found.terms,
        paid_parts=parts_of_uses(voucher.left_minor, voucher.uses_left)[:uses],
        first_use=voucher.uses_redeemed,
        bill_minor=bill_minor,
    )
    ledger_id = None
    if any(share.moves_money for share in shares):
        ledger_id = uuid5(NAMESPACE_OID, f"redemption {claim.merchant_id} {key}")
    answer = _success(claim, found, uses, bill_minor, key)
    redemption_id = _write(claim, found, bill_minor, clerk, key, shares, ledger_id, answer)
    if redemption_id is None:
        raise CannotRedeem(sentences.TOO_MANY_CYCLES, "too_many_cycles")
    mark_used(voucher=voucher, uses=uses, paid_minor=sum(share.paid_minor for share in shares))
    if ledger_id:
        post(
            id=ledger_id,
            kind="redeemed",
            entries=rules.entries_of(
                shares,
                order_id=str(voucher.order_id),
                offer_id=found.terms.offer_id,
                merchant_id=claim.merchant_id,
                fee_basis_points=found.code.merchant.platform_fee_basis_points,
            ),
            origin={"voucher": str(voucher.pk), "order": str(voucher.order_id), "key": str(key)},
            effective_at=claim.at,
        )
    announce(kind="redemption", ref_id=redemption_id)
    return answer


def _write(
    claim: Claim,
    found: Found,
    bill_minor: int | None,
    clerk: "User | None",
    key: UUID,
    shares: list[Share],
    ledger_id: UUID | None,
    answer: Answer,
) -> int | None:
    """Run the one statement; return the id of the first use consumed, None where not enough uses are free."""
    voucher = found.voucher
    with connection.cursor() as cursor:
        cursor.execute(
            CONSUME,
            {
                "voucher": voucher.pk,
                "uses_total": voucher.uses_total,
                "uses": len(shares),
                "most_cycles": rules.MOST_CYCLES,
                "merchant": claim.merchant_id,
                "place": claim.place_id,
                "proof": Redemption.Proof.CHAIN if claim.token else Redemption.Proof.TYPED,
                "key": key,
                "clerk": clerk.pk if clerk else None,
                "bill": bill_minor,
                "charge": rules.charge_of(found.terms, bill_minor),
                "discounts": [share.discount_minor for share in shares],
                "paid": [share.paid_minor for share in shares],
                "ledger": ledger_id,
                "at": claim.at,
                "user": voucher.user_id,
                "note": voucher.order.note_id,
                "same_visit_since": claim.at - rules.SAME_VISIT,
                "step": found.step,
                "status": answer.status,
                "answer": answer.body,
            },
        )
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _success(claim: Claim, found: Found, uses: int, bill_minor: int | None, key: UUID) -> Answer:
    """Return what fills the green screen: what to hand over and what to charge."""
    preview, charge = found.preview, rules.charge_of(found.terms, bill_minor)
    content: dict[str, Any] = {
        "redemption": str(key),
        "voucher": preview.voucher,
        "title": both(preview.title),
        "items": [{**both(name), "quantity": quantity} for name, quantity in preview.items],
        "terms": both(preview.terms),
        "charge_minor": charge,
        "bill_minor": bill_minor,
        "uses": uses,
        "uses_before": found.voucher.uses_left,
        "uses_after": found.voucher.uses_left - uses,
        "uses_total": preview.uses_total,
        "redeemed_at": timezone.localtime(claim.at).isoformat(timespec="seconds"),
        "undo_until": timezone.localtime(claim.at + rules.UNDO_WINDOW).isoformat(timespec="seconds"),
    }
    amount = say_amount(charge)
    text = (
        Text(f"收 {amount}", f"Charge {amount}") if charge else Text("已付清，不用收钱", "Paid already, charge nothing")
    )
    return make_answer(201, "redeemed", text, **content)
