"""What the search chooses from: bill lines, and offers as bare numbers (pricing.md, sections 3 and 8)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import reduce
from itertools import combinations
from operator import or_

NO_CAP = -1
NEVER = 2**62  # the expiry of something that does not expire


class Op(IntEnum):
    """How a candidate's discount is computed. The order is the kind rank: percent before fixed (PR23)."""

    COVER = 0  # layer 1: covered units at list price, less the price paid for them (package, card, time slot)
    PERCENT = 1  # basis points of the base, capped
    LINE_PRICE = 2  # every line down to a target amount
    DOWN_TO = 3  # the eligible amount down to a target
    TIERS = 4  # the highest tier reached
    EACH = 5  # so much for every full step
    VOUCHER = 6  # units of a face value, each bought at a price


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill: its whole amount at list price, minor units. Lines are spread over in order of `id`."""

    id: int
    list_minor: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to use one offer version. All amounts in minor units; `id` is stable and unique.

    `lines` = ids of the lines it applies to. `threshold_minor` is compared with the eligible lines at list price, or
    with what is left of them where `threshold_on_running`. `cover` = ((line id, list amount of covered units), ...)
    for COVER; with `list_only` the covered units are out of reach for later offers. `targets` = ((line id, amount),
    ...) for LINE_PRICE. `tiers` = ((minimum, off), ...) rising. A VOUCHER uses `units` of `face_minor`, each costing
    `price_minor`; COVER costs `price_minor` for each of its `units`. `owned` = how many of the units are paid for
    already, so they cost no new cash.
    `excludes` = ids of candidates that may not stand beside it; `group` = at most one of an exclusion group.
    """

    id: int
    op: Op
    layer: int
    lines: frozenset[int]
    rank: int = 0
    basis_points: int = 0
    cap_minor: int = NO_CAP
    threshold_minor: int = 0
    threshold_on_running: bool = False
    cover: tuple[tuple[int, int], ...] = ()
    list_only: bool = False
    targets: tuple[tuple[int, int], ...] = ()
    target_minor: int = 0
    tiers: tuple[tuple[int, int], ...] = ()
    step_minor: int = 0
    off_minor: int = 0
    max_times: int = 1
    face_minor: int = 0
    price_minor: int = 0
    units: int = 1
    owned: int = 0
    expires: int = NEVER
    stands_alone: bool = False
    group: int = 0
    excludes: frozenset[int] = field(default_factory=frozenset)


def order_of(candidate: Candidate) -> tuple[int, int, int, int]:
    """Return the place of a candidate in the published order of calculation (ruleset pr-1)."""
    return (candidate.layer, candidate.op, candidate.rank, candidate.id)


def covers_clash(a: Candidate, b: Candidate, list_minor: Mapping[int, int]) -> bool:
    """Return whether two layer-1 candidates want the same unit; a unit is priced by one of them at most (PR7).

    `list_minor` = list amount of each line: two covers share a line only while their units fit beside each other.
    """
    if not a.lines & b.lines:
        return False
    if a.op != Op.COVER or b.op != Op.COVER:
        return True
    mine, theirs = dict(a.cover), dict(b.cover)
    return any(mine[line] + theirs.get(line, 0) > list_minor.get(line, 0) for line in mine)


def conflict_masks(
    ordered: Sequence[Candidate], lines: Sequence[Line], quarrels: Mapping[int, Iterable[int]]
) -> list[int]:
    """Return for each candidate the bits of those it cannot stand beside (PR20, PR21).

    `quarrels` = the groups that each group refuses, both ways round.
    """
    everyone = (1 << len(ordered)) - 1
    place = {candidate.id: 1 << i for i, candidate in enumerate(ordered)}
    groups: dict[int, int] = {}
    alone = 0
    for candidate in ordered:
        groups[candidate.group] = groups.get(candidate.group, 0) | place[candidate.id]
        alone |= place[candidate.id] if candidate.stands_alone else 0
    refused = {
        group: reduce(or_, (groups.get(other, 0) for other in quarrels.get(group, ())), bits) if group else 0
        for group, bits in groups.items()
    }
    masks = [(everyone if one.stands_alone else alone) | refused[one.group] for one in ordered]
    for i, candidate in enumerate(ordered):
        for other in candidate.excludes:
            if bit := place.get(other):
                masks[i] |= bit
                masks[bit.bit_length() - 1] |= 1 << i
    list_minor = {line.id: line.list_minor for line in lines}
    firsts = [i for i, candidate in enumerate(ordered) if candidate.layer == 1]
    for i, j in combinations(firsts, 2):
        if covers_clash(ordered[i], ordered[j], list_minor):
            masks[i] |= 1 << j
            masks[j] |= 1 << i
    return [mask & ~(1 << i) for i, mask in enumerate(masks)]


def merge_lines(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return the lines in order of id.

    :raises ValueError: two lines share an id, or an amount is negative
    """
    ordered = tuple(sorted(lines, key=lambda line: line.id))
    if len({line.id for line in ordered}) != len(ordered):
        raise ValueError("two lines of a bill share an id")
    if any(line.list_minor < 0 for line in ordered):
        raise ValueError("a line of a bill is negative")
    return ordered
