"""The member scans the shop and redeems under their own login (RD16 to RD19), or agrees to a clerk's scan (RD22)."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from bacao.kit.services import take_token
from bacao.kit.text import Refused, Text
from bacao.orders.queries import list_vouchers_by_id
from bacao.redemption import rules
from bacao.redemption.models import Confirmation, Counter, OfferPolicy
from bacao.redemption.queries import find_counter_by_code, get_shop_key
from bacao.redemption.rules.shop import TURNS, confirmation_digits, is_live

from .attempts import Answer, CannotRedeem, Row
from .codes import ensure_codes
from .redeeming import redeem_own
from .tenancy import member_transaction
from .tries import TooFast

A_MINUTE = 10
AGREE = """
    INSERT INTO redemption_agreement (voucher_id, merchant_id, agreed_at)
    SELECT id, merchant_id, %(at)s FROM orders_voucher WHERE id = %(voucher)s AND user_id = %(user)s
"""


class CodeOld(Refused):
    """The shop's code is of an earlier minute: somebody photographed it."""

    code = "code_old"
    text = Text("店码过时了，请再扫一次柜台上的码。", "The shop's code is over; scan the one at the counter again.")
    status = 410


class NoSuchShop(Refused):
    """No counter has this code."""

    code = "not_found"
    text = Text("没有这个店码。", "There is no such shop code.")
    status = 404


class NotYourVoucher(Refused):
    """Somebody confirmed a voucher that is not theirs."""

    code = "not_found"
    text = Text("没有这张券。", "There is no such voucher.")
    status = 404


def get_counter_of_code(*, shop: str, live: str | None, at: datetime) -> Counter:
    """Return the counter whose code a member scanned. :raises NoSuchShop: none :raises CodeOld: not shown any more"""
    counter = find_counter_by_code(shop.upper())
    if counter is None or (live is None) != (counter.kind == Counter.Kind.STAND):
        raise NoSuchShop
    if live is not None and not is_live(get_shop_key(counter.pk), live, rules.step_at(at)):
        raise CodeOld
    return counter


def redeem_at_shop(
    *,
    shop: str,
    live: str | None,
    user_id: int,
    voucher_id: UUID,
    key: UUID,
    bill_minor: int | None = None,
    uses: int | None = 1,
    at: datetime,
) -> tuple[Answer, str]:
    """Consume a member's own voucher at the counter whose code they scanned; return the answer and the six digits.

    The key is asked first: a retry gets its answer although the code on the wall has moved on.
    :raises NoSuchShop, CodeOld: of the code :raises TooFast: more than ten a minute
    """
    if not take_token(key=f"shop-code:{user_id}", capacity=A_MINUTE, refill_per_second=A_MINUTE / 60, at=at):
        raise TooFast
    known = Confirmation.objects.filter(key=key).select_related("counter").first()
    counter = known.counter if known else get_counter_of_code(shop=shop, live=live, at=at)
    if live is None:
        _check_stand(voucher_id)
    own = list_vouchers_by_id([voucher_id]).get(voucher_id)
    if own and own.user_id == user_id:
        ensure_codes(vouchers=[own], at=at)  # it may have been bought a minute ago, and never been shown
    answer = redeem_own(
        merchant_id=counter.merchant_id,
        place_id=counter.place_id,
        user_id=user_id,
        voucher_id=voucher_id,
        key=key,
        bill_minor=bill_minor,
        uses=uses,
        row=Row(counter.pk),
        at=at,
    )
    return answer, _digits(counter, key, answer, known, at) if answer.outcome == "redeemed" else ""


def agree(*, voucher_id: UUID, user_id: int, at: datetime) -> None:
    """Let a member agree to a use of their voucher for the next minute (RD22). :raises NotYourVoucher:"""
    with member_transaction(user_id), connection.cursor() as cursor:
        cursor.execute(AGREE, {"voucher": voucher_id, "user": user_id, "at": at})
        if not cursor.rowcount:
            raise NotYourVoucher


def _check_stand(voucher_id: UUID) -> None:
    """Accept an offer that the shop allows at a printed code, which proves no presence (RD19)."""
    voucher = list_vouchers_by_id([voucher_id]).get(voucher_id)
    allowed = OfferPolicy.objects.filter(
        offer__versions__orders=voucher.order_id if voucher else None, at_stand=True
    ).exists()
    if not allowed:
        text = Text("这张券要用柜台上会变的店码。", "This voucher needs the changing code at the counter.")
        raise CannotRedeem(text, "not_at_stand")


def _digits(counter: Counter, key: UUID, answer: Answer, known: Confirmation | None, at: datetime) -> str:
    """Return the digits of a confirmation, the same for the same key; the n-th of its step takes the turn n."""
    charge = int(answer.content["charge_minor"])
    step = rules.step_at(at)
    while known is None:
        turn = Confirmation.objects.filter(counter=counter, step=step).count()
        if turn >= TURNS:
            return ""
        try:
            with transaction.atomic():
                known = Confirmation.objects.create(
                    merchant_id=counter.merchant_id, counter=counter, step=step, turn=turn, key=key
                )
        except IntegrityError:
            known = Confirmation.objects.filter(counter=counter, key=key).first()
    return confirmation_digits(get_shop_key(counter.pk), known.step, charge, known.turn)
