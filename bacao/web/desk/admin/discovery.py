"""What searching works with, to be read; all of it can be built again."""

from django.apps import apps
from django.contrib import admin

from bacao.web.desk.base import DeskAdmin


@admin.register(apps.get_model("discovery.SearchDocument"))
class SearchDocumentAdmin(DeskAdmin):
    """The words of places and notes as the index holds them."""

    list_display = ("id", "title", "place", "note")
    list_display_links = ("id", "title")
    list_select_related = ("place", "note")
    search_fields = ("title",)
    ordering = ("-id",)
    fields = ("title", "sound", "place", "note", "tokens")


@admin.register(apps.get_model("discovery.PlaceStanding"))
class PlaceStandingAdmin(DeskAdmin):
    """What verified visits say of places."""

    list_display = ("place", "review_count", "stars_hundredths", "arrival_count", "arrivals_30_days", "note_count")
    list_select_related = ("place",)
    search_fields = ("place__name_zh", "place__name_en")
    ordering = ("-arrival_count",)


@admin.register(apps.get_model("discovery.Trial"))
class TrialAdmin(DeskAdmin):
    """New places and what they were shown of what they are promised."""

    list_display = ("place", "since", "examined", "ended_at")
    list_select_related = ("place",)
    search_fields = ("place__name_zh", "place__name_en")
    ordering = ("-since",)


@admin.register(apps.get_model("discovery.PriceDifference"))
class PriceDifferenceAdmin(DeskAdmin):
    """Listed prices that were not the exact ones; each is a fault of the program."""

    list_display = ("found_at", "place", "party", "listed_minor", "exact_minor", "index_number")
    list_select_related = ("place",)
    list_filter = (("found_at", admin.DateFieldListFilter),)
    search_fields = ("place__name_zh", "place__name_en")
    ordering = ("-found_at",)
