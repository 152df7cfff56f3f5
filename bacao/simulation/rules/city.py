"""The plan of the demo city: its shops, offers and notes as values, the same for the same seed."""

from collections import Counter
from dataclasses import dataclass, replace
from random import Random

from bacao.kit.text import Text

from . import people
from .geometry import PLANS, StreetLine, draw_streets, on_water, point_beside, river_outline, to_degrees
from .names import FAMILY, POETIC
from .trades import TRADES, Dish, Trade, leaf_of
from .writing import mood_of, write_note

SHOPS, NOTES, RESIDENTS, CREATORS = 2160, 3240, 420, 60
LAYOUT_COUNT = 13
CHAIN_SHARE = 0.07
ENGLISH_NOTES = 0.3
TITLE_REPEATS = 5


@dataclass(frozen=True)
class ShopPlan:
    """One shop. `appeal` is its weight in people's choice, `quality` the mean of its stars."""

    ref: str
    trade: Trade
    category: str
    merchant: int
    name: Text
    brand: str
    district: str
    street: StreetLine
    latitude: float
    longitude: float
    address: Text
    about: Text
    phone: str
    hours: str
    usual_minor: int
    tags: tuple[str, ...]
    menu: tuple[Dish, ...]
    cover: dict[str, object]
    appeal: float
    quality: float


@dataclass(frozen=True)
class OfferPlan:
    """One offer of the shop with this number, as `offers` wants its terms."""

    shop: int
    kind: str
    terms: dict[str, object]
    funders: tuple[tuple[str, int], ...]
    state: str


@dataclass(frozen=True)
class NotePlan:
    """One note by the author with this number about shops with these numbers, `age_hours` old."""

    author: int
    shops: tuple[int, ...]
    kind: str
    title: str
    body: str
    language: str
    cover: dict[str, object]
    disclosure: str
    age_hours: float
    saves: int


@dataclass(frozen=True)
class PersonPlan:
    """One resident; the first `CREATORS` of them write most notes."""

    phone: str
    name: str
    avatar: str
    bio: str
    language: str


@dataclass(frozen=True)
class CityPlan:
    """Everything that does not depend on the clock."""

    streets: tuple[StreetLine, ...]
    shops: tuple[ShopPlan, ...]
    offers: tuple[OfferPlan, ...]
    notes: tuple[NotePlan, ...]
    residents: tuple[PersonPlan, ...]


def plan_city(seed: int) -> CityPlan:
    """Return the whole plan; each part has its own stream of chance, so that a change of one leaves the others."""
    streets = tuple(line for plan in PLANS for line in draw_streets(plan, Random(f"{seed}:{plan.code}")))
    shops = plan_shops(Random(f"{seed}:shops"), streets)
    residents = plan_residents(Random(f"{seed}:people"))
    return CityPlan(
        streets,
        shops,
        plan_offers(Random(f"{seed}:offers"), shops),
        plan_notes(Random(f"{seed}:notes"), shops),
        residents,
    )


def plan_residents(random: Random) -> tuple[PersonPlan, ...]:
    """Return the people; phone numbers are from a block that belongs to nobody in the demo's sandbox."""
    handles = list(people.HANDLES)
    rows = []
    for number in range(RESIDENTS):
        handle = number < len(handles)
        name = handles[number] if handle else people.person_name(random)
        english = name in people.ENGLISH_HANDLES
        bio = people.tagline(random).say("en" if english else "zh") if number < CREATORS else ""
        rows.append(
            PersonPlan(
                f"+86139{10_000_000 + number * 7919 % 89_999_999:08d}", name, random.choice(people.AVATARS), bio,
                "en" if english else "zh-hans",
            )
        )  # fmt: skip
    return tuple(rows)


def _shop_name(random: Random, trade: Trade) -> tuple[Text, str]:
    """Return a name and the leaf of the category tree that goes with it."""
    ending = random.choice(trade.endings)
    first = random.choice(FAMILY if trade.family_names and random.random() < 0.7 else POETIC)
    return Text(first.zh + ending.zh, f"{first.en} {ending.en}"), leaf_of(trade, ending)


def plan_shops(random: Random, streets: tuple[StreetLine, ...]) -> tuple[ShopPlan, ...]:
    """Return the shops, no two with the same name but branches of a chain."""
    river = river_outline()
    trades = random.choices(TRADES, weights=[trade.share for trade in TRADES], k=SHOPS)
    streets_weighted = [1.8 if line.district in {"gulou", "hubin"} else 1.0 for line in streets]
    names: set[str] = set()
    chains: list[tuple[Text, str, int]] = []
    shops = [_showcase(random, streets)]
    names.add(shops[0].name.zh)
    for number, trade in enumerate(trades[1:], start=1):
        street = random.choices(streets, streets_weighted)[0]
        spot = point_beside(street.line, random)
        while on_water(spot, river):
            spot = point_beside(street.line, random)
        merchant, brand = number, ""
        name, leaf = _shop_name(random, trade)
        while name.zh in names:
            name, leaf = _shop_name(random, trade)
            if name.zh in names:
                name = Text(f"{street.name_zh}{name.zh}", f"{name.en} on {street.name_en}")
        names.add(name.zh)
        branches = [chain for chain in chains if chain[1] == leaf]
        if branches and random.random() < CHAIN_SHARE:
            base, _, merchant = random.choice(branches)
            branch = Text(f"{base.zh}（{street.name_zh}店）", f"{base.en} ({street.name_en})")
            if branch.zh not in names:
                names.add(branch.zh)
                name, brand = branch, base.zh
            else:
                merchant = number
        elif len(branches) < 3 and random.random() < 0.2:
            chains.append((name, leaf, number))
        shops.append(
            _plan_shop(random, number, trade, street, spot, name=name, leaf=leaf, brand=brand, merchant=merchant)
        )
    return tuple(shops)


def _showcase(random: Random, streets: tuple[StreetLine, ...]) -> ShopPlan:
    """Return the shop of the demo's owner: in the middle of town, open long, with all kinds of offers and guests."""
    trade, street = TRADES[0], streets[0]
    middle = street.line[len(street.line) // 2]
    name = Text("鹿里咖啡", "Luli Coffee")
    shop = _plan_shop(random, 0, trade, street, middle, name=name, leaf="roastery", brand="", merchant=0)
    return replace(shop, hours="Mo-Su 07:00-23:30", appeal=260.0, quality=4.8, tags=("quiet", "laptop", "pets"))


def _plan_shop(
    random: Random, number: int, trade: Trade, street: StreetLine, spot: tuple[float, float],
    *, name: Text, leaf: str, brand: str, merchant: int,
) -> ShopPlan:  # fmt: skip
    latitude, longitude = to_degrees(spot)
    district = next(plan for plan in PLANS if plan.code == street.district)
    door = random.randint(1, 288)
    menu = tuple(
        Dish(dish.name, max(300, round(dish.minor * random.uniform(0.85, 1.2) / 100) * 100))
        for dish in random.sample(trade.dishes, k=min(5, len(trade.dishes)))
    )
    star = menu[0].name
    about = random.choice(
        (
            Text(f"{street.name_zh}上的老店，{star.zh}最多人点。", f"A regular of {street.name_en}; most people come for the {star.en.lower()}."),
            Text(f"两口子开的小店，{star.zh}每天现做。", f"Run by a couple; the {star.en.lower()} is made fresh every day."),
            Text(f"从一张桌子开始，现在靠{star.zh}出名。", f"It began with one table and is now known for its {star.en.lower()}."),
            Text(f"{district.name_zh}附近上班的人常来。", f"People who work around {district.name_en} come often."),
        )
    )  # fmt: skip
    return ShopPlan(
        ref=f"shop/{number + 1}",
        trade=trade,
        category=leaf,
        merchant=merchant,
        name=name,
        brand=brand,
        district=street.district,
        street=street,
        latitude=latitude,
        longitude=longitude,
        address=Text(f"{district.name_zh}区{street.name_zh} {door} 号", f"{door} {street.name_en}, {district.name_en}"),
        about=about,
        phone=f"0500-{random.randint(8_000_000, 8_999_999)}",
        hours=random.choice(trade.hours),
        usual_minor=round(random.triangular(*trade.usual) / 1) * 100,
        tags=tuple(random.sample(trade.tags, k=random.randint(1, min(3, len(trade.tags))))),
        menu=menu,
        cover=_cover(random, trade, star.zh),
        appeal=random.paretovariate(1.25),
        quality=min(4.95, max(3.1, random.gauss(4.4, 0.32))),
    )


def _cover(random: Random, trade: Trade, line: str) -> dict[str, object]:
    return {
        "layout": random.randrange(LAYOUT_COUNT),
        "tint": (trade.tint + random.randint(-38, 38)) % 360,
        "emoji": random.sample(trade.emoji, k=random.randint(2, 4)),
        "line": line,
    }


def _round_price(minor: float) -> int:
    """Return a price that a shop would print: whole yuan, ending in 8 or 9 where it is above ¥30."""
    yuan = max(1, round(minor / 100))
    if yuan > 30:
        yuan = yuan // 10 * 10 + (8 if yuan % 10 < 9 else 9)
    return yuan * 100


def _funders(random: Random) -> tuple[tuple[str, int], ...]:
    platform = random.choices((0, 2000, 5000, 10000), (62, 18, 14, 6))[0]
    return tuple((party, share) for party, share in (("platform", platform), ("merchant", 10000 - platform)) if share)


def _package(random: Random, shop: ShopPlan) -> dict[str, object]:
    party = random.choice((1, 2, 2, 2, 4)) if shop.usual_minor > 2500 else random.choice((1, 1, 2))
    single = [dish for dish in shop.menu if not dish.name.zh.startswith(("双人", "四人", "早餐双人"))]
    dishes = random.sample(single, k=min(len(single), random.randint(2, 3)))
    items = [
        {"zh": d.name.zh, "en": d.name.en, "quantity": party if d.minor < 3500 else 1, "unit_minor": d.minor}
        for d in dishes
    ]
    worth = sum(int(item["quantity"]) * int(item["unit_minor"]) for item in items)  # type: ignore[call-overload]  # built just above
    size = {1: Text("单人", "for one"), 2: Text("双人", "for two"), 4: Text("四人", "for four")}[party]
    price = min(_round_price(worth * random.uniform(0.58, 0.84)), worth - 100)
    return {
        "title_zh": f"{size.zh}{dishes[0].name.zh}套餐", "title_en": f"{dishes[0].name.en} set {size.en}", "items": items,
        "list_minor": worth, "price_minor": price, "party_size": party, "cost_minor": round(worth * 0.38 / 100) * 100,
    }  # fmt: skip


def _voucher(random: Random, shop: ShopPlan) -> dict[str, object]:
    face = random.choice([f for f in (20, 30, 50, 100, 200) if f * 100 <= shop.usual_minor * 2] or [20]) * 100
    price = face - round(face * random.uniform(0.1, 0.24) / 100) * 100
    return {
        "title_zh": f"{face // 100} 元代金券", "title_en": f"Cash voucher worth {face // 100} yuan",
        "price_minor": price, "face_minor": face, "threshold_minor": face, "cost_minor": round(face * 0.4),
    }  # fmt: skip


def _percent(random: Random, shop: ShopPlan) -> dict[str, object]:
    off = random.choice((500, 1000, 1000, 1200, 1500, 2000))
    fold = f"{(10000 - off) / 1000:g}"
    return {
        "title_zh": f"到店 {fold} 折", "title_en": f"{off // 100}% off the bill", "percent_basis_points": off,
        "cap_minor": random.choice((None, 3000, 5000)), "threshold_minor": random.choice((0, 0, shop.usual_minor)),
    }  # fmt: skip


def _threshold(random: Random, shop: ShopPlan) -> dict[str, object]:
    floor = max(2000, round(shop.usual_minor * random.choice((0.8, 1.0, 1.6)) / 1000) * 1000)
    off = max(300, round(floor * random.uniform(0.1, 0.22) / 100) * 100)
    return {
        "title_zh": f"满 {floor // 100} 减 {off // 100}", "title_en": f"{off // 100} off bills from {floor // 100}",
        "threshold_minor": floor, "face_minor": off,
    }  # fmt: skip


def _card(random: Random, shop: ShopPlan) -> dict[str, object]:
    single = [dish for dish in shop.menu if "人" not in dish.name.zh] or list(shop.menu)
    dish = min(single, key=lambda d: abs(d.minor - shop.usual_minor))
    uses = random.choice((3, 5, 10))
    worth = dish.minor * uses
    price = min(_round_price(worth * random.uniform(0.62, 0.8)), worth - 100)
    return {
        "title_zh": f"{dish.name.zh} {uses} 次卡", "title_en": f"{dish.name.en}, {uses} times", "uses": uses,
        "list_minor": worth, "price_minor": price, "cost_minor": round(worth * 0.35 / 100) * 100, "valid_days": 180,
    }  # fmt: skip


MAKERS = {"package": _package, "voucher": _voucher, "percent_off": _percent, "threshold_off": _threshold, "card": _card}


def plan_offers(random: Random, shops: tuple[ShopPlan, ...]) -> tuple[OfferPlan, ...]:
    """Return two to four offers for nearly every shop."""
    offers: list[OfferPlan] = []
    for number, shop in enumerate(shops):
        keen = 0.3 if shop.trade.category in {"cafe", "tea", "wellness", "noodles"} else 0.08
        chances = {"package": 0.9, "voucher": 0.58, "percent_off": 0.5, "threshold_off": 0.42, "card": keen}
        for kind, chance in chances.items():
            if random.random() >= chance and number != 0:
                continue
            terms = MAKERS[kind](random, shop)
            if kind in {"package", "percent_off"} and random.random() < 0.15:
                terms["weekly_hours"] = random.choice(
                    ("Mo-Fr 11:00-14:00", "Mo-Th 17:00-22:00", "Sa,Su,PH 09:00-18:00")
                )
            if kind in {"package", "voucher", "card"}:
                terms["stock"] = random.choice((None, None, 60, 200, 500))
                terms["per_person"] = random.choice((None, None, 2, 5))
            state = "paused" if random.random() < 0.03 and number != 0 else "live"
            offers.append(OfferPlan(number, kind, terms, _funders(random), state))
    return tuple(offers)


def plan_notes(random: Random, shops: tuple[ShopPlan, ...]) -> tuple[NotePlan, ...]:
    """Return the notes; shops with more appeal are written about more."""
    weights = [min(shop.appeal, 6.0) ** 0.8 for shop in shops]  # one famous shop must not fill the wall
    notes: list[NotePlan] = []
    told: Counter[str] = Counter()
    for _ in range(NOTES):
        first = random.choices(range(len(shops)), weights)[0]
        shop = shops[first]
        mood = mood_of(shop.trade.category)
        chinese = random.random() >= ENGLISH_NOTES
        language = "zh" if chinese else "en"
        dish, other = random.sample(shop.menu, k=2)
        street = shop.street
        district = next(plan for plan in PLANS if plan.code == shop.district)
        slots = {
            "shop": shop.name.say(language), "dish": dish.name.say(language), "dish2": other.name.say(language),
            "price": str(dish.minor // 100), "usual": str(shop.usual_minor // 100),
            "street": street.name_zh if chinese else street.name_en, "district": district.name_zh if chinese else district.name_en,
        }  # fmt: skip
        title, body, line = write_note(random, mood, slots, chinese=chinese)
        for _ in range(4):  # a wall of equal headlines looks like a machine wrote it
            if told[title] < TITLE_REPEATS:
                break
            title, body, line = write_note(random, mood, slots, chinese=chinese)
        told[title] += 1
        near = [i for i in random.sample(range(len(shops)), k=12) if shops[i].district == shop.district and i != first]
        more = tuple(near[: random.choice((0, 0, 0, 1, 2))])
        notes.append(
            NotePlan(
                author=_author(random, chinese=chinese), shops=(first, *more),
                kind="guide" if more else ("food" if mood in {"eat", "drink", "night"} else "trip"),
                title=title, body=body, language="zh-hans" if chinese else "en", cover=_cover(random, shop.trade, line),
                disclosure="free_visit" if random.random() < 0.04 else "",
                age_hours=random.triangular(0.3, 60 * 24, 40), saves=int(random.paretovariate(1.1) * 3),
            )
        )  # fmt: skip
    return tuple(notes)


def _author(random: Random, *, chinese: bool) -> int:
    english = [i for i, name in enumerate(people.HANDLES) if name in people.ENGLISH_HANDLES]
    if not chinese and random.random() < 0.8:
        return random.choice(english)
    return min(int(random.expovariate(1 / 22)), RESIDENTS - 1)
