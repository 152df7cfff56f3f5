"""Language and light, as this browser remembers them; a person's language is kept with the person, too."""

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation

from bacao.accounts.services import set_preferences
from bacao.web.requests import PageRequest

THEMES = ("light", "dark")  # anything else follows the system
KEPT_SECONDS = settings.LANGUAGE_COOKIE_AGE


def remember_language(request: PageRequest, answer: HttpResponse, language: str) -> None:
    """Make `answer` carry a language of the site; another one is passed over."""
    if language not in dict(settings.LANGUAGES):
        return
    translation.activate(language)
    answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=KEPT_SECONDS, samesite="Lax")
    if request.user.is_authenticated and request.user.language != language:
        set_preferences(user=request.user, language=language, at=request.at)


def remember_theme(answer: HttpResponse, theme: str) -> None:
    """Make `answer` carry the chosen light, or forget it where the system's shall count."""
    if theme in THEMES:
        answer.set_cookie("theme", theme, max_age=KEPT_SECONDS, samesite="Lax")
    else:
        answer.delete_cookie("theme", samesite="Lax")
