"""How lists are ordered: the formula and its weights, for everybody to read (P13, X62)."""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from bacao.discovery.rules import VALUE_POINTS_MAX, WEIGHTS, WEIGHTS_VERSION
from bacao.discovery.rules.score import ARRIVAL_POINTS_MAX, CLOSING_SOON_MINUTES, DISTANCE_HALF_M
from bacao.kit.text import Text


class Term(NamedTuple):
    """One term of the score as people read it."""

    name: Text
    formula: str
    says: Text


def terms() -> list[Term]:
    """Return the terms with the numbers that the ranking itself uses."""
    w = WEIGHTS
    return [
        Term(Text("远近", "Distance"), f"−{w['distance']} × ln(1 + d / {DISTANCE_HALF_M} m)",
             Text("走得越近越靠前。", "The nearer, the higher.")),
        Term(Text("划不划算", "Price"), f"{w['value']} × ln(usual ÷ yours), ±{VALUE_POINTS_MAX}",
             Text("你每人付的，和同类店通常的人均比。", "What a head pays here, against what is usual for its kind.")),
        Term(Text("到店评价", "Reviews"), f"{w['quality']} × (lower bound − a place without reviews)",
             Text("只算真来过的人；评价多而稳，胜过一条满分。",
                  "Only by people who came; many steady reviews beat one perfect one.")),
        Term(Text("最近到店", "Arrivals"), f"{w['arrivals']} × ln(1 + n / 10), ≤ {ARRIVAL_POINTS_MAX}",
             Text("近 30 天来过的人。", "People who came in 30 days.")),
        Term(Text("快打烊", "Closing"), f"0 … −{w['time_left']}, {CLOSING_SOON_MINUTES} min; −{w['closed']}",
             Text("剩不到 45 分钟开始扣，没开门扣满。", "Taken off in the last 45 minutes; more while it is shut.")),
        Term(Text("你自己", "You"), f"{w['saved']}, {w['visited']}",
             Text("你收藏过、来过的。关掉个性化排序，就完全不读。",
                  "Saved by you, visited by you. Switched off, neither is read at all.")),
    ]  # fmt: skip


@require_safe
@cache_control(public=True, max_age=300)
def ranking(request: HttpRequest) -> HttpResponse:
    """Show the formula."""
    return render(request, "resident/ranking.html", {"terms": terms(), "version": WEIGHTS_VERSION})
