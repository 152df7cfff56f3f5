"""What people who came say, to be read."""

from django.apps import apps
from django.contrib import admin

from bacao.web.desk.base import DeskAdmin


@admin.register(apps.get_model("reviews.Review"))
class ReviewAdmin(DeskAdmin):
    """Reviews, latest first."""

    list_display = ("id", "place", "user", "stars", "body", "written_at", "replied_at")
    list_filter = ("stars", ("reply", admin.EmptyFieldListFilter))
    list_select_related = ("place", "user")
    search_fields = ("body", "place__name_zh", "user__display_name")
    date_hierarchy = "written_at"
    ordering = ("-id",)
