"""Offers on a whole bill, of every kind, as shops might write them and as they would not."""

from random import Random
from typing import Any

from bacao.offers.rules import MEMBER, PERCENT_OFF, SUBSIDY, THRESHOLD_OFF, TIME_SLOT, VOUCHER, Terms

BILL_KINDS = (PERCENT_OFF, THRESHOLD_OFF, VOUCHER, MEMBER, TIME_SLOT, SUBSIDY)
TAGS = ("member", "weekday", "coupon")
PERCENTAGES = (500, 1000, 1500, 3333, 9999, 10000)


def random_terms(random: Random, number: int) -> Terms:
    """Return an offer on a bill of which only the amount need be known."""

    def round_amount(most: int) -> int:
        return random.choice((random.randint(1, most), random.randint(1, most // 100) * 100))

    kind = random.choice(BILL_KINDS)
    face = round_amount(20_000)
    some = [tuple(random.sample(TAGS, random.randint(0, 3))) for _ in range(2)]
    own: dict[str, Any] = {}
    if kind in (PERCENT_OFF, MEMBER, TIME_SLOT) or (kind == SUBSIDY and random.random() < 0.4):
        own = {"percent_basis_points": random.choice((*PERCENTAGES, random.randint(1, 9999)))}
        own["cap_minor"] = random.choice((None, None, 1, round_amount(10_000)))
    elif kind == VOUCHER:
        own = {
            "price_minor": max(1, face * random.randint(50, 110) // 100),
            "units_per_bill": random.choice((1, 1, 2, 3)),
        }
    elif kind == SUBSIDY and random.random() < 0.5:
        own = {"target_minor": round_amount(30_000), "cap_minor": random.choice((None, round_amount(5000)))}
    elif random.random() < 0.3:
        own = {"tiers": tuple(sorted((round_amount(40_000), round_amount(8000)) for _ in range(random.randint(1, 3))))}
    elif random.random() < 0.3:
        own = {"step_minor": round_amount(20_000), "max_times": random.randint(1, 3), "face_minor": round_amount(3000)}
    return Terms(
        offer_id=number, version_id=number, place_id=1, kind=kind,
        threshold_minor=random.choice((0, face, face * 2, round_amount(60_000))), rank=random.randrange(2),
        stands_alone=random.random() < 0.1, group=random.choice(("", "", "", "lunch")),
        stack_tags=some[0], stack_accepts=some[1],
        funders=random.choice(((("merchant", 10000),), (("platform", 3333), ("partner", 3333), ("merchant", 3334)))),
        **{"face_minor": face} | own,
    )  # fmt: skip
