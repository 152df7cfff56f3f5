"""Why one place stands above another (discovery.md, section 8, DS13).

A score is a sum of integer points; 1,000 points are one natural-log unit, so 693 points are worth a factor of two.
The same points that order a list explain it.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import log, sqrt
from typing import NamedTuple

from bacao.kit.text import Text

WEIGHTS_VERSION = "w2"
WEIGHTS = {
    "distance": 1000,  # times -ln(1 + d / 400 m)
    "value": 800,  # times ln(usual for its kind / what you pay per head), at most +-700
    "quality": 500,  # per star by which the reviews' lower bound differs from a place nobody reviewed
    "arrivals": 150,  # times ln(1 + arrivals of 30 days / 10), at most 400
    "time_left": 300,  # taken off as closing time comes nearer than 45 minutes
    "closed": 900,  # taken off while it is shut
    "saved": 400,
    "visited": 200,
    "exploration": 1000,  # times ln(drawn chance of an arrival / usual), decides which new place fills a kept slot
    "owed": 3000,  # more in that draw for a new place that was not shown as often as it was promised
}

DISTANCE_HALF_M = 400
DISTANCE_STEP_M = 10
DISTANCE_MAX_M = 20_000
DISTANCE_POINTS = tuple(
    round(-WEIGHTS["distance"] * log(1 + metres / DISTANCE_HALF_M))
    for metres in range(0, DISTANCE_MAX_M + DISTANCE_STEP_M, DISTANCE_STEP_M)
)

VALUE_POINTS_MAX = 700
VALUE_PERMILLE_MIN, VALUE_PERMILLE_MAX = 400, 2500
VALUE_POINTS = tuple(
    max(-VALUE_POINTS_MAX, min(VALUE_POINTS_MAX, round(WEIGHTS["value"] * log(permille / 1000))))
    for permille in range(VALUE_PERMILLE_MIN, VALUE_PERMILLE_MAX + 1)
)

CLOSING_SOON_MINUTES = 45
CLOSING_POINTS = tuple(
    -WEIGHTS["time_left"] * (CLOSING_SOON_MINUTES - minutes) // CLOSING_SOON_MINUTES
    for minutes in range(CLOSING_SOON_MINUTES + 1)
)

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip

ARRIVAL_POINTS_MAX = 400
PRIOR_REVIEWS = 5
PRIOR_STARS = 3.8
STARS_SPREAD = 0.8


class Hours(StrEnum):
    """What is known of a place's opening hours at the minute asked for."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of one place for one viewer at one minute; amounts in minor units."""

    distance_m: int
    per_head_minor: int | None = None  # what one pays now: with the best offer, else the usual amount
    median_minor: int | None = None  # usual amount of its category
    saving_minor: int = 0  # of the best offer, for the whole party
    review_count: int = 0
    stars_hundredths: int | None = None
    arrivals_30_days: int = 0
    hours: Hours = Hours.OPEN
    minutes_left: int | None = None
    saved_on: date | None = None
    today: date | None = None
    visits: int = 0
    tried_points: int = 0  # what lifts a new place into the slot that is kept for it (rules.exploration)


class Reason(NamedTuple):
    """One term of a score with its points and the sentence that says it."""

    term: str
    points: int
    text: Text


def distance_slot(distance_m: int) -> int:
    """Return where DISTANCE_POINTS has the points of a distance. The index compiles this, too."""
    return min(distance_m, DISTANCE_MAX_M) // DISTANCE_STEP_M


def value_slot(per_head_minor: int, median_minor: int) -> int:
    """Return where VALUE_POINTS has the points of what a head pays; both amounts above 0. The index compiles this."""
    permille = median_minor * 1000 // per_head_minor
    return max(VALUE_PERMILLE_MIN, min(VALUE_PERMILLE_MAX, permille)) - VALUE_PERMILLE_MIN


def distance_points(distance_m: float) -> int:
    """Return -1000 ln(1 + d / 400 m), looked up in steps of 10 m."""
    return DISTANCE_POINTS[distance_slot(int(distance_m))]


def value_points(per_head_minor: int | None, median_minor: int | None) -> int:
    """Return 800 ln(median / payable), within +-700; 0 where either is not known."""
    if not per_head_minor or not median_minor:
        return 0
    return VALUE_POINTS[value_slot(per_head_minor, median_minor)]


def quality_points(review_count: int, stars_hundredths: int | None) -> int:
    """Return 500 per star of the reviews' lower bound, 0 without reviews.

    The bound is the mean shrunk towards 3.8 stars by five imagined reviews, less a standard error: many good reviews
    beat one perfect one.
    """
    if not review_count or stars_hundredths is None:
        return 0
    count = review_count + PRIOR_REVIEWS
    mean = (review_count * stars_hundredths / 100 + PRIOR_REVIEWS * PRIOR_STARS) / count
    neutral = PRIOR_STARS - STARS_SPREAD / sqrt(PRIOR_REVIEWS)
    return round(WEIGHTS["quality"] * (mean - STARS_SPREAD / sqrt(count) - neutral))


def arrival_points(arrivals_30_days: int) -> int:
    """Return 150 ln(1 + arrivals / 10), at most 400."""
    return min(ARRIVAL_POINTS_MAX, round(WEIGHTS["arrivals"] * log(1 + max(arrivals_30_days, 0) / 10)))


def time_left_points(hours: Hours, minutes_left: int | None) -> int:
    """Return 0 down to -300 as closing time comes near, -900 while shut."""
    if hours is Hours.CLOSED:
        return -WEIGHTS["closed"]
    return 0 if minutes_left is None else CLOSING_POINTS[max(0, min(minutes_left, CLOSING_SOON_MINUTES))]


def score_terms(facts: Facts) -> dict[str, int]:
    """Return every term of a place's score with its integer points; the score is their sum."""
    return {
        "distance": distance_points(facts.distance_m),
        "fit": WEIGHTS["saved"] * (facts.saved_on is not None) + WEIGHTS["visited"] * (facts.visits > 0),
        "quality": quality_points(facts.review_count, facts.stars_hundredths),
        "arrivals": arrival_points(facts.arrivals_30_days),
        "value": value_points(facts.per_head_minor, facts.median_minor),
        "time_left": time_left_points(facts.hours, facts.minutes_left),
        "exploration": facts.tried_points,
    }


def explain(facts: Facts, terms: dict[str, int], *, walking_minutes: int) -> list[Reason]:
    """Return a sentence for each term that moved the score, the strongest in favour first.

    The points of the sentences add up to the score: a term without a sentence has no points.
    """
    sentences = {
        "distance": Text(f"步行 {walking_minutes} 分钟", f"{walking_minutes} min on foot"),
        "fit": _fit_text(facts),
        "quality": _quality_text(facts),
        "arrivals": Text(f"近 30 天 {facts.arrivals_30_days} 人到店", f"{facts.arrivals_30_days} came in 30 days"),
        "value": _value_text(facts),
        "time_left": _time_text(facts),
        "exploration": Text("新店，正在试", "New here, being tried"),
    }
    reasons = [Reason(term, points, sentences[term]) for term, points in terms.items() if points]
    return sorted(reasons, key=lambda reason: -reason.points)


def _fit_text(facts: Facts) -> Text:
    times = "once" if facts.visits == 1 else f"{facts.visits} times"
    came = Text(f"你来过 {facts.visits} 次", f"You came {times}")
    if facts.saved_on is None:
        return came
    zh, en = f"{facts.saved_on.month} 月", MONTHS[facts.saved_on.month - 1]
    if facts.today is None or facts.today.year != facts.saved_on.year:
        zh, en = f"{facts.saved_on.year} 年 {zh}", f"{en} {facts.saved_on.year}"
    saved = Text(f"你 {zh}收藏的", f"Saved by you in {en}")
    return Text(f"{saved.zh}，来过 {facts.visits} 次", f"{saved.en}; you came {times}") if facts.visits else saved


def _quality_text(facts: Facts) -> Text:
    stars = f"{(facts.stars_hundredths or 0) / 100:.1f}"
    plural = "" if facts.review_count == 1 else "s"
    return Text(
        f"{facts.review_count} 条到店评价，{stars} 星",
        f"{stars} stars from {facts.review_count} visit{plural}",
    )


def _value_text(facts: Facts) -> Text:
    paid, usual = facts.per_head_minor or 0, facts.median_minor or 1
    percent = round(abs(usual - paid) * 100 / usual)
    if percent == 0:
        return Text("和同类差不多价", "About the price of its kind")
    if paid < usual:
        return Text(f"比同类便宜 {percent}%", f"{percent}% below its kind")
    return Text(f"比同类贵 {percent}%", f"{percent}% above its kind")


def _time_text(facts: Facts) -> Text:
    if facts.hours is Hours.CLOSED:
        return Text("此刻没开门", "Shut right now")
    return Text(f"{facts.minutes_left} 分钟后打烊", f"Closes in {facts.minutes_left} min")


def median_of(amounts: list[int]) -> int | None:
    """Return the lower median of usual amounts, None for an empty list."""
    return sorted(amounts)[(len(amounts) - 1) // 2] if amounts else None
