"""Switches that need no account: language and light."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bacao.web.preferences import remember_language, remember_theme
from bacao.web.requests import PageRequest
from bacao.web.sign_in import safe_next


# exempt: the form stands in the footer of pages that are the same for everybody, and the worst a stranger's page
# can do with it is to change the language
@csrf_exempt
@require_POST
def language(request: PageRequest) -> HttpResponse:
    """Show the site in `language` from now on and go back to `next`."""
    answer = redirect(safe_next(request, request.POST.get("next")))
    remember_language(request, answer, request.POST.get("language", ""))
    return answer


@require_POST
def theme(request: PageRequest) -> HttpResponse:
    """Show the site by `theme` (light, dark, or as the system has it) from now on and go back to `next`."""
    answer = redirect(safe_next(request, request.POST.get("next")))
    remember_theme(answer, request.POST.get("theme", ""))
    return answer
