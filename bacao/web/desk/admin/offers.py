"""Offers with their terms: read here, paused and resumed here, written by merchants."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from bacao.kit.text import Text
from bacao.offers.services import set_offer_state
from bacao.web.desk import words
from bacao.web.desk.base import DeskAdmin, DeskInline, ReasonForm, act, link, operator_of, reason_of
from bacao.web.desk.words import said
from bacao.web.templatetags.bacao import local, money

Offer, OfferVersion, OfferFunder, StateChange = (
    apps.get_model(f"offers.{name}") for name in ("Offer", "OfferVersion", "OfferFunder", "StateChange")
)


class VersionInline(DeskInline):
    """All terms an offer ever had."""

    model = OfferVersion
    fields = readonly_fields = ("number", "is_current", "title_zh", "title_en", "pays", "instead_of", "created_at")
    ordering = ("-number",)

    @admin.display(description=said("售价", "price"))
    def pays(self, version: Any) -> str:
        """Return the price as money."""
        return money(version.price_minor)

    @admin.display(description=said("原价", "list price"))
    def instead_of(self, version: Any) -> str:
        """Return the list price as money."""
        return money(version.list_minor)


class StateChangeInline(DeskInline):
    """When an offer was put on sale, paused or ended, by whom and why."""

    model = StateChange
    fields = readonly_fields = ("set_to", "reason", "by", "changed_at")
    ordering = ("-id",)
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return them with who did it."""
        return super().get_queryset(request).select_related("by")

    @admin.display(description=said("状态", "state"))
    def set_to(self, change: Any) -> str:
        """Return the state in words."""
        return words.value(change.state)


class FunderInline(DeskInline):
    """Who pays the discount of a version."""

    model = OfferFunder
    fields = readonly_fields = ("party", "share_basis_points")
    show_change_link = False


@admin.register(Offer)
class OfferAdmin(DeskAdmin):
    """Offers, latest first."""

    list_display = ("id", "title", "kind", "place", "state", "state_reason", "state_changed_at")
    list_display_links = ("id", "title")
    list_filter = ("state", "kind")
    list_select_related = ("place",)
    search_fields = ("versions__title_zh", "versions__title_en", "place__name_zh", "place__name_en")
    ordering = ("-id",)
    fields = ("place", "kind", "state", "state_reason", "state_changed_at", "taken", "created_by", "created_at")
    inlines = (VersionInline, StateChangeInline)
    action_form = ReasonForm
    actions = ("pause", "resume", "end", "withdraw")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return offers with the terms that hold now."""
        return super().get_queryset(request).prefetch_related("versions")

    @admin.display(description=said("标题", "title"))
    def title(self, offer: Any) -> str:
        """Return the title that holds now."""
        return next((local(version, "title") for version in offer.versions.all() if version.is_current), "-")

    @admin.display(description=said("已售 / 库存", "taken / stock"))
    def taken(self, offer: Any) -> str:
        """Return the units taken and the units for sale."""
        stock = getattr(offer, "stock", None)
        return f"{stock.used} / {'∞' if stock.limit is None else stock.limit}" if stock else "-"

    def _set(self, request: HttpRequest, rows: Any, state: str, done: Text) -> None:
        by, reason, at = operator_of(request), reason_of(request), timezone.now()
        self.each(
            request, rows, lambda offer: set_offer_state(offer=offer, state=state, reason=reason, by=by, at=at), done
        )

    @act("暂停", "Pause")
    def pause(self, request: HttpRequest, rows: Any) -> None:
        """Take offers from sale for now."""
        self._set(request, rows, Offer.State.PAUSED, Text("已暂停", "Paused:"))

    @act("恢复销售", "Put on sale")
    def resume(self, request: HttpRequest, rows: Any) -> None:
        """Put offers on sale."""
        self._set(request, rows, Offer.State.LIVE, Text("已恢复", "On sale:"))

    @act("结束", "End")
    def end(self, request: HttpRequest, rows: Any) -> None:
        """Take offers from sale for good."""
        self._set(request, rows, Offer.State.ENDED, Text("已结束", "Ended:"))

    @act("撤回并退款", "Withdraw and refund")
    def withdraw(self, request: HttpRequest, rows: Any) -> None:
        """Take offers from sale for good and give back what was paid for them and not used."""
        self._set(request, rows, Offer.State.WITHDRAWN, Text("已撤回", "Withdrawn:"))


@admin.register(OfferVersion)
class OfferVersionAdmin(DeskAdmin):
    """Terms; they never change, a new version follows."""

    list_display = ("offer_link", "number", "title_zh", "price_minor", "list_minor", "is_current", "created_at")
    list_display_links = ("number", "title_zh")
    list_filter = ("is_current", "only_here", "stands_alone", "offer__kind")
    list_select_related = ("offer",)
    search_fields = ("title_zh", "title_en")
    ordering = ("-id",)
    inlines = (FunderInline,)

    @admin.display(description=said("优惠", "offer"))
    def offer_link(self, version: Any) -> str:
        """Return a link to the offer."""
        return link("offers.offer", version.offer)
