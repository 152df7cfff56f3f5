"""Where payment companies call; verified and stored here, processed in a job (money.md, GW1)."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bacao.orders.services import record_callback
from bacao.web.requests import PageRequest


@csrf_exempt
@require_POST
def callback(request: PageRequest, provider: str) -> HttpResponse:
    """Answer 200 to what is believed and stored, 401 to the rest."""
    if provider not in settings.PAYMENT_PROVIDERS:
        raise Http404
    is_believed = record_callback(provider=provider, headers=dict(request.headers), body=request.body, at=request.at)
    return HttpResponse("success" if is_believed else "refused", status=200 if is_believed else 401)
