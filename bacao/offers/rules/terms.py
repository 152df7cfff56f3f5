"""The terms of one offer version as a value, and one line that says them."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime

from bacao.kit.text import Text

PACKAGE, VOUCHER, PERCENT_OFF, THRESHOLD_OFF, CARD, MEMBER, TIME_SLOT, SUBSIDY = KINDS = (
    "package",
    "voucher",
    "percent_off",
    "threshold_off",
    "card",
    "member",
    "time_slot",
    "subsidy",
)
LAYERS = {
    PACKAGE: 1,
    TIME_SLOT: 1,
    CARD: 1,
    MEMBER: 2,
    PERCENT_OFF: 3,
    THRESHOLD_OFF: 3,
    VOUCHER: 4,
    SUBSIDY: 5,
}
"""In which layer of the calculation a kind is applied (ruleset pr-1)."""
PLATFORM, PARTNER, MERCHANT = PARTIES = ("platform", "partner", "merchant")
"""Who may fund a discount, in the order in which odd minor units are handed out (PR4): no shop pays one."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a package: `quantity` units of something worth `unit_minor` each at list price."""

    zh: str
    en: str
    quantity: int
    unit_minor: int
    key: str = ""

    @property
    def ref(self) -> str:
        """What a line of a bill calls it: its key, or its name where it has none."""
        return self.key or self.zh or self.en

    @property
    def name(self) -> Text:
        """Its name in both languages, the other one where one is missing."""
        return Text(self.zh or self.en, self.en or self.zh)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may have an offer (PR11): whoever holds all keys of one of `any_of` and none of `none_of`; empty = everyone.

    Keys are opaque strings, `source:name` or a bare name: `member:plan-a`, `new:store`, `student`.
    """

    any_of: tuple[tuple[str, ...], ...] = ()
    none_of: tuple[str, ...] = ()

    def admits(self, held: Set[str]) -> bool:
        """Return whether somebody who holds these keys may have it."""
        if self.none_of and not held.isdisjoint(self.none_of):
            return False
        return not self.any_of or any(held >= frozenset(keys) for keys in self.any_of)

    def admitted_by(self, held: Set[str]) -> tuple[str, ...]:
        """Return the keys that let somebody in: the first list held whole; nothing where everyone may come in."""
        return next((keys for keys in self.any_of if held >= frozenset(keys)), ())

    def missing(self, held: Set[str]) -> tuple[str, ...]:
        """Return the fewest keys that somebody lacks; nothing where a key in the hand keeps them out."""
        lacks = [tuple(key for key in keys if key not in held) for keys in self.any_of]
        return min(lacks, key=len, default=())

    @property
    def keys(self) -> frozenset[str]:
        """Every key that it names."""
        return frozenset(self.none_of).union(*self.any_of)


EVERYONE = Audience()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a version promises, with what is left of it. Amounts in minor units, shares in basis points.

    `funders` = ((party, basis points), ...), summing to 10000. `price_minor` is paid before coming; only packages,
    vouchers and cards have one. Two offers stand together only where each accepts a tag of the other (PR20), neither
    `stands_alone`, and they do not share a `group` (PR21). `rank` = place among equals of a layer (section 7).

    What a kind takes off: `percent_basis_points`, or `face_minor`, or `tiers` = ((from, off), ...) rising, or
    `face_minor` for each full `step_minor`, at most `max_times`; or down to `target_minor`: of each unit of `items`
    for member and time_slot, of the bill for subsidy; never more than `cap_minor`. `threshold_minor` and tiers look
    at the list prices, or at what is left of them where `threshold_on_running` (PR10). Lines of
    `excluded_categories` are out of reach. `units_per_bill` = so many vouchers on one bill (PR8).

    Limits: None = none, 0 = nothing left (PR16): `stock_left` units, `budget_left_minor`, `per_person` units for
    `person_period` (ever, day, week, month, or rolling: any `person_days` in a row), `per_day` units, `per_slot`
    seats, `per_order`, `party_min` to `party_max` people.
    When: bought from `sale_from` until `sale_until`; used from `use_from` until `use_until`, in `weekly_hours`, never
    on `blackout_dates` (PR12).
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
    only_here: bool = False
    stands_alone: bool = False
    stack_tags: tuple[str, ...] = ()
    stack_accepts: tuple[str, ...] = ()
    funders: tuple[tuple[str, int], ...] = ((MERCHANT, 10000),)
    audience: Audience = EVERYONE
    rank: int = 0
    group: str = ""
    threshold_on_running: bool = False
    tiers: tuple[tuple[int, int], ...] = ()
    step_minor: int = 0
    max_times: int = 1
    target_minor: int | None = None
    units_per_bill: int = 1
    list_only: bool = False
    excluded_categories: tuple[str, ...] = ()
    party_min: int = 1
    party_max: int | None = None
    person_period: str = "ever"
    person_days: int | None = None
    per_day: int | None = None
    per_slot: int | None = None
    budget_minor: int | None = None
    budget_day_minor: int | None = None
    budget_week_minor: int | None = None
    budget_left_minor: int | None = None
    use_from: datetime | None = None
    use_until: datetime | None = None
    blackout_dates: tuple[date, ...] = ()

    @property
    def worth_minor(self) -> int:
        """What one unit is worth at list price: the discount of a sale is this less `price_minor`."""
        if self.kind == VOUCHER:
            return self.face_minor
        return self.list_minor if self.kind in (PACKAGE, CARD) else 0

    @property
    def has_budget(self) -> bool:
        """Whether what it takes off is counted, in all or by day or week."""
        return not (self.budget_minor is self.budget_day_minor is self.budget_week_minor is None)

    @property
    def most_off_minor(self) -> int | None:
        """The most that it takes off one bill, whatever the bill is; None where that has no end."""
        if self.cap_minor is not None:
            return self.cap_minor
        if self.tiers:
            return self.tiers[-1][1]
        return self.face_minor * (self.max_times if self.step_minor else 1) or None

    @property
    def promise(self) -> Text:
        """What it promises in a few words, for templates."""
        return describe(self)

    @property
    def title(self) -> Text:
        """Its name in both languages, the other one where one is missing."""
        return Text(self.title_zh or self.title_en, self.title_en or self.title_zh)

    @property
    def needs_bill(self) -> bool:
        """Whether the counter must type the bill before it knows what to charge."""
        return self.kind not in (PACKAGE, CARD)

    @property
    def is_for_bill(self) -> bool:
        """Whether it applies to a whole bill, of which only the amount need be known."""
        return self.needs_bill and not self.items


def say_amount(minor: int) -> str:
    """Return minor units as people write them: 1800 -> ¥18, 1850 -> ¥18.5, 1855 -> ¥18.55."""
    whole, cents = divmod(abs(minor), 100)
    tail = f".{cents:02d}".rstrip("0") if cents else ""
    return f"{'-' if minor < 0 else ''}¥{whole:,}{tail}"


def describe(terms: Terms) -> Text:
    """Return the promise in a few words: 8.5 折 / 15% off, ¥88 抵 ¥100 / ¥100 for ¥88, ..."""
    price = say_amount(terms.price_minor)
    if terms.kind == VOUCHER:
        face = say_amount(terms.face_minor)
        return Text(f"{price} 抵 {face}", f"{face} for {price}")
    if terms.kind == CARD:
        return Text(f"{terms.uses} 次 {price}", f"{terms.uses} uses for {price}")
    if terms.kind == PACKAGE:
        if terms.party_size > 1:
            return Text(f"{terms.party_size} 人餐 {price}", f"{price} for {terms.party_size}")
        return Text(f"套餐 {price}", f"Set for {price}")
    said = _what_comes_off(terms)
    if terms.cap_minor is not None:
        cap = say_amount(terms.cap_minor)
        said = Text(f"{said.zh}，最多减 {cap}", f"{said.en}, at most {cap}")
    prefix = PREFIXES.get(terms.kind, Text("", ""))
    return Text(prefix.zh + said.zh, prefix.en + said.en)


PREFIXES = {
    MEMBER: Text("会员 ", "Members: "),
    TIME_SLOT: Text("时段价 ", "Off-peak: "),
    SUBSIDY: Text("补贴 ", "Subsidy: "),
}


def _what_comes_off(terms: Terms) -> Text:
    face, floor = say_amount(terms.face_minor), say_amount(terms.threshold_minor)
    if terms.tiers:
        tiers = [(say_amount(least), say_amount(off)) for least, off in terms.tiers]
        return Text(
            " ".join(f"满 {least} 减 {off}" for least, off in tiers),
            ", ".join(f"{off} off from {least}" for least, off in tiers),
        )
    if terms.step_minor:
        step, times = say_amount(terms.step_minor), terms.max_times
        return Text(f"每满 {step} 减 {face}，最多 {times} 次", f"{face} off every {step}, up to {times} times")
    if terms.percent_basis_points:
        points = terms.percent_basis_points
        zh = f"{(10000 - points) / 1000:g} 折" if points < 10000 else "免单"
        en = f"{points / 100:g}% off"
    elif terms.target_minor is not None:
        target = say_amount(terms.target_minor)
        zh, en = (f"{target} 一份", f"{target} each") if terms.items else (f"只付 {target}", f"pay only {target}")
    else:
        zh, en = f"减 {face}", f"{face} off"
    return Text(f"满 {floor} {zh}", f"{en} from {floor}") if terms.threshold_minor else Text(zh, en)
