"""Places, the businesses behind them, who works there, and the parts of the city."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from bacao.kit.text import Text
from bacao.places.services import close_place, end_shop_role, reopen_place, update_place
from bacao.web.desk.base import DeskAdmin, DeskInline, act

Category, District, Street, Merchant, Place, ShopRole, ClerkInvite, ImportRun = (
    apps.get_model(f"places.{name}")
    for name in ("Category", "District", "Street", "Merchant", "Place", "ShopRole", "ClerkInvite", "ImportRun")
)


class PlaceInline(DeskInline):
    """The shops of a merchant."""

    model = Place
    fields = readonly_fields = ("name_zh", "category", "district", "state")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return them with what they are called."""
        return super().get_queryset(request).select_related("category", "district")


class ShopRoleInline(DeskInline):
    """Owners and clerks, past ones too."""

    model = ShopRole
    fields = readonly_fields = ("user", "kind", "place", "granted_at", "ended_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return them with their names."""
        return super().get_queryset(request).select_related("user", "place")


@admin.register(Merchant)
class MerchantAdmin(DeskAdmin):
    """Businesses. What they are owed stands in the ledger."""

    list_display = ("id", "name_zh", "name_en", "collect_mode", "platform_fee_basis_points", "created_at")
    list_display_links = ("id", "name_zh")
    list_filter = ("collect_mode",)
    search_fields = ("name_zh", "name_en")
    ordering = ("-id",)
    editable = ("name_zh", "name_en")
    inlines = (PlaceInline, ShopRoleInline)


@admin.register(Place)
class PlaceAdmin(DeskAdmin):
    """Places, latest first."""

    list_display = ("id", "name_zh", "name_en", "category", "district", "merchant", "state", "source", "updated_at")
    list_display_links = ("id", "name_zh", "name_en")
    list_filter = ("state", "source", "district", "category__parent")
    list_select_related = ("category", "district", "merchant")
    search_fields = ("name_zh", "name_en", "address_zh", "source_ref")
    ordering = ("-id",)
    editable = (
        "name_zh", "name_en", "category", "merchant", "brand", "address_zh", "address_en", "about_zh", "about_en",
        "phone", "usual_minor", "latitude", "longitude", "selected_reason", "selected_reason_en",
    )  # fmt: skip
    fields = ("hours", "district", "street", "tags", "state", "closed_at", "source", "source_ref", "updated_at")
    autocomplete_fields = ("category", "merchant")
    actions = ("close", "reopen")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Change what a place says of itself, and tell who searches."""
        fields = {name: form.cleaned_data[name] for name in form.changed_data}
        if "selected_reason" in fields:
            fields["selected_at"] = timezone.now() if fields["selected_reason"] else None
        update_place(place=obj, at=timezone.now(), **fields)

    @act("关店", "Close")
    def close(self, request: HttpRequest, rows: Any) -> None:
        """Mark places as closed for good."""
        at = timezone.now()
        self.each(request, rows, lambda place: close_place(place=place, at=at), Text("已关", "Closed:"))

    @act("重新营业", "Reopen")
    def reopen(self, request: HttpRequest, rows: Any) -> None:
        """Mark places as trading again."""
        at = timezone.now()
        self.each(request, rows, lambda place: reopen_place(place=place, at=at), Text("已恢复", "Reopened:"))


@admin.register(ShopRole)
class ShopRoleAdmin(DeskAdmin):
    """Owners and clerks; owners invite clerks themselves."""

    list_display = ("user", "kind", "merchant", "place", "granted_at", "ended_at")
    list_filter = ("kind", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("user", "merchant", "place")
    search_fields = ("user__display_name", "user__phone", "merchant__name_zh")
    ordering = ("-id",)
    actions = ("end",)

    @act("结束角色", "End role")
    def end(self, request: HttpRequest, rows: Any) -> None:
        """Take roles back; a merchant's last owner stays."""
        at = timezone.now()
        self.each(request, rows, lambda role: end_shop_role(role=role, at=at), Text("已结束", "Ended:"))


@admin.register(ClerkInvite)
class ClerkInviteAdmin(DeskAdmin):
    """Links that make a clerk; their secrets are not kept."""

    list_display = ("id", "merchant", "place", "created_by", "created_at", "accepted_by", "withdrawn_at")
    list_select_related = ("merchant", "place", "created_by", "accepted_by")
    ordering = ("-id",)
    fields = (
        "merchant", "place", "created_by", "created_at", "expires_at", "accepted_by", "accepted_at", "withdrawn_at",
    )  # fmt: skip


@admin.register(Category)
class CategoryAdmin(DeskAdmin):
    """The category tree."""

    list_display = ("code", "name_zh", "name_en", "parent", "emoji", "tint", "position")
    list_filter = ("parent",)
    list_select_related = ("parent",)
    search_fields = ("code", "name_zh", "name_en")
    editable = ("name_zh", "name_en", "emoji", "tint", "position", "parent")
    addable = True
    list_per_page = 200


@admin.register(District)
class DistrictAdmin(DeskAdmin):
    """Parts of the city that people name."""

    list_display = ("code", "name_zh", "name_en", "position")
    search_fields = ("code", "name_zh", "name_en")
    editable = ("name_zh", "name_en", "position")
    fields = ("code", "latitude", "longitude")


@admin.register(Street)
class StreetAdmin(DeskAdmin):
    """Streets, and stations people meet at."""

    list_display = ("code", "name_zh", "name_en", "kind", "district")
    list_filter = ("kind", "district")
    list_select_related = ("district",)
    search_fields = ("code", "name_zh", "name_en")
    editable = ("name_zh", "name_en")
    fields = ("code", "kind", "district", "latitude", "longitude")


@admin.register(ImportRun)
class ImportRunAdmin(DeskAdmin):
    """What was read from outside, and what became of it."""

    list_display = ("id", "source", "started_at", "counts")
    list_filter = ("source",)
    ordering = ("-id",)
