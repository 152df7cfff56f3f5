"""From what was shown or typed to a voucher that may be used now, or to the reason why not."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.utils import timezone

from bacao.kit.calendar import DayKind
from bacao.kit.queries import get_calendar_overlay
from bacao.kit.text import Refused, Text
from bacao.offers.queries import list_terms
from bacao.offers.rules import Terms
from bacao.redemption import rules
from bacao.redemption.models import VoucherCode
from bacao.redemption.queries import find_last_redemption, get_anchors, get_keys
from bacao.redemption.rules import Preview, sentences

from .attempts import CannotRedeem

if TYPE_CHECKING:
    from bacao.orders.models import Voucher
    from bacao.places.models import Place

NOT_FOUND = "not_found"
CALENDAR_SECONDS = 60


class WrongShape(Refused):
    """What was read or typed cannot be a code; nothing is looked up, nothing is stored."""

    code = "wrong_shape"
    text = sentences.NO_CODE
    status = 422


@dataclass(frozen=True, slots=True)
class Claim:
    """A request at the counter: who asks where, and what was shown (`token`, 47 digits) or typed (12 digits)."""

    merchant_id: int
    place_id: int | None
    token: str | None
    typed: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """A voucher that may be used now, with all that consuming it needs; `step` becomes its highest."""

    code: VoucherCode
    terms: Terms
    step: int

    @property
    def voucher(self) -> "Voucher":
        """The voucher itself, with its order and place."""
        return self.code.voucher

    @property
    def preview(self) -> Preview:
        """What the clerk is shown of it."""
        voucher = self.voucher
        return rules.preview_of(
            self.terms, voucher=str(voucher.pk), uses_left=voucher.uses_left, uses_total=voucher.uses_total
        )


def check_shape(claim: Claim) -> None:
    """Accept one live token or one typed code with its check digit. :raises WrongShape: for anything else"""
    if claim.token:
        token = rules.decode_token(claim.token)
        good = token is not None and token.version == rules.BC2 and not claim.typed
    else:
        good = bool(claim.typed) and rules.is_typed_code(claim.typed or "") and not rules.is_practice(claim.typed or "")
    if not good:
        raise WrongShape(sentences.NO_CODE if claim.token else sentences.TYPED_WRONG)


def examine(claim: Claim, *, lock: bool) -> Found:
    """Return the voucher of a claim; with `lock` its row and its code's are held until the transaction ends.

    An unknown code and another merchant's get the same answer.
    :raises CannotRedeem: with the reason
    """
    code = _find_code(claim, lock)
    if code is None:
        raise CannotRedeem(sentences.NOT_FOUND, NOT_FOUND, 404)
    verdict = _verify(claim, code)
    if verdict.verdict in PROOF_FAILS:
        raise CannotRedeem(PROOF_FAILS[verdict.verdict], verdict.verdict)
    _check_shop(claim, code)
    _check_unused(claim, code)
    if verdict.verdict == rules.REPLAYED:
        raise CannotRedeem(sentences.REPLAYED, rules.REPLAYED)
    version_id = code.voucher.order.offer_version_id
    terms = list_terms([version_id])[version_id]
    _check_hours(terms, claim.at)
    step = code.highest_step if verdict.step is None else verdict.step
    return Found(code, terms, step)


PROOF_FAILS = {rules.FORGED: sentences.FORGED, rules.OLD: sentences.OLD, rules.EARLY: sentences.EARLY}


def _find_code(claim: Claim, lock: bool) -> VoucherCode | None:
    codes = VoucherCode.objects.select_related("voucher__order__place", "merchant").filter(merchant=claim.merchant_id)
    if lock:
        codes = codes.select_for_update(of=("self", "voucher"))
    if token := rules.decode_token(claim.token or ""):
        return codes.filter(handle=token.handle).first()
    return codes.filter(typed_hash=rules.look_up_hash(get_keys().look_up, claim.merchant_id, claim.typed or "")).first()


def _verify(claim: Claim, code: VoucherCode) -> rules.Verdict:
    """Judge a shown value; twelve digits that were found need no further proof online."""
    token, now = rules.decode_token(claim.token or ""), rules.step_at(claim.at)
    if token is None:
        return rules.Verdict(rules.OK, None)
    anchors = get_anchors(code, rules.days_near(now))
    return rules.verify(token.handle, token.value, anchors, now=now, highest=code.highest_step)


def _check_shop(claim: Claim, code: VoucherCode) -> None:
    place = code.voucher.order.place
    if claim.place_id is not None and place.pk != claim.place_id:
        raise CannotRedeem(sentences.wrong_shop(_name_of(place)), "wrong_shop")


def _check_unused(claim: Claim, code: VoucherCode) -> None:
    """Accept a voucher with uses left and before its end."""
    voucher, now = code.voucher, timezone.localtime(claim.at)
    if not voucher.uses_left:
        last = find_last_redemption(voucher.pk)
        if voucher.uses_refunded or last is None:
            raise CannotRedeem(sentences.REFUNDED, "refunded")
        when = sentences.say_when(timezone.localtime(last.redeemed_at), now)
        clerk = last.clerk.display_name if last.clerk else ""
        text = sentences.already_redeemed(when, _name_of(last.place), clerk)
        raise CannotRedeem(text, "already_redeemed")
    if claim.at >= voucher.valid_until:
        until = sentences.say_when(timezone.localtime(voucher.valid_until), now)
        raise CannotRedeem(sentences.expired(until), "expired")


def _check_hours(terms: Terms, at: datetime) -> None:
    """Accept an instant inside the offer's own weekly hours; an offer without any is good whenever the shop serves."""
    if not terms.weekly_hours:
        return
    start = rules.next_start(terms.weekly_hours, at, overlay=_calendar(), zone=timezone.get_default_timezone())
    if start == at:
        return
    when = sentences.say_when(timezone.localtime(start), timezone.localtime(at)) if start else None
    raise CannotRedeem(sentences.not_now(terms.weekly_hours, when), "not_now")


def _calendar() -> dict[date, DayKind]:
    """Return the operator's words on dates, at most a minute old: the counter has no statement to spare for them."""
    return cache.get_or_set("redemption.calendar", get_calendar_overlay, CALENDAR_SECONDS) or {}


def _name_of(place: "Place") -> Text:
    return Text(place.name_zh or place.name_en, place.name_en or place.name_zh)
