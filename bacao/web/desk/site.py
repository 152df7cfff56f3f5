"""The desk as a whole: its name, its door, its first page."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse

from bacao.web.desk.words import said


class DeskSite(AdminSite):
    """Django's admin behind our own sign-in, opened by a page of figures."""

    site_header = said("拔草 · 运营台", "Bacao · desk")
    site_title = said("拔草运营台", "Bacao desk")
    index_title = said("今天", "Today")
    index_template = "desk/index.html"
    site_url = "/"
    enable_nav_sidebar = True

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send strangers to our one way in; tell whoever is signed in but no operator that this is not for them."""
        to = request.GET.get("next") or reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(to)
        if self.has_permission(request):
            return redirect("admin:index")
        return render(request, "desk/not_yours.html", status=403)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what waits for somebody, above the list of tables."""
        from bacao.web.desk.figures import list_figures  # the figures count through registered admins

        return super().index(request, {**(extra_context or {}), "groups": list_figures(self, request)})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the chapters in the order of the story instead of the alphabet."""
        from bacao.web.desk.words import CHAPTERS

        order = {label: number for number, label in enumerate(CHAPTERS)}
        found = super().get_app_list(request, app_label)
        return sorted(found, key=lambda chapter: order.get(chapter["app_label"], len(order)))
