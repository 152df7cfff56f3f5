"""How lists are ordered: the formula and its weights, for everybody to read (P13, X62)."""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from bacao.discovery.rules import VALUE_POINTS_MAX, WEIGHTS, WEIGHTS_VERSION
from bacao.discovery.rules.exploration import NEW_DAYS, ONE_IN, PROMISED, PROMISED_DAYS
from bacao.discovery.rules.score import ARRIVAL_POINTS_MAX, CLOSING_SOON_MINUTES, DISTANCE_HALF_M
from bacao.kit.text import Text


class Term(NamedTuple):
    """One term of the score as people read it."""

    name: Text
    formula: Text
    says: Text


TERMS = (
    Term(
        Text("远近", "Distance"),
        Text(
            f"−{WEIGHTS['distance']} × ln(1 + 距离 / {DISTANCE_HALF_M} 米)",
            f"−{WEIGHTS['distance']} × ln(1 + d / {DISTANCE_HALF_M} m)",
        ),
        Text("走得越近越靠前。", "The nearer, the higher."),
    ),
    Term(
        Text("划不划算", "Price"),
        Text(
            f"{WEIGHTS['value']} × ln(同类人均 ÷ 你付的)，至多 ±{VALUE_POINTS_MAX}",
            f"{WEIGHTS['value']} × ln(usual ÷ yours), at most ±{VALUE_POINTS_MAX}",
        ),
        Text("你每人付的，和同类店通常的人均比。", "What a head pays here, against what is usual for its kind."),
    ),
    Term(
        Text("到店评价", "Reviews"),
        Text(
            f"{WEIGHTS['quality']} × 比没人评的店高几星（取下限）",
            f"{WEIGHTS['quality']} for each star of the lower bound above a place without reviews",
        ),
        Text(
            "只算真来过的人；评价多而稳，胜过一条满分。",
            "Only by people who came; many steady reviews beat one perfect one.",
        ),
    ),
    Term(
        Text("最近到店", "Arrivals"),
        Text(
            f"{WEIGHTS['arrivals']} × ln(1 + 人数 / 10)，至多 {ARRIVAL_POINTS_MAX}",
            f"{WEIGHTS['arrivals']} × ln(1 + people / 10), at most {ARRIVAL_POINTS_MAX}",
        ),
        Text("近 30 天来过的人。", "People who came in 30 days."),
    ),
    Term(
        Text("快打烊", "Closing"),
        Text(
            f"最后 {CLOSING_SOON_MINUTES} 分钟从 0 扣到 {WEIGHTS['time_left']}；没开门扣 {WEIGHTS['closed']}",
            f"0 down to −{WEIGHTS['time_left']} in the last {CLOSING_SOON_MINUTES} minutes; "
            f"−{WEIGHTS['closed']} while shut",
        ),
        Text("剩得越少扣得越多，没开门扣满。", "The less time is left, the more comes off; most while it is shut."),
    ),
    Term(
        Text("你自己", "You"),
        Text(
            f"收藏过 {WEIGHTS['saved']}，来过 {WEIGHTS['visited']}",
            f"{WEIGHTS['saved']} if saved, {WEIGHTS['visited']} if visited",
        ),
        Text(
            "你收藏过、来过的。关掉个性化排序，就完全不读。",
            "Saved by you, visited by you. Switched off, neither is read at all.",
        ),
    ),
    Term(
        Text("新店", "New places"),
        Text(
            f"每 {ONE_IN} 家留 1 个位置：抽签补到前一家的分",
            f"1 place in {ONE_IN} is kept: what is drawn is lifted to the score before it",
        ),
        Text(
            f"第一次上架 {NEW_DAYS} 天内算新店，{PROMISED_DAYS} 天内至少被看到 {PROMISED} 次，不够就补。"
            f"抽签按每家已有的到店情况：{WEIGHTS['exploration']} × ln(抽到的到店率 ÷ 通常)，"
            f"欠着次数的先来（+{WEIGHTS['owed']}）。"
            "关掉个性化排序，就不给你抽。",
            f"New for {NEW_DAYS} days from its first offer, and seen at least {PROMISED} times in {PROMISED_DAYS} "
            f"days; what is missing is carried over. The draw is {WEIGHTS['exploration']} × ln(drawn rate of "
            f"arrivals ÷ usual), +{WEIGHTS['owed']} while exposures are owed. Switched off with personal ranking.",
        ),
    ),
)
"""The terms, with the numbers that the ranking itself uses; the last is of the slots kept for new places."""


@require_safe
@cache_control(public=True, max_age=300)
def ranking(request: HttpRequest) -> HttpResponse:
    """Show the formula."""
    return render(request, "resident/ranking.html", {"terms": TERMS, "version": WEIGHTS_VERSION})
