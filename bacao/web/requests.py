"""What a request carries here, for those who read types."""

from datetime import datetime

from django.http import HttpRequest


class PageRequest(HttpRequest):
    """A request after our middleware: the instant it happens at, read once, and the language of its page."""

    at: datetime
    LANGUAGE_CODE: str
