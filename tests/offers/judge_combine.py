"""Every allowed set of offers, one by one: the judge of the search, sharing no code with it; and random carts."""

from dataclasses import dataclass, replace
from itertools import combinations
from random import Random

from bacao.offers.rules.combine import NO_CAP, Candidate, Line, Op


@dataclass
class Tally:
    """A bill as the judge keeps it: what is open of each line, and four sums."""

    open: dict[int, int]
    cost: int
    left: int
    burn: int = 0
    bought: int = 0


def share_out(amount: int, weights: dict[int, int]) -> dict[int, int]:
    total = sum(weights.values())
    if not total:
        return dict.fromkeys(weights, 0)
    parts = {line: amount * weight // total for line, weight in weights.items()}
    by_rest = sorted(weights, key=lambda line: (-(amount * weights[line] % total), line))
    for line in by_rest[: amount - sum(parts.values())]:
        parts[line] += 1
    return parts


def new_cash(c: Candidate) -> int:
    return c.price_minor * max(c.units - c.owned, 0)


def judge_apply(tally: Tally, c: Candidate, lists: dict[int, int]) -> Tally | None:
    mine = {line: tally.open[line] for line in c.lines}
    at_list = sum(lists[line] for line in c.lines)
    reach = sum(mine.values()) if c.threshold_on_running else at_list
    if c.op == Op.COVER:
        return _cover(tally, c)
    if c.op == Op.LINE_PRICE:
        return _price_lines(tally, c, mine)
    if c.op == Op.VOUCHER:
        return _cash_in(tally, c, mine) if reach >= c.threshold_minor * c.units else None
    return _discount(tally, c, mine, at_list, reach) if reach >= c.threshold_minor else None


def _cover(tally: Tally, c: Candidate) -> Tally | None:
    covered = dict(c.cover)
    worth = sum(covered.values())
    gain = worth - c.price_minor * c.units
    if gain <= 0 or worth > tally.left:
        return None
    parts = share_out(gain, covered)
    gone = covered if c.list_only else parts
    return Tally(
        {line: amount - gone.get(line, 0) for line, amount in tally.open.items()},
        tally.cost - gain, tally.left - worth, tally.burn, tally.bought + new_cash(c),
    )  # fmt: skip


def _price_lines(tally: Tally, c: Candidate, mine: dict[int, int]) -> Tally | None:
    targets = dict(c.targets)
    wanted = {line: max(0, amount - targets.get(line, 0)) for line, amount in mine.items()}
    gain = min(sum(wanted.values()), tally.left)
    parts = share_out(gain, wanted) if gain < sum(wanted.values()) else wanted
    return _taken(tally, parts, gain, gain) if gain else None


def _cash_in(tally: Tally, c: Candidate, mine: dict[int, int]) -> Tally | None:
    rest, gain, worth_all, burn = min(sum(mine.values()), tally.left), 0, 0, 0
    for _ in range(c.units):
        worth = min(c.face_minor, rest)
        if worth - c.price_minor <= 0:
            return None
        rest, gain, worth_all, burn = (
            rest - worth,
            gain + worth - c.price_minor,
            worth_all + worth,
            burn + c.face_minor - worth,
        )
    after = _taken(tally, share_out(gain, mine), gain, worth_all)
    return replace(after, burn=tally.burn + burn, bought=tally.bought + new_cash(c))


def _discount(tally: Tally, c: Candidate, mine: dict[int, int], at_list: int, reach: int) -> Tally | None:
    here = sum(mine.values())
    base = at_list if c.layer == 1 else here
    if c.op == Op.PERCENT:
        gain = base * c.basis_points // 10000
    elif c.op == Op.DOWN_TO:
        gain = max(0, base - c.target_minor)
    elif c.op == Op.TIERS:
        gain = max((off for least, off in c.tiers if reach >= least), default=0)
    else:
        gain = min(c.max_times, reach // c.step_minor) * c.off_minor
    if c.cap_minor != NO_CAP:
        gain = min(gain, c.cap_minor)
    gain = min(gain, tally.left, here)
    return _taken(tally, share_out(gain, mine), gain, gain) if gain > 0 else None


def _taken(tally: Tally, parts: dict[int, int], gain: int, off_the_bill: int) -> Tally:
    return Tally(
        {line: amount - parts.get(line, 0) for line, amount in tally.open.items()},
        tally.cost - gain, tally.left - off_the_bill, tally.burn, tally.bought,
    )  # fmt: skip


def judge_agree(a: Candidate, b: Candidate, lists: dict[int, int]) -> bool:
    if a.stands_alone or b.stands_alone or (a.group and a.group == b.group) or b.id in a.excludes or a.id in b.excludes:
        return False
    if a.layer == b.layer == 1 and a.lines & b.lines:
        if Op.PERCENT in (a.op, b.op):
            return False
        both = [dict(a.cover).get(line, 0) + dict(b.cover).get(line, 0) for line in a.lines & b.lines]
        return all(total <= lists[line] for total, line in zip(both, a.lines & b.lines, strict=True))
    return True


def judge(lines: list[Line], candidates: list[Candidate], most: int = 5) -> tuple[int, tuple[int, ...]]:
    """Return the lowest cost and the chosen ids, by trying every set of at most `most`."""
    lists = {line.id: line.list_minor for line in lines}
    ordered = sorted(candidates, key=lambda c: (c.layer, int(c.op), c.rank, c.id))
    quarrels = {(a.id, b.id) for a, b in combinations(ordered, 2) if not judge_agree(a, b, lists)}
    found: list[tuple[tuple[object, ...], tuple[int, ...]]] = []

    def visit(start: int, tally: Tally, chosen: list[Candidate]) -> None:
        key = (
            tally.cost, tally.burn, len(chosen), tally.left + tally.bought,
            sorted(c.expires for c in chosen), sorted(c.id for c in chosen),
        )  # fmt: skip
        found.append((key, tuple(c.id for c in chosen)))
        if len(chosen) == most:
            return
        for i in range(start, len(ordered)):
            if any((c.id, ordered[i].id) in quarrels for c in chosen):
                continue
            after = judge_apply(tally, ordered[i], lists)
            if after is not None:
                visit(i + 1, after, [*chosen, ordered[i]])

    whole = sum(lists.values())
    visit(0, Tally(dict(lists), whole, whole), [])
    key, ids = min(found)
    return int(str(key[0])), ids


def random_cart(random: Random, offers: int) -> tuple[list[Line], list[Candidate]]:
    lines = [
        Line(k, random.choice((0, 1200, 4900, 9900, random.randint(1, 20000)))) for k in range(random.randint(1, 4))
    ]
    ids = random.sample(range(1, 500), offers)
    return lines, [random_candidate(random, number, lines, ids) for number in ids]


def random_candidate(random: Random, number: int, lines: list[Line], ids: list[int]) -> Candidate:
    op = random.choice(list(Op))
    layer = {Op.COVER: 1, Op.VOUCHER: 4, Op.LINE_PRICE: 2, Op.DOWN_TO: 5}.get(op) or random.choice((2, 3, 3, 5))
    if op == Op.PERCENT and random.random() < 0.15:
        layer = 1
    some = frozenset(line.id for line in random.sample(lines, random.randint(1, len(lines))))
    total = sum(line.list_minor for line in lines)

    def amount(most: int) -> int:
        exact, round_one = random.randint(1, max(1, most)), random.randint(1, max(1, most)) // 100 * 100 + 100
        return random.choice((exact, round_one))

    cover = tuple(
        (line.id, random.choice((line.list_minor, line.list_minor // 2))) for line in lines if line.id in some
    )
    return Candidate(
        id=number, op=op, layer=layer, lines=some, rank=random.randrange(2),
        basis_points=random.choice((500, 1000, 1500, 3333, random.randint(1, 9999))),
        cap_minor=random.choice((NO_CAP, NO_CAP, amount(3000))) if op != Op.COVER else NO_CAP,
        threshold_minor=random.choice((0, 0, amount(total))),
        threshold_on_running=random.random() < 0.4,
        cover=cover if op == Op.COVER else (), list_only=random.random() < 0.3,
        targets=tuple((line, amount(8000)) for line in sorted(some)) if op == Op.LINE_PRICE else (),
        target_minor=amount(total),
        tiers=tuple(sorted((amount(total), amount(2500)) for _ in range(random.randint(1, 3) * (op == Op.TIERS)))),
        step_minor=amount(6000), off_minor=amount(900), max_times=random.randint(1, 4),
        face_minor=amount(6000), price_minor=amount(5000),
        units=random.randint(1, 3) if op != Op.COVER or random.random() < 0.3 else 1,
        owned=random.choice((0, 0, 1, 3)),
        expires=random.choice((10, 20, 30)), stands_alone=random.random() < 0.06, group=random.choice((0, 0, 0, 1, 2)),
        excludes=frozenset(random.sample(ids, random.randint(0, len(ids) // 3))),
    )  # fmt: skip
