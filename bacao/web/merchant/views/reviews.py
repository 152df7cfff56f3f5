"""What guests said, and the shop's one answer to each."""

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from bacao.kit.text import Refused, Text
from bacao.reviews.queries import get_review, list_reviews_of_merchant
from bacao.reviews.services import reply_to_review
from bacao.web.merchant.access import ShopRequest, for_owners, go_back, show_other

ANSWERED = Text("已回复，店页上看得到。", "Answered; it stands on your page.")


@require_safe
@for_owners
def reviews(request: ShopRequest) -> HttpResponse:
    """Show the reviews, unanswered ones first."""
    return _page(request)


@require_POST
@for_owners
def reply(request: ShopRequest, review_id: int) -> HttpResponse:
    """Answer one review and go back to where the form stood."""
    try:
        review = get_review(review_id)
    except ObjectDoesNotExist:
        raise Http404("no such review") from None
    show_other(request, review.place.merchant_id)
    body = request.POST.get("body", "")
    try:
        reply_to_review(review=review, by=request.user, body=body, at=request.at)
    except Refused as refused:
        return _page(request, wrong=refused.text, wrong_id=review_id, typed=body, status=refused.status)
    messages.success(request, ANSWERED.say(request.LANGUAGE_CODE))
    return go_back(request, "merchant:reviews")


def _page(
    request: ShopRequest, *, wrong: Text | None = None, wrong_id: int = 0, typed: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "section": "shop",
        "reviews": list_reviews_of_merchant(request.shop.merchant.pk),
        "wrong": wrong,
        "wrong_id": wrong_id,
        "typed": typed,
    }
    return render(request, "merchant/reviews.html", context, status=status)
