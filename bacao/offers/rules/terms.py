"""The terms of one offer version as a value, and one line that says them."""

from dataclasses import dataclass
from datetime import datetime

from bacao.kit.text import Text

PACKAGE, VOUCHER, PERCENT_OFF, THRESHOLD_OFF, CARD = KINDS = (
    "package",
    "voucher",
    "percent_off",
    "threshold_off",
    "card",
)
PLATFORM, PARTNER, MERCHANT = PARTIES = ("platform", "partner", "merchant")
"""Who may fund a discount, in the order in which odd minor units are handed out (PR4): no shop pays one."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a package: `quantity` units of something worth `unit_minor` each at list price."""

    zh: str
    en: str
    quantity: int
    unit_minor: int

    @property
    def name(self) -> Text:
        """Its name in both languages, the other one where one is missing."""
        return Text(self.zh or self.en, self.en or self.zh)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a version promises, with what is left of it. Amounts in minor units, shares in basis points.

    `funders` = ((party, basis points), ...), summing to 10000. `stock_left`: None = unlimited, 0 = none left (PR16).
    `price_minor` is paid before coming; percent-off and threshold-off cost nothing to take. Two offers stand together
    only where each accepts a tag of the other (PR20), and neither is `exclusive`.
    """

    offer_id: int
    version_id: int
    place_id: int
    kind: str
    title_zh: str = ""
    title_en: str = ""
    terms_zh: str = ""
    terms_en: str = ""
    items: tuple[Item, ...] = ()
    price_minor: int = 0
    list_minor: int = 0
    face_minor: int = 0
    percent_basis_points: int = 0
    threshold_minor: int = 0
    cap_minor: int | None = None
    uses: int = 1
    party_size: int = 1
    stock: int | None = None
    stock_left: int | None = None
    per_person: int | None = None
    per_order: int = 10
    sale_from: datetime | None = None
    sale_until: datetime | None = None
    valid_days: int = 90
    weekly_hours: str = ""
    exclusive: bool = False
    stack_tags: tuple[str, ...] = ()
    stack_accepts: tuple[str, ...] = ()
    funders: tuple[tuple[str, int], ...] = ((MERCHANT, 10000),)

    @property
    def worth_minor(self) -> int:
        """What one unit is worth at list price: the discount of a sale is this less `price_minor`."""
        if self.kind == VOUCHER:
            return self.face_minor
        return self.list_minor if self.kind in (PACKAGE, CARD) else 0

    @property
    def promise(self) -> Text:
        """What it promises in a few words, for templates."""
        return describe(self)

    @property
    def needs_bill(self) -> bool:
        """Whether the counter must type the bill before it knows what to charge."""
        return self.kind in (VOUCHER, PERCENT_OFF, THRESHOLD_OFF)


def say_amount(minor: int) -> str:
    """Return minor units as people write them: 1800 -> ¥18, 1850 -> ¥18.5, 1855 -> ¥18.55."""
    whole, cents = divmod(abs(minor), 100)
    tail = f".{cents:02d}".rstrip("0") if cents else ""
    return f"{'-' if minor < 0 else ''}¥{whole:,}{tail}"


def describe(terms: Terms) -> Text:
    """Return the promise in a few words: 8.5 折 / 15 % off, ¥88 抵 ¥100 / ¥100 for ¥88, ..."""
    price, face, floor = say_amount(terms.price_minor), say_amount(terms.face_minor), say_amount(terms.threshold_minor)
    if terms.kind == VOUCHER:
        return Text(f"{price} 抵 {face}", f"{face} for {price}")
    if terms.kind == THRESHOLD_OFF:
        return Text(f"满 {floor} 减 {face}", f"{face} off from {floor}")
    if terms.kind == CARD:
        return Text(f"{terms.uses} 次 {price}", f"{terms.uses} uses for {price}")
    if terms.kind == PERCENT_OFF:
        points = terms.percent_basis_points
        zh = f"{(10000 - points) / 1000:g} 折" if points < 10000 else "免单"
        en = f"{points / 100:g}% off"
        if terms.threshold_minor:
            zh, en = f"满 {floor} {zh}", f"{en} from {floor}"
        if terms.cap_minor is not None:
            cap = say_amount(terms.cap_minor)
            zh, en = f"{zh}，最多减 {cap}", f"{en}, at most {cap}"
        return Text(zh, en)
    if terms.party_size > 1:
        return Text(f"{terms.party_size} 人餐 {price}", f"{price} for {terms.party_size}")
    return Text(f"套餐 {price}", f"Set for {price}")
