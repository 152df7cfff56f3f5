"""From what was shown or typed to a voucher that may be used now, or to the reason why not."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone

from bacao.kit.calendar import DayKind
from bacao.kit.queries import get_calendar_overlay
from bacao.kit.text import Refused, Text
from bacao.offers.rules import Terms, discount_on_bill
from bacao.redemption import rules
from bacao.redemption.queries import find_last_use, find_policy, get_keys, list_public_keys
from bacao.redemption.rules import Preview, Verdict, sentences

from .attempts import CannotRedeem, Row
from .finding import Loaded, get_terms_of
from .tenancy import as_house

NOT_FOUND = "not_found"
CALENDAR_SECONDS = 60
AGREEMENT_SECONDS = 60
CHAIN, SIGNED, TYPED, UNPROVEN, SHOP, INCIDENT = "chain", "signed", "typed", "unproven", "shop", "incident"


class WrongShape(Refused):
    """What was read or typed cannot be a code; nothing is looked up, nothing is stored."""

    code = "wrong_shape"
    text = sentences.NO_CODE
    status = 422


class Waiting(Refused):
    """Not now, but in a moment: the same key is sent again (202, nothing is stored).

    `waiting_for_member`: the member has to confirm on their phone (RD22). `waiting_for_counter`: another counter of
    the shop may use the voucher without network and is asked to give that right back (RD28).
    """

    status = 202

    def __init__(self, text: Text, code: str, voucher_id: UUID) -> None:
        self.voucher_id = voucher_id
        super().__init__(text, code=code)


@dataclass(frozen=True, slots=True)
class Claim:
    """A request at the counter: who asks where and when, and what was shown (`token`) or typed (12 digits).

    `voucher_id` instead: its owner, signed in, uses it themselves by the shop's code. `moment` = when it was pressed,
    where that is to be believed, else now; `late` = it comes from a queue; `believed` = its moment is. `honour` = the
    last word on the screen where no code could be read and the price is honoured all the same (RD45).
    """

    merchant_id: int
    place_id: int | None
    token: str | None
    typed: str | None
    at: datetime
    voucher_id: UUID | None = None
    user_id: int | None = None
    row: Row | None = None
    moment: datetime | None = None
    late: bool = False
    believed: bool = True
    honour: str = ""
    handle: bytes = b""

    @property
    def when(self) -> datetime:
        """The instant at which it is judged."""
        return self.moment or self.at


@dataclass(frozen=True, slots=True)
class Found:
    """A voucher that may be used now, with all that consuming it needs; `step` becomes its highest."""

    loaded: Loaded
    terms: Terms
    step: int
    proof: str

    @property
    def preview(self) -> Preview:
        """What the clerk is shown of it."""
        loaded = self.loaded
        return rules.preview_of(
            self.terms, voucher=str(loaded.voucher_id), uses_left=loaded.uses_left, uses_total=loaded.uses_total
        )


def check_shape(claim: Claim) -> tuple[str, Any]:
    """Return how the voucher is looked up. :raises WrongShape: neither a live token nor digits that check"""
    if claim.voucher_id:
        return "voucher", claim.voucher_id
    if claim.honour and len(claim.handle) == rules.HANDLE_BYTES and not claim.token and not claim.typed:
        return "handle", claim.handle
    if claim.token and not claim.typed:
        token = rules.decode_token(claim.token)
        if token is not None and token.version == rules.BC2:
            return "handle", token.handle
        signed = rules.decode_signed(claim.token)
        if signed is not None:
            return "handle", signed.head.handle
        raise WrongShape(sentences.NO_CODE)
    typed = claim.typed or ""
    if claim.token or not rules.is_typed_code(typed) or rules.is_practice(typed):
        raise WrongShape(sentences.NO_CODE if claim.token else sentences.TYPED_WRONG)
    return "typed", rules.look_up_hash(get_keys().look_up, claim.merchant_id, typed)


def judge(claim: Claim, loaded: Loaded | None) -> Found:
    """Return the voucher of a claim as one that may be used. An unknown code and another merchant's sound the same.

    :raises CannotRedeem: with the reason
    :raises Waiting: for the member's consent, or for another counter
    """
    if loaded is None or (claim.user_id is not None and claim.user_id != loaded.user_id):
        raise CannotRedeem(sentences.NOT_FOUND, NOT_FOUND, 404)
    terms = get_terms_of(loaded.version_id, claim.merchant_id)
    proof, verdict = prove(claim, loaded, terms)
    if verdict.verdict in PROOF_FAILS:
        raise CannotRedeem(PROOF_FAILS[verdict.verdict], verdict.verdict)
    if claim.place_id is not None and loaded.place_id != claim.place_id:
        raise CannotRedeem(sentences.wrong_shop(loaded.place_name), "wrong_shop")
    _check_unused(claim, loaded)
    if verdict.verdict == rules.REPLAYED:
        raise CannotRedeem(sentences.REPLAYED, rules.REPLAYED)
    _check_hours(terms, claim)
    if not claim.late and not claim.honour:
        _check_free(claim, loaded)
    step = loaded.highest_step if verdict.step is None else max(verdict.step, loaded.highest_step)
    return Found(loaded, terms, step, proof)


PROOF_FAILS = {rules.FORGED: sentences.FORGED, rules.OLD: sentences.OLD, rules.EARLY: sentences.EARLY}


def prove(claim: Claim, loaded: Loaded, terms: Terms) -> tuple[str, Verdict]:
    """Return what is shown for it, and how a shown value stands; digits that were found need no more, online."""
    if claim.honour:
        return INCIDENT, Verdict(rules.OK, None)
    if claim.voucher_id:
        return SHOP, Verdict(rules.OK, None)
    if claim.typed:
        return (UNPROVEN if claim.late else TYPED), Verdict(rules.OK, None)
    signed = rules.decode_signed(claim.token or "")
    if signed is not None:
        if not _is_signed_for(signed, loaded, terms, claim.at):
            return SIGNED, Verdict(rules.FORGED, None)
        proof, value = SIGNED, signed.value
    else:
        token = rules.decode_token(claim.token or "")
        assert token is not None, "its shape was checked"
        proof, value = CHAIN, token.value
    step = rules.step_at(claim.when)
    key = get_keys().chain
    days = {*rules.days_near(step)}
    if claim.late:  # what waited for a network may have been shown yesterday, whenever it says it was
        now = rules.step_at(claim.at)
        days |= {*rules.days_near(now), *rules.days_near(now - rules.STEPS_PER_DAY)}
    seeds = {day: rules.day_seed(key, loaded.voucher_id.bytes, loaded.epoch, day) for day in days}
    verdict = rules.verify_by_seed(
        loaded.handle, value, seeds, now=step, highest=loaded.highest_step, kept=loaded.anchors
    )
    if not claim.late:
        return proof, verdict
    if verdict.step is None:
        return UNPROVEN, verdict
    proven = claim.believed and verdict.verdict == rules.OK
    return (proof if proven else UNPROVEN), Verdict(rules.OK, verdict.step)


def _is_signed_for(signed: rules.SignedToken, loaded: Loaded, terms: Terms, at: datetime) -> bool:
    """Return whether a signed head is ours, and of this voucher's offer."""
    key = dict(list_public_keys(at)).get(signed.head.key_id)
    mine = signed.head.offer == terms.offer_id % (1 << 24)
    return key is not None and mine and rules.is_head_signed(signed, key)


def _check_unused(claim: Claim, loaded: Loaded) -> None:
    """Accept a voucher with uses left and before its end."""
    now = timezone.localtime(claim.at)
    if not loaded.uses_left:
        with as_house(claim.merchant_id):
            last = find_last_use(loaded.voucher_id)
        if loaded.uses_refunded or last is None:
            raise CannotRedeem(sentences.REFUNDED, "refunded")
        when = sentences.say_when(timezone.localtime(last.redeemed_at), now)
        raise CannotRedeem(sentences.already_redeemed(when, last.place, last.clerk), "already_redeemed")
    if claim.when >= loaded.valid_until:
        until = sentences.say_when(timezone.localtime(loaded.valid_until), now)
        raise CannotRedeem(sentences.expired(until), "expired")


def _check_hours(terms: Terms, claim: Claim) -> None:
    """Accept an instant inside the offer's own weekly hours; an offer without any is good whenever the shop serves."""
    if not terms.weekly_hours:
        return
    overlay = _calendar(claim.merchant_id)
    start = rules.next_start(terms.weekly_hours, claim.when, overlay=overlay, zone=timezone.get_default_timezone())
    if start == claim.when:
        return
    when = sentences.say_when(timezone.localtime(start), timezone.localtime(claim.at)) if start else None
    raise CannotRedeem(sentences.not_now(terms.weekly_hours, when), "not_now")


def _check_free(claim: Claim, loaded: Loaded) -> None:
    """Accept a voucher that waits for nobody: no member's consent, no lease of another counter."""
    if loaded.waits_for_member and claim.voucher_id is None:
        raise Waiting(sentences.WAITING_FOR_MEMBER, "waiting_for_member", loaded.voucher_id)
    here = claim.row.counter_id if claim.row else None
    if loaded.leased_to is not None and loaded.leased_to != here:
        raise Waiting(sentences.WAITING_FOR_COUNTER, "waiting_for_counter", loaded.voucher_id)


def check_typed_alone(claim: Claim, found: Found, uses: int, bill_minor: int | None) -> None:
    """Accept digits that a phone took without network where the shop allows that and they are worth little (RD15)."""
    if not claim.typed or found.proof != UNPROVEN:
        return
    terms = found.terms
    with as_house(claim.merchant_id):
        policy = find_policy(terms.offer_id)
    worth = discount_on_bill(terms, bill_minor or 0) if terms.needs_bill else rules.worth_of_use(terms) * uses
    assert claim.row is not None and claim.row.pressed_at is not None, "only rows of a queue come late"
    if policy is None or not rules.may_type_alone(
        allowed=policy.typed_alone,
        ended_at=policy.typed_ended_at,
        pressed_at=claim.row.pressed_at,
        worth_minor=worth,
    ):
        raise CannotRedeem(sentences.TYPED_ALONE, "typed_alone")


def _calendar(merchant_id: int) -> dict[date, DayKind]:
    """Return the operator's words on dates, at most a minute old: the counter has no statement to spare for them."""
    overlay: dict[date, DayKind] | None = cache.get("redemption.calendar")
    if overlay is None:
        with as_house(merchant_id):
            overlay = get_calendar_overlay()
        cache.set("redemption.calendar", overlay, CALENDAR_SECONDS)
    return overlay
