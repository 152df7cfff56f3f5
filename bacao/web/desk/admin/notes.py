"""Notes and their pictures: what a moderator reads, shows and hides."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from bacao.kit.text import Text
from bacao.notes.services import moderate_note
from bacao.web.desk import words
from bacao.web.desk.base import DeskAdmin, DeskInline, ReasonForm, StandingFilter, act, link, operator_of, reason_of
from bacao.web.desk.figures import reported
from bacao.web.desk.words import said

Note, NotePicture, NotePlace, NoteReport = (
    apps.get_model(f"notes.{name}") for name in ("Note", "NotePicture", "NotePlace", "NoteReport")
)


class ReportedFilter(StandingFilter):
    """Notes that readers reported and nobody has looked at since."""

    title = said("举报", "reports")
    parameter_name = "reported"
    standings = {"open": (("待处理", "not handled"), reported)}


class ReportInline(DeskInline):
    """What readers say against a note."""

    model = NoteReport
    fields = readonly_fields = ("said_to_be", "words", "user", "reported_at", "handled_at")
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return them with who reported."""
        return super().get_queryset(request).select_related("user")

    @admin.display(description=said("原因", "reason"))
    def said_to_be(self, report: Any) -> str:
        """Return the reason in words."""
        return words.value(report.reason)


class PictureInline(DeskInline):
    """The pictures of a note, large enough to judge."""

    model = NotePicture
    show_change_link = False
    fields = readonly_fields = ("shown", "width", "height")

    @admin.display(description=said("照片", "picture"))
    def shown(self, picture: Any) -> str:
        """Return the picture."""
        return format_html('<img class="desk-picture" src="{}" alt="" loading="lazy">', picture.file.url)


class NotePlaceInline(DeskInline):
    """The places a note names."""

    model = NotePlace
    show_change_link = False
    fields = readonly_fields = ("named", "position")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return them with their names."""
        return super().get_queryset(request).select_related("place")

    @admin.display(description=said("地点", "place"))
    def named(self, row: Any) -> str:
        """Return a link to the place."""
        return link("places.place", row.place)


@admin.register(Note)
class NoteAdmin(DeskAdmin):
    """Notes, latest first."""

    list_display = ("title", "author", "kind", "state", "disclosure", "save_count", "created_at")
    list_filter = ("state", ReportedFilter, "kind", ("disclosure", admin.EmptyFieldListFilter), "language")
    list_select_related = ("author",)
    search_fields = ("title", "body", "author__display_name")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = (
        "title", "body", "author", "kind", "disclosure", "state", "state_reason", "language", "save_count",
        "created_at", "published_at",
    )  # fmt: skip
    inlines = (ReportInline, PictureInline, NotePlaceInline)
    action_form = ReasonForm
    actions = ("publish", "hide")

    def _moderate(self, request: HttpRequest, rows: Any, state: str, done: Text) -> None:
        by, reason, at = operator_of(request), reason_of(request), timezone.now()
        self.each(request, rows, lambda note: moderate_note(note=note, state=state, reason=reason, by=by, at=at), done)

    @act("发布（举报不成立也用它）", "Publish (also: reports are unfounded)")
    def publish(self, request: HttpRequest, rows: Any) -> None:
        """Show notes."""
        self._moderate(request, rows, Note.State.PUBLISHED, Text("已发布", "Published:"))

    @act("隐藏（写原因）", "Hide (give a reason)")
    def hide(self, request: HttpRequest, rows: Any) -> None:
        """Take notes from every page but their author's."""
        self._moderate(request, rows, Note.State.HIDDEN, Text("已隐藏", "Hidden:"))
