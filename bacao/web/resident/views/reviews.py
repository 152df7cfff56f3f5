"""Writing a review: five stars and a sentence, after one truly came."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bacao.kit.text import Refused, Text
from bacao.redemption.queries import find_arrival
from bacao.reviews.queries import find_review_of_arrival
from bacao.reviews.services import LONGEST, write_review
from bacao.web.requests import PageRequest
from bacao.web.templatetags.bacao import t

WORDS = (
    Text("不会再来", "Not again"),
    Text("有点失望", "A let-down"),
    Text("还行", "All right"),
    Text("挺好的", "Good"),
    Text("太值了", "Well worth it"),
)
"""What one to five stars mean, said while one chooses."""


@login_required
@require_http_methods(["GET", "POST"])
def review_new(request: PageRequest) -> HttpResponse:
    """Ask for a review of the visit `?arrival=`, and keep it; a visit reviewed before leads to its shop."""
    number = request.GET.get("arrival", "")
    arrival = find_arrival(int(number)) if number.isdecimal() and len(number) < 19 else None
    if arrival is None or arrival.user_id != request.user.pk:
        raise Http404
    if find_review_of_arrival(arrival.pk):
        messages.info(request, t("这次到店已经写过点评了。", "This visit has its review already."))
        return redirect("resident:place", arrival.place_id)
    body, given = request.POST.get("body", ""), request.POST.get("stars", "")
    stars = int(given) if given in set("12345") else 0
    words = list(zip(range(1, 6), WORDS, strict=True))
    context = {"arrival": arrival, "words": words, "longest": LONGEST, "body": body, "stars": stars}
    if request.method == "GET":
        return render(request, "resident/review_new.html", context)
    try:
        write_review(arrival=arrival, user=request.user, stars=stars, body=body, at=request.at)
    except Refused as refused:
        return render(request, "resident/review_new.html", {**context, "refused": refused}, status=refused.status)
    messages.success(request, t("谢谢，写好了。你真的来过，所以它算数。", "Thank you. You really came, so it counts."))
    return redirect("resident:place", arrival.place_id)
