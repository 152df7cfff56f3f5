"""What the wallet shows of a voucher: where, until when, what happens at the counter, usable now or not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils import timezone

from bacao.kit.calendar import Overlay
from bacao.kit.queries import get_calendar_overlay
from bacao.kit.text import Text
from bacao.offers.queries import list_terms
from bacao.offers.rules import CARD, PACKAGE, Terms, say_amount
from bacao.redemption.queries import list_last_redemptions
from bacao.redemption.rules import next_start
from bacao.redemption.rules.sentences import say_when
from bacao.web.cards import PlaceNow, look_at_places

if TYPE_CHECKING:
    from bacao.orders.models import Voucher
    from bacao.redemption.models import Redemption
    from bacao.web.cards import Point


class Group(StrEnum):
    """The parts of the wallet, in order."""

    NOW = "now"
    LATER = "later"
    USED = "used"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Pass:
    """A voucher in the wallet. `starts_at` = when it can be used next, where that is not now."""

    voucher: "Voucher"
    terms: Terms
    now: PlaceNow
    group: Group
    starts_at: datetime | None
    last: "Redemption | None"
    at: datetime

    @property
    def is_usable(self) -> bool:
        """Whether it has a code to show."""
        return self.group in (Group.NOW, Group.LATER)

    @property
    def last_day(self) -> datetime:
        """The last instant of the last day on which it can be used: `valid_until` is the midnight after."""
        return self.voucher.valid_until - timedelta(microseconds=1)

    @property
    def is_card(self) -> bool:
        """Whether it is used several times."""
        return self.voucher.uses_total > 1

    @property
    def starts(self) -> Text | None:
        """When it can be used next, as people say it."""
        if self.starts_at is None:
            return None
        return say_when(timezone.localtime(self.starts_at), timezone.localtime(self.at))

    @property
    def at_the_counter(self) -> Text:
        """What happens with money at the counter (U12)."""
        if self.terms.kind == CARD:
            return Text("每次到店都不用再付", "Nothing to pay, each time")
        if self.terms.kind == PACKAGE:
            paid = say_amount(self.voucher.paid_minor)
            return Text(f"已付 {paid}，到店不用再付", f"{paid} paid, nothing to pay there")
        promise = self.terms.promise
        return Text(f"{promise.zh}：报出账单，按减后的付", f"{promise.en}: pay the bill less that")

    @property
    def used_where(self) -> Text | None:
        """When and where it was last used, and what is left of a card."""
        if self.last is None or (when := self.used_when) is None:
            return Text("用在一张账单里", "Used for a bill") if self.voucher.uses_redeemed else None
        place = self.last.place
        zh, en = place.name_zh or place.name_en, place.name_en or place.name_zh
        left = self.voucher.uses_left
        rest = Text(f"，还剩 {left} 次", f", {left} left") if self.is_card else Text("", "")
        return Text(f"{when.zh}，在{zh}{rest.zh}", f"{when.en} at {en}{rest.en}")

    @property
    def used_when(self) -> Text | None:
        """When it was last used, as people say it."""
        if self.last is None:
            return None
        return say_when(timezone.localtime(self.last.redeemed_at), timezone.localtime(self.at))


def make_passes(vouchers: Sequence["Voucher"], *, at: datetime, where: "Point") -> list[Pass]:
    """Return a pass for each voucher: usable ones first, the nearest shop first, then what ends first.

    The number of statements does not grow with the number of vouchers.
    """
    terms = list_terms({voucher.order.version_id for voucher in vouchers})
    places = look_at_places((voucher.order.place for voucher in vouchers), at=at, where=where)
    last = list_last_redemptions([voucher.pk for voucher in vouchers if voucher.uses_redeemed])
    overlay = get_calendar_overlay() if vouchers else {}
    passes = []
    for voucher in vouchers:
        now, version = places[voucher.order.place_id], terms[voucher.order.version_id]
        group, starts_at = _group_of(voucher, version, now, at, overlay)
        passes.append(Pass(voucher, version, now, group, starts_at, last.get(voucher.pk), at))
    return sorted(passes, key=_rank)


def by_group(passes: Iterable[Pass]) -> Mapping[str, list[Pass]]:
    """Return the passes by group, every group named."""
    groups: dict[str, list[Pass]] = {group: [] for group in Group}
    for one in passes:
        groups[one.group].append(one)
    return groups


def _rank(one: Pass) -> tuple[int, float, float]:
    """Order by group; usable ones by distance and end, past ones by the latest first."""
    order = list(Group).index(one.group)
    if one.is_usable:
        return order, round(one.now.distance_m), one.voucher.valid_until.timestamp()
    return order, -(one.last.redeemed_at if one.last else one.voucher.issued_at).timestamp(), 0


def _group_of(
    voucher: "Voucher", terms: Terms, now: PlaceNow, at: datetime, overlay: Overlay
) -> tuple[Group, datetime | None]:
    if not voucher.uses_left:
        return (Group.GONE if voucher.uses_refunded else Group.USED), None
    if at >= voucher.valid_until:
        return Group.GONE, None
    zone = timezone.get_default_timezone()
    if terms.weekly_hours and (start := next_start(terms.weekly_hours, at, overlay=overlay, zone=zone)) != at:
        return Group.LATER, start
    if now.is_shut and now.place.hours:
        start = next_start(now.place.hours.expression, at, overlay=overlay, zone=zone)
        return (Group.LATER, start) if start != at else (Group.NOW, None)
    return (Group.LATER if now.is_shut else Group.NOW), None
