"""A made-up city of any size, from a seed: the same streets whatever the number of shops, offers that shops make."""

from random import Random

import numpy as np

from bacao.discovery.index.asking import Query
from bacao.discovery.index.columns import NEW, OFFER, OWED, PACKAGE, SHOP, UNITS_UNLIMITED, Frame, Raw, Spans, Stacking
from bacao.discovery.index.offers import order_number
from bacao.offers.rules import EVERYONE, Audience
from bacao.offers.rules.steps import CASH, FIXED, PERCENT

MIDNIGHT = 29_730_240 + 16 * 60  # a Thursday, 00:00 in Shanghai, in minutes since 1970, UTC
DAY = 1440
HORIZON = (MIDNIGHT - DAY, MIDNIGHT + 8 * DAY)
CENTRES = 60
DM_PER_DEGREE = 1_111_950.8
ORIGIN = (31.23, 121.47)
BRANCHES = ("food", "cafes", "shops", "fun")
LEAVES = 26
TAGS = ("quiet", "date", "terrace", "late", "wifi", "view", "kids", "pets")
KEYS = tuple(f"member:{letter}" for letter in "abcdefgh")
AUDIENCES = (EVERYONE, *(Audience(((key,),)) for key in KEYS))
ORDERS = [order_number(*place, 0) for place in ((3, 1), (3, 4), (4, 6), (1, 0))]
STACKINGS: tuple[Stacking, ...] = (
    (frozenset(), frozenset()),
    (frozenset({"percent"}), frozenset({"fixed"})),
    (frozenset({"fixed"}), frozenset({"percent"})),
)
DAILY = [  # minutes of the day
    [(360, 840)], [(630, 840), (1020, 1290)], [(600, 1320)], [(1080, 1560)], [(0, 1440)], [(540, 1260)],
]  # fmt: skip


def make_frame(random: np.random.Generator) -> Frame:
    categories = [(code, "") for code in BRANCHES]
    categories += [(f"leaf-{i}", BRANCHES[i % len(BRANCHES)]) for i in range(LEAVES)]
    medians = np.rint(np.exp(random.normal(np.log(60), 0.5, len(categories)))) * 100
    return Frame(*ORIGIN, tuple(categories), tuple(int(m) for m in medians), TAGS, KEYS)


def positions(count: int, random: np.random.Generator) -> np.ndarray:
    """Return metres east and north of the origin: thick centres, a thin background, malls on one spot."""
    centres = np.clip(random.normal(0, 14_000, (CENTRES, 2)), -38_000, 38_000)
    weight = np.minimum((w := random.pareto(1.6, CENTRES) + 0.35) / w.sum(), 0.06)
    weight /= weight.sum()
    spread = np.clip(np.sqrt(weight * 0.8e6 / (2 * np.pi * random.uniform(700, 2300, CENTRES))) * 1000, 600, 6000)
    chosen = random.choice(CENTRES, count, p=weight)
    at = centres[chosen] + random.normal(0, 1, (count, 2)) * spread[chosen][:, None]
    thin = random.random(count) < 0.2
    at[thin] = random.normal(0, 22_000, (thin.sum(), 2))
    mall = random.random(count) < 0.12
    at[mall] = np.round(at[mall] / 500) * 500 + random.normal(0, 30, (mall.sum(), 2))
    return np.clip(at, -40_000, 40_000)


def opening_patterns() -> dict[int, Spans]:
    """Return 432 patterns over nine days: six kinds of day, nine shifts, none or one of seven days off."""
    patterns = {}
    for kind, spans in enumerate(DAILY):
        for shift in range(9):
            for off in range(8):
                moved = [(a + (shift - 4) * 15, b + (shift - 4) * 15) if kind != 4 else (a, b) for a, b in spans]
                patterns[1 + (kind * 9 + shift) * 8 + off] = tuple(
                    (MIDNIGHT + day * DAY + a, MIDNIGHT + day * DAY + b)
                    for day in range(-1, 8)
                    if off == 7 or day % 7 != off
                    for a, b in moved
                )
    return patterns


def time_windows() -> tuple[Spans, ...]:
    """Return the times offers keep: always, lunch, evening, four days of the nine, and a sale that ends."""
    daily = [(660, 840), (1020, 1260), (840, 1020)]
    spans: list[Spans] = [()]
    for a, b in daily:
        spans.append(tuple((MIDNIGHT + d * DAY + a, MIDNIGHT + d * DAY + b) for d in range(-1, 8)))
    spans.append(tuple((MIDNIGHT + d * DAY, MIDNIGHT + (d + 1) * DAY) for d in (0, 1, 2, 3)))
    spans.append(((HORIZON[0], MIDNIGHT + 3 * DAY + 600),))
    return tuple(spans)


def make_offers(shops: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return up to six offers a shop, with the round amounts that shops choose."""
    count = random.choice(7, len(shops), p=[0.25, 0.20, 0.20, 0.15, 0.10, 0.06, 0.04])
    row = np.repeat(np.arange(len(shops)), count)
    offers = np.zeros(len(row), OFFER)
    usual = np.maximum(shops["usual_minor"][row], 2000)
    kind = random.choice(4, len(row), p=[0.35, 0.25, 0.15, 0.25])
    threshold = np.rint(usual * random.uniform(1, 4, len(row)) / 1000) * 1000
    percent, capped = random.integers(1, 9, len(row)) * 500, random.random(len(row)) < 0.2
    cap = np.where(capped, random.integers(1, 9, len(row)) * 1000, -1)
    fixed = np.maximum(np.rint(threshold * random.uniform(0.08, 0.35, len(row)) / 500) * 500, 500)
    face = np.maximum(np.rint(usual * random.uniform(0.8, 2.0, len(row)) / 1000), 1) * 1000
    party = random.choice([1, 2, 3, 4], len(row), p=[0.3, 0.5, 0.1, 0.1])
    worth = np.rint(usual * party * random.uniform(0.9, 1.2, len(row)) / 100) * 100
    price = np.rint(worth * random.uniform(0.55, 0.9, len(row)) / 100) * 100
    offers["offer_id"], offers["shop_id"] = np.arange(len(row)) + 1, shops["shop_id"][row]
    offers["op"], offers["order"] = np.choose(kind, [PERCENT, FIXED, CASH, PACKAGE]), np.array(ORDERS)[kind]
    offers["rate"] = np.choose(kind, [percent, fixed, face, price])
    offers["second"] = np.choose(kind, [cap, 0, np.rint(face * 0.88 / 100) * 100, worth])
    offers["threshold"] = np.choose(kind, [np.where(random.random(len(row)) < 0.7, 1, threshold), threshold, 1, 1])
    offers["party"] = np.where(kind == 3, party, 1)
    offers["units"] = np.where(random.random(len(row)) < 0.8, UNITS_UNLIMITED, random.integers(1, 10, len(row)))
    offers["audience"] = np.where(random.random(len(row)) < 0.1, random.integers(1, len(KEYS) + 1, len(row)), 0)
    offers["window"] = np.where(random.random(len(row)) < 0.25, random.integers(1, 6, len(row)), 0)
    offers["stands_alone"] = random.random(len(row)) < 0.1
    stacks = (random.random(len(row)) < 0.25) & (kind < 2)
    offers["stacking"] = np.where(stacks, kind + 1, 0)
    return offers


def try_new_places(shops: np.ndarray, random: np.random.Generator) -> None:
    """Let one shop in fifty be new, some of them owed exposures."""
    new = random.random(len(shops)) < 0.02
    shops["trial"][new] = random.choice((NEW, OWED), new.sum(), p=(0.7, 0.3))
    shops["trial_examined"][new] = random.integers(0, 60, new.sum()) * 100
    shops["trial_arrivals"][new] = random.poisson(shops["trial_examined"][new] / 2000)


def make_city(count: int, seed: int = 7) -> tuple[Raw, Frame]:
    """Return the rows and the frame of a city."""
    random = np.random.default_rng(seed)
    frame = make_frame(random)
    shops = np.zeros(count, SHOP)
    at = positions(count, random)
    shops["shop_id"] = random.permutation(count) + 1
    shops["latitude"] = ORIGIN[0] + at[:, 1] * 10 / DM_PER_DEGREE
    shops["longitude"] = ORIGIN[1] + at[:, 0] * 10 / (DM_PER_DEGREE * np.cos(np.radians(ORIGIN[0])))
    shops["category"] = len(BRANCHES) + random.choice(LEAVES, count, p=(w := 1 / np.arange(1, LEAVES + 1)) / w.sum())
    shops["tags"] = np.bitwise_or.reduce([(random.random(count) < 0.15).astype(int) << bit for bit in range(8)])
    shops["hours"] = np.where(random.random(count) < 0.05, 0, random.integers(1, 433, count))
    usual = np.array(frame.medians)[shops["category"]] * np.exp(random.normal(0, 0.45, count))
    shops["usual_minor"] = np.where(random.random(count) < 0.03, 0, np.rint(usual / 100) * 100)
    shops["reviews"] = np.minimum(random.geometric(0.05, count) - 1, 300) * (random.random(count) < 0.6)
    stars = np.clip(np.rint(random.normal(430, 40, count) / 5) * 5, 100, 500)
    shops["stars"] = np.where(shops["reviews"] > 0, stars, -1)
    shops["arrivals"] = np.where(random.random(count) < 0.5, random.geometric(0.04, count), 0)
    try_new_places(shops, np.random.default_rng(seed + 1))
    raw = Raw(
        shops,
        make_offers(shops, random),
        opening_patterns(),
        time_windows(),
        STACKINGS,
        HORIZON,
        audiences=AUDIENCES,
        keys=KEYS,
    )
    return raw, frame


def make_queries(raw: Raw, frame: Frame, count: int, radius_m: int, seed: int = 11) -> list[Query]:
    """Return questions from beside random shops, so dense places are asked about more often."""
    random = Random(seed)
    return [_query(random, raw, frame, radius_m) for _ in range(count)]


def _query(random: Random, raw: Raw, frame: Frame, radius_m: int) -> Query:
    shop = raw.shops[random.randrange(len(raw.shops))]
    minute = random.choice((750, 1110, 900)) + int(random.gauss(0, 80))
    fitting = {int(raw.shops["shop_id"][random.randrange(len(raw.shops))]): random.choice((200, 400)) for _ in range(9)}
    fitting |= {int(shop["shop_id"]): 400}
    return Query(
        latitude=float(shop["latitude"]) + random.gauss(0, 0.0014),
        longitude=float(shop["longitude"]) + random.gauss(0, 0.0016),
        radius_m=radius_m,
        minute=MIDNIGHT + random.randrange(7) * DAY + min(max(minute, 0), 1439),
        party=random.choice((1, 1, 2, 2, 2, 3, 4, 6)),
        category=random.choice(frame.categories)[0] if random.random() < 0.4 else None,
        tags=frozenset(random.sample(TAGS, random.choice((1, 1, 2)))) if random.random() < 0.2 else frozenset(),
        budget_minor=random.randint(40, 150) * 100 if random.random() < 0.25 else None,
        open_now=random.random() < 0.85,
        keys=frozenset(key for key in KEYS if random.random() < 0.2),
        fit=fitting if random.random() < 0.3 else {},
    )
