"""The sandbox's hosted page and its server; nothing here knows who its merchants are."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bacao.kit.text import Refused
from bacao.sandbox import rules
from bacao.sandbox.queries import get_payment, list_notices
from bacao.sandbox.services import QuestionRefused, answer, choose, open_payment
from bacao.web.requests import PageRequest

View = Callable[..., HttpResponse]


def only_with_play_money(view: View) -> View:
    """Hide a view wherever a live provider takes the money."""

    @wraps(view)
    def shown(request: PageRequest, *args: str, **kwargs: str) -> HttpResponse:
        if "sandbox" not in settings.PAYMENT_PROVIDERS:
            raise Http404
        return view(request, *args, **kwargs)

    return shown


@only_with_play_money
@never_cache
@require_safe
def pay(request: PageRequest) -> HttpResponse:
    """Take a merchant's signed address and go on to the payment's own page."""
    try:
        opened = open_payment(fields=request.GET.dict(), at=request.at)
    except Refused as refused:
        return render(request, "sandbox/refused.html", {"refused": refused}, status=refused.status)
    return redirect("sandbox:payment", opened.pk)


@only_with_play_money
@never_cache
@require_http_methods(["GET", "POST"])
def payment(request: PageRequest, payment_id: str) -> HttpResponse:
    """Show a payment to its payer; take what they choose and send them back to the shop."""
    try:
        shown = get_payment(payment_id)
    except ObjectDoesNotExist:
        raise Http404 from None
    if request.method == "POST":
        way = request.POST.get("way", "")
        if way not in {rules.PAY, rules.DECLINE, *rules.FAULTS}:
            return HttpResponse(status=400)
        try:
            shown = choose(payment_id=payment_id, way=way, at=request.at)
        except Refused as refused:
            context = {"refused": refused, "payment": shown}
            return render(request, "sandbox/refused.html", context, status=refused.status)
        return redirect("sandbox:payment", shown.pk) if way == rules.DECLINE else redirect(shown.return_url)
    context = {
        "payment": shown,
        "is_over": shown.state != "open" or request.at >= shown.expires_at,
        "faults": rules.FAULTS.items(),
        "notices": list_notices(payment_id),
    }
    return render(request, "sandbox/payment.html", context)


@only_with_play_money
@csrf_exempt
@require_POST
def api(request: PageRequest, verb: str) -> HttpResponse:
    """Answer a merchant's server; both sides sign."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        content, signature = answer(verb=verb, headers=headers, body=request.body, at=request.at)
    except QuestionRefused as refused:
        return HttpResponse(str(refused), status=refused.status, content_type="text/plain")
    return HttpResponse(content, content_type="application/json", headers={"sandbox-signature": signature})
