"""What every template is given."""

from typing import Any

from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, Any]:
    """Return the variables that the base template needs."""
    return {"at": getattr(request, "at", None)}
