"""What becomes of a refusal that no view turned into something better: a page that says it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language

from bacao.kit.text import Refused
from bacao.web.sign_in import safe_next


class RefusedMiddleware:
    """Answers `Refused` with its sentence and status: as JSON to programs, as a page to people."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the answer to a refusal; every other exception goes on."""
        return refusal(request, exception) if isinstance(exception, Refused) else None


def refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    """Return a refusal as a page, as JSON for programs, or as its bare sentence for htmx, which shows it as a toast."""
    sentence = refused.text.say(get_language() or "zh-hans")
    if "HX-Request" in request.headers:
        return HttpResponse(sentence, status=refused.status, content_type="text/plain; charset=utf-8")
    if not request.accepts("text/html"):
        return JsonResponse({"code": refused.code, "message": sentence}, status=refused.status)
    back = request.headers.get("Referer")
    context = {"refused": refused, "status": refused.status, "back": safe_next(request, back) if back else ""}
    return render(request, "refused.html", context, status=refused.status)
