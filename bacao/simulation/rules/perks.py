"""What half of the shops offer on top: prices for members, quiet hours, tiers and subsidies that stand together.

Each shop has a stream of chance of its own, so nothing here moves the rest of the city.
"""

from collections.abc import Mapping
from random import Random

from .city import OfferPlan, ShopPlan

TOGETHER = {"stack_tags": ["together"], "stack_accepts": ["together"]}
MEMBER_KEY, STUDENT_KEY = "member:bacao", "student"
SHARED = (("platform", 6000), ("merchant", 4000))
SHOP_PAYS = (("merchant", 10000),)


def lets_stack(number: int) -> bool:
    """Return whether a shop lets its offers stand together; the demo's first shop does."""
    return number == 0 or Random(f"together {number}").random() < 0.55


def consent_of(offer: OfferPlan) -> Mapping[str, object]:
    """Return what an offer says of others beside it: one discount of the shop's own, and a voucher or two.

    Elsewhere some stand alone, and some sets are to be had nowhere else.
    """
    if offer.kind == "package":
        return {"only_here": Random(f"only here {offer.shop}").random() < 0.12}
    if offer.kind not in {"voucher", "percent_off", "threshold_off"}:
        return {}
    if not lets_stack(offer.shop):
        return {"stands_alone": Random(f"alone {offer.shop}").random() < 0.3}
    return {**TOGETHER, "units_per_bill": 2} if offer.kind == "voucher" else {**TOGETHER, "group": "discount"}


def plan_perks(shops: tuple[ShopPlan, ...]) -> tuple[OfferPlan, ...]:
    """Return the further offers, none of which is sold: they come off the bill by themselves."""
    perks: list[OfferPlan] = []
    for number, shop in enumerate(shops):
        random, consent = Random(f"perks {number}"), TOGETHER if lets_stack(number) else {}
        for make, chance in ((_member, 0.34), (_student, 0.12), (_quiet_hours, 0.2), (_tiers, 0.16), (_subsidy, 0.24)):
            if random.random() < chance or number == 0:
                kind, terms, funders = make(random, shop)
                perks.append(OfferPlan(number, kind, {**terms, **consent}, funders, "live"))
    return tuple(perks)


Perk = tuple[str, dict[str, object], tuple[tuple[str, int], ...]]


def _member(random: Random, shop: ShopPlan) -> Perk:
    off = random.choice((300, 500, 500, 800))
    fold = f"{(10000 - off) / 1000:g}"
    return "member", {
        "title_zh": f"拔草会员 {fold} 折", "title_en": f"Members: {off // 100}% off", "percent_basis_points": off,
        "audience_any": [[MEMBER_KEY]],
    }, SHOP_PAYS  # fmt: skip


def _student(random: Random, shop: ShopPlan) -> Perk:
    return "member", {
        "title_zh": "学生 9 折", "title_en": "Students: 10% off", "percent_basis_points": 1000, "cap_minor": 2000,
        "audience_any": [[STUDENT_KEY]],
    }, SHOP_PAYS  # fmt: skip


def _quiet_hours(random: Random, shop: ShopPlan) -> Perk:
    hours, zh, en = random.choice(
        (("Mo-Fr 14:00-17:00", "下午茶时段", "Afternoons"), ("Mo-Th 20:30-23:00", "晚间时段", "Late evenings"))
    )
    off = random.choice((1500, 2000, 2500))
    fold = f"{(10000 - off) / 1000:g}"
    return "time_slot", {
        "title_zh": f"{zh} {fold} 折", "title_en": f"{en}: {off // 100}% off", "percent_basis_points": off,
        "weekly_hours": hours,
    }, SHOP_PAYS  # fmt: skip


def _tiers(random: Random, shop: ShopPlan) -> Perk:
    first = max(3000, round(shop.usual_minor * 1.1 / 1000) * 1000)
    second = first * 2
    off, more = round(first * 0.1 / 100) * 100, round(second * 0.16 / 100) * 100
    return "threshold_off", {
        "title_zh": f"满 {first // 100} 减 {off // 100}，满 {second // 100} 减 {more // 100}",
        "title_en": f"{off // 100} off from {first // 100}, {more // 100} off from {second // 100}",
        "tiers": [[first, off], [second, more]], "group": "discount",
    }, SHOP_PAYS  # fmt: skip


def _subsidy(random: Random, shop: ShopPlan) -> Perk:
    if random.random() < 0.5:
        return "subsidy", {
            "title_zh": "城市消费补贴 9 折", "title_en": "City subsidy: 10% off", "percent_basis_points": 1000,
            "cap_minor": 800,
        }, SHARED  # fmt: skip
    return "subsidy", {
        "title_zh": "结伴补贴减 6", "title_en": "Come together: 6 off", "face_minor": 600,
        "threshold_minor": max(3000, shop.usual_minor), "party_min": 2,
    }, SHARED  # fmt: skip
