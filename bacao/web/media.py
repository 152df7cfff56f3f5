"""Pictures people took, given only to those who may see the note they hang on (edge.md, Media)."""

from urllib.parse import quote

from django.conf import settings
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from bacao.notes.queries import find_picture
from bacao.web.requests import PageRequest

SEEN_SECONDS = 3600  # a hidden note's pictures are gone from every browser after that


@require_safe
def picture(request: PageRequest, name: str) -> HttpResponseBase:
    """Send a picture: to everybody while its note is published, else to its author and operators."""
    row = find_picture(name)
    is_public = row is not None and row.note.state == "published"
    viewer = request.user
    may_see = viewer.is_authenticated and row is not None and (viewer.is_staff or viewer.pk == row.note.author_id)
    if row is None or not (is_public or may_see):
        raise Http404
    answer = _handed_on(row.file) if settings.EDGE else _sent(row.file)
    answer["Cache-Control"] = f"public, max-age={SEEN_SECONDS}" if is_public else "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _sent(file: FieldFile) -> HttpResponseBase:
    try:
        return FileResponse(file.open("rb"), content_type="image/webp")
    except FileNotFoundError:
        raise Http404 from None


def _handed_on(file: FieldFile) -> HttpResponseBase:
    """Let the edge send the file: nobody can ask it for that address from outside (deploy/nginx/site.conf)."""
    return HttpResponse(
        content_type="image/webp", headers={"X-Accel-Redirect": f"/protected/{quote(str(file.name))}"}
    )  # fmt: skip
