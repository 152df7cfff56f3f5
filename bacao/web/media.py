"""Pictures people took, given only to those who may see the note they hang on (edge.md, Media)."""

from django.http import FileResponse, Http404
from django.views.decorators.http import require_safe

from bacao.notes.queries import find_picture
from bacao.web.requests import PageRequest

SEEN_SECONDS = 3600  # a hidden note's pictures are gone from every browser after that


@require_safe
def picture(request: PageRequest, name: str) -> FileResponse:
    """Send a picture: to everybody while its note is published, else to its author and operators."""
    row = find_picture(name)
    is_public = row is not None and row.note.state == "published"
    viewer = request.user
    may_see = viewer.is_authenticated and row is not None and (viewer.is_staff or viewer.pk == row.note.author_id)
    if row is None or not (is_public or may_see):
        raise Http404
    try:
        answer = FileResponse(row.file.open("rb"), content_type="image/webp")
    except FileNotFoundError:
        raise Http404 from None
    answer["Cache-Control"] = f"public, max-age={SEEN_SECONDS}" if is_public else "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
