"""What every page needs to know about a request, read once."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone


class RequestContextMiddleware:
    """Reads the clock once (`request.at`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.at = timezone.now()  # type: ignore[attr-defined]  # Django requests carry what middleware adds
        return self.get_response(request)
