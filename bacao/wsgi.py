"""The WSGI application that granian serves: `/nearby` and rows of counters beside Django, the rest by Django."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bacao.settings")
django = get_wsgi_application()

from bacao.discovery.queries.live import follow_index  # noqa: E402  # Django must be set up first
from bacao.discovery.services.exposures import write_exposures  # noqa: E402  # as above
from bacao.web.api import is_beside_django  # noqa: E402  # as above
from bacao.web.api.door import application as counter_door  # noqa: E402  # as above
from bacao.web.api.door import is_row_of_device  # noqa: E402  # as above

follow_index()
write_exposures()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer a request."""
    if is_beside_django(environ["PATH_INFO"]):
        from bacao.web.api.nearby import application as nearby  # with the index comes Numba: not before it is asked for

        return nearby(environ, start_response)
    if is_row_of_device(environ):
        return counter_door(environ, start_response)
    return django(environ, start_response)
