"""What every template is given."""

from typing import Any

from django.http import HttpRequest

from bacao.web.preferences import THEMES

# which tab of the dock a first path segment belongs to
SECTIONS = {
    "": "discover", "notes": "discover", "people": "discover", "now": "now", "places": "now", "search": "now",
    "wallet": "wallet", "vouchers": "wallet", "orders": "wallet", "checkout": "wallet", "me": "me",
}  # fmt: skip


def page(request: HttpRequest) -> dict[str, Any]:
    """Return what the base template needs: `at`, `section` (the tab that is on), `theme` ("" = the system's)."""
    first = request.path.strip("/").split("/")[0]
    theme = request.COOKIES.get("theme", "")
    return {
        "at": getattr(request, "at", None),
        "section": "write" if request.path == "/notes/new" else SECTIONS.get(first, ""),
        "theme": theme if theme in THEMES else "",
    }
