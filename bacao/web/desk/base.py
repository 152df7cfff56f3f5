"""What all drawers of the desk have in common: read first, change through services, and the story of each row."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.filters import ChoicesFieldListFilter
from django.contrib.admin.helpers import ActionForm
from django.core.paginator import Paginator
from django.db import connection, models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import get_language

from bacao.kit.text import Refused, Text
from bacao.web.desk import words
from bacao.web.desk.history import is_tracked, list_changes
from bacao.web.desk.words import said
from bacao.web.templatetags.bacao import money

if TYPE_CHECKING:
    from bacao.accounts.models import User

    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    AnyPaginator = Paginator[Any]
else:
    ModelAdmin, TabularInline, AnyPaginator = admin.ModelAdmin, admin.TabularInline, Paginator

ESTIMATE_ABOVE = 200_000  # rows; counting so many takes longer than a page may


class EstimatingPaginator(AnyPaginator):
    """Counts a small or filtered table, and believes PostgreSQL's own estimate of a large one."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, roughly where it is large and unfiltered."""
        query = cast("models.QuerySet[Any]", self.object_list).query
        if not query.where and not query.distinct:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [query.get_meta().db_table]
                )
                [estimate] = cursor.fetchone() or [0]
            if estimate > ESTIMATE_ABOVE:
                return int(estimate)
        return super().count


class WordsFilter(ChoicesFieldListFilter):
    """A filter by state or kind that speaks the operators' words."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the choices as Django does, in our words."""
        for choice, code in zip(super().choices(changelist), [None, *self._codes()], strict=True):
            yield choice if code is None else {**choice, "display": words.value(code)}

    def _codes(self) -> list[str]:
        return [code for code, _ in self.field.flatchoices]


class ReasonForm(ActionForm):
    """An action may carry a reason, which stands in the row and is read by whom it concerns."""

    reason = forms.CharField(
        required=False, max_length=200, label=said("原因：", "Reason:"), widget=forms.TextInput(attrs={"size": 24})
    )


class AmountForm(ReasonForm):
    """An action about money asks how much, in the city's currency; a minus takes away."""

    amount = forms.DecimalField(
        required=False, max_digits=11, decimal_places=2, label=said("金额：", "Amount:"),
        widget=forms.TextInput(attrs={"size": 10, "inputmode": "decimal"}),
    )  # fmt: skip


class DeskAdmin(ModelAdmin):
    """A table at the desk: everything is read, `editable` columns are typed over, nothing is ever deleted.

    Actions are offered over a list and, as buttons, on each row's own page.
    """

    editable: tuple[str, ...] = ()
    addable = False
    paginator = EstimatingPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 50
    change_form_template = "desk/change_form.html"
    object_history_template = "desk/history.html"
    preserve_filters = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._cells: dict[str, Callable[[Any], str]] = {}

    # --- what may be done ---

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Return whether rows of this table come from the desk at all."""
        return self.addable and super().has_add_permission(request, *args)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: what happened stays."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether something may be typed over."""
        return bool(self.editable) and super().has_change_permission(request, obj)

    def has_work_permission(self, request: HttpRequest) -> bool:
        """Return whether this person may use this table's actions (`@admin.action(permissions=["work"])`)."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    # --- what is shown ---

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list under the name of what is in it."""
        return super().changelist_view(request, {"title": self.opts.verbose_name_plural, **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns of the list, states in words and amounts as money."""
        return [self._column(name) for name in super().get_list_display(request)]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Return the filters, those by state or kind in words."""
        return [
            (item, WordsFilter) if isinstance(item, str) and self._has_choices(item) else item
            for item in super().get_list_filter(request)
        ]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return the columns of a row's page: what is typed first, what is read after it."""
        named = list(self.fields or [field.name for field in self.opts.concrete_fields])
        shown = [*self.editable, *(name for name in named if name not in self.editable)]
        return [name if name in self._typed(request, obj) else self._column(name) for name in shown]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return everything that is not typed over."""
        typed = self._typed(request, obj)
        return [name for name in self.get_fields(request, obj) if name not in typed]

    def _typed(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        """Return the columns that this person types over on this page."""
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        key = (self.opts.pk.name,) if obj is None and not self.opts.pk.auto_created else ()
        return (*key, *self.editable) if may else ()

    def formfield_for_choice_field(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Offer choices in words."""
        kwargs["choices"] = [(code, words.value(code)) for code, _ in db_field.flatchoices]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def _has_choices(self, name: str) -> bool:
        return any(field.name == name and field.choices for field in self.opts.fields)

    def _column(self, name: Any) -> Any:
        """Return what shows a column: words for states, money for amounts, Django's own way otherwise."""
        if not isinstance(name, str) or hasattr(self, name):
            return name
        if self._has_choices(name):
            return self._cell(name, words.value)
        if any(field.name == name and isinstance(field, models.DateTimeField) for field in self.opts.fields):
            return self._cell(name, minute)
        return self._cell(name, money) if name.endswith("_minor") else name

    def _cell(self, name: str, show: Callable[[Any], str]) -> Callable[[Any], str]:
        """Return the function that shows a column, the same one each time (Django compares them)."""
        if name not in self._cells:
            column: Any = self.opts.get_field(name)

            def cell(row: Any) -> str:
                value = getattr(row, name)
                return "-" if value is None or value == "" else show(value)

            cell.__name__ = name
            label = said(*(part.removesuffix("（分）").removesuffix(" (minor)") for part in words.column(name, column)))
            self._cells[name] = admin.display(description=label, ordering=name)(cell)
        return self._cells[name]

    # --- actions on one row ---

    def get_urls(self) -> list[URLPattern]:
        """Return Django's addresses and one more: an action on one row."""
        act = path("<path:object_id>/act/", self.admin_site.admin_view(self.act_view), name=self._act_name())
        return [act, *super().get_urls()]

    def _act_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_act"

    def act_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Run one of the table's actions on one row."""
        row = self.get_object(request, object_id)
        found = self.get_actions(request).get(request.POST.get("action", ""))
        if request.method != "POST" or row is None or found is None:
            raise Http404
        found[0](self, request, self.model._default_manager.filter(pk=row.pk))
        return redirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id]))

    def each(self, request: HttpRequest, rows: Iterable[Any], do: Callable[[Any], object], done: Text) -> None:
        """Do something to each row and say how it went; one that is refused does not stop the others."""
        count, language = 0, get_language() or "zh-hans"
        for row in rows:
            try:
                do(row)
                count += 1
            except Refused as refused:
                self.message_user(request, f"{row}: {refused.text.say(language)}", messages.WARNING)
        if count:
            self.message_user(request, f"{done.say(language)} {count}", messages.SUCCESS)

    # --- the story of a row ---

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add the row's actions and its latest changes to its page."""
        row = kwargs.get("obj")
        if row is not None:
            actions = [(found[1], found[2]) for found in self.get_actions(request).values() if found]
            context["row_actions"] = actions
            context["act_url"] = reverse(f"admin:{self._act_name()}", args=[row.pk]) if actions else ""
            context["asks_reason"] = issubclass(self.action_form, ReasonForm)
            context["asks_amount"] = issubclass(self.action_form, AmountForm)
            context["tracked"] = is_tracked(self.model)
            context["changes"] = list_changes(self.model, row.pk, row, limit=10)
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show every change of a row, of one that was deleted too."""
        if not self.has_view_permission(request):
            raise Http404
        row = self.get_object(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": said("改动记录", "History"),
            "opts": self.opts,
            "object": row,
            "tracked": is_tracked(self.model),
            "changes": list_changes(self.model, object_id, row, limit=500),
        }
        return render(request, self.object_history_template, context)


def minute(at: datetime) -> str:
    """Return an instant in the city's time, short enough for a column: `2026-11-21 12:00`."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def act(zh: str, en: str, **options: Any) -> Callable[[Any], Any]:
    """Name an action in both languages and keep it for those who may work on the table."""
    return partial(_describe, description=said(zh, en), **options)


def _describe(function: Any, **options: Any) -> Any:
    return admin.action(permissions=["work"], **options)(function)


class DeskInline(TabularInline):
    """Rows that belong to a row, to be read."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False


class StandingFilter(admin.SimpleListFilter):
    """A filter by a question that no single column answers; `standings` = code -> (words, filter of the moment)."""

    title = said("处境", "standing")
    parameter_name = "standing"
    standings: dict[str, tuple[tuple[str, str], Callable[[Any], models.Q]]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the questions."""
        return [(code, said(*text)) for code, (text, _) in self.standings.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return the rows of the question that was chosen."""
        chosen = self.standings.get(self.value() or "")
        return queryset.filter(chosen[1](timezone.now())) if chosen else queryset


def operator_of(request: HttpRequest) -> "User":
    """Return who works at the desk; the site lets nobody else in."""
    return cast("User", request.user)


def reason_of(request: HttpRequest) -> str:
    """Return the reason typed beside an action."""
    return request.POST.get("reason", "").strip()


def amount_of(request: HttpRequest) -> int:
    """Return the amount typed beside an action in minor units. :raises Refused: it is none"""
    try:
        amount = AmountForm.base_fields["amount"].clean(request.POST.get("amount", ""))
    except forms.ValidationError:
        amount = None
    if not amount:
        raise Refused(Text("写金额，例如 500 或 -120.50。", "Write an amount, such as 500 or -120.50."), code="amount")
    return int(amount * 100)


def link(label: str, row: Any, key: Any = None) -> str:
    """Return a link to a row's page at the desk."""
    chapter, table = label.split(".")
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{chapter}_{table}_change", args=[key or row.pk]), row)
