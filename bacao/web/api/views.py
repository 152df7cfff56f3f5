"""What programs ask of Django."""

from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from bacao.discovery.queries.viewer import read_viewer
from bacao.kit.text import Refused, Text
from bacao.web.entitlement import issue_token
from bacao.web.requests import PageRequest


class SignInFirst(Refused):
    """Nobody is signed in."""

    code = "sign_in_first"
    text = Text("请先登录。", "Sign in first.")
    status = 401


@require_POST
@never_cache
def token(request: PageRequest) -> JsonResponse:
    """Give who is signed in a token for `POST /nearby`, good for five minutes."""
    if not request.user.is_authenticated:
        raise SignInFirst
    word, until = issue_token(request.user, read_viewer(request.user, request.at).keys, request.at)
    return JsonResponse({"token": word, "expires_at": until.isoformat(timespec="seconds")})
