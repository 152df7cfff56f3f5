"""Today: three figures, eight weeks as a line, what to do next, who came last."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bacao.discovery.queries import list_usual_amounts
from bacao.ledger.queries import get_balance
from bacao.offers.queries import get_terms, list_offers_of_places
from bacao.places.queries import list_staff
from bacao.redemption.queries import list_counters, list_visit_times, list_visits
from bacao.reviews.queries import count_unanswered, list_reviews_of_merchant
from bacao.web.merchant.access import ShopRequest, for_owners, show_other
from bacao.web.merchant.todo import Known, list_tasks
from bacao.web.merchant.weeks import WEEKS, draw_line, weeks_of

if TYPE_CHECKING:
    from datetime import datetime

LATEST = 8


@require_safe
@for_owners
def today(request: ShopRequest) -> HttpResponse:
    """Show the shop's day."""
    shop, at = request.shop, request.at
    now = timezone.localtime(at)
    visits = [(timezone.localtime(when), first) for when, first in list_visit_times(shop.place_ids, _since(now))]
    weeks = weeks_of(visits, now.date())
    month = [first for when, first in visits if when > now - timedelta(days=30)]
    unanswered = count_unanswered(shop.merchant.pk)
    live = [get_terms(version) for version in list_offers_of_places(shop.place_ids) if version.offer.state == "live"]
    known = Known(
        places=shop.places,
        live=live,
        medians=list_usual_amounts(),
        unanswered=unanswered,
        has_clerk=any(role.kind == "clerk" for role in list_staff(shop.merchant.pk)),
        rows_missing=sum(each.rows_missing for each in list_counters(shop.merchant.pk)),
        weeks=weeks,
        at=at,
    )
    context = {
        "section": "today",
        "today_count": sum(when.date() == now.date() for when, _ in visits),
        "same_day_last_week": sum(when.date() == now.date() - timedelta(days=7) for when, _ in visits),
        "owed_minor": get_balance(f"liab.payable.merchant.{shop.merchant.pk}").balance_minor,
        "new_count": sum(month),
        "returning_count": len(month) - sum(month),
        "weeks": weeks,
        "line": draw_line(weeks) if visits else None,
        "tasks": list_tasks(known),
        "reviews": list_reviews_of_merchant(shop.merchant.pk, limit=min(unanswered, 2)) if unanswered else [],
        "latest": list_visits(shop.place_ids, limit=LATEST),
    }
    return render(request, "merchant/today.html", context)


def _since(now: "datetime") -> "datetime":
    """Return the beginning of the oldest day that is drawn."""
    oldest = now - timedelta(days=7 * WEEKS - 1)
    return oldest.replace(hour=0, minute=0, second=0, microsecond=0)


@require_POST
@for_owners
def choose(request: ShopRequest) -> HttpResponse:
    """Turn the console to another merchant of the same owner."""
    chosen = request.POST.get("merchant", "")
    show_other(request, int(chosen) if chosen.isdigit() else None)
    return redirect("merchant:today")
