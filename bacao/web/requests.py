"""What a request carries here, for those who read types."""

from datetime import datetime

from django.http import HttpRequest

from bacao.web.where import Where


class PageRequest(HttpRequest):
    """A request after our middleware: the instant it happens at, where somebody looks from, its page's language."""

    at: datetime
    where: Where
    LANGUAGE_CODE: str
