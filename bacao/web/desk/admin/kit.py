"""The city's calendar and the news that chapters leave each other."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest

from bacao.kit.services import set_calendar_day
from bacao.web.desk.base import DeskAdmin

CalendarDay, OutboxEvent = apps.get_model("kit.CalendarDay"), apps.get_model("kit.OutboxEvent")


@admin.register(CalendarDay)
class CalendarDayAdmin(DeskAdmin):
    """An operator's word on a date, which overrides the published holidays."""

    list_display = ("date", "kind", "source")
    list_filter = ("kind",)
    date_hierarchy = "date"
    ordering = ("-date",)
    editable = ("kind", "source")
    addable = True

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Say what kind of day it is."""
        set_calendar_day(day=obj.date, kind=obj.kind, source=obj.source)


@admin.register(OutboxEvent)
class OutboxEventAdmin(DeskAdmin):
    """News, latest first."""

    list_display = ("id", "kind", "ref_id", "tx", "recorded_at")
    list_filter = ("kind",)
    ordering = ("-id",)
