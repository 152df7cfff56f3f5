"""What a counter may do alone, and what the server believes of it afterwards (RD28 to RD33). Pure."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from bacao.offers.rules import Terms

MANIFEST_LIFE = timedelta(hours=24)
CLOCK_SLACK = timedelta(seconds=120)
SCAN_STEPS = 2
TYPED_MOST_MINOR = 10_000
MEMBER, MERCHANT = "member", "merchant"


@dataclass(frozen=True, slots=True)
class Caps:
    """How much a device may serve since its last manifest, after the floor limits of EMV: items and minor units.

    Above soft it presses for the network, above hard it needs it; a single unleased item is at most `item_minor`.
    """

    soft_items: int = 10
    soft_minor: int = 30_000
    hard_items: int = 50
    hard_minor: int = 150_000
    item_minor: int = 10_000

    def as_json(self) -> dict[str, int]:
        """Return the caps as the manifest says them."""
        return asdict(self)


CAPS = Caps()


@dataclass(frozen=True, slots=True)
class RowTimes:
    """When a device says that it scanned, and what the server knows of its other moments."""

    pressed_at: datetime
    received_at: datetime
    contact_before: datetime | None
    """when the device last asked for a manifest, with a lower number"""
    pressed_before: datetime | None
    """the latest press of a row with a lower number"""
    revoked_at: datetime | None


def is_believable(times: RowTimes) -> bool:
    """Return whether a late row can have been pressed when it says (RD32)."""
    pressed = times.pressed_at
    if pressed > times.received_at + CLOCK_SLACK:
        return False
    if times.revoked_at is not None and pressed >= times.revoked_at:
        return False
    earlier = [at for at in (times.contact_before, times.pressed_before) if at is not None]
    return all(pressed >= at - CLOCK_SLACK for at in earlier)


def worth_of_use(terms: Terms) -> int:
    """Return what one use counts against the caps, in minor units: the most that the shop could lose by it."""
    if terms.needs_bill:
        return terms.face_minor or terms.cap_minor or terms.threshold_minor
    return -(-terms.worth_minor // max(terms.uses, 1))


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a device had served alone since its manifest, before the row in question."""

    items: int
    worth_minor: int
    manifest_at: datetime | None
    leased: bool


def payer_of(*, proven: bool, pressed_at: datetime, worth_minor: int, exposure: Exposure) -> str:
    """Return who bears a conflict (RD33): the member where the device kept to the rules, else the merchant.

    Kept to the rules = proven, a manifest of at most 24 hours, within the hard caps, a single item small or leased.
    """
    fresh = exposure.manifest_at is not None and pressed_at <= exposure.manifest_at + MANIFEST_LIFE + CLOCK_SLACK
    within = (
        exposure.items + 1 <= CAPS.hard_items
        and exposure.worth_minor + worth_minor <= CAPS.hard_minor
        and (exposure.leased or worth_minor <= CAPS.item_minor)
    )
    return MEMBER if proven and fresh and within else MERCHANT


def may_type_alone(*, allowed: bool, ended_at: datetime | None, pressed_at: datetime, worth_minor: int) -> bool:
    """Return whether digits typed without network count (RD15): the shop allows it, and they are worth little.

    A phone may not have heard yet that it was switched off at `ended_at`: its last manifest lives for a day.
    """
    told = allowed or (ended_at is not None and pressed_at < ended_at + MANIFEST_LIFE + CLOCK_SLACK)
    return told and worth_minor <= TYPED_MOST_MINOR
