"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bacao.settings")
application = get_wsgi_application()

from bacao.discovery.queries.live import follow_index  # noqa: E402  # Django must be set up first

follow_index()
