"""People and their city-wide roles."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from bacao.accounts.services import (
    close_account,
    end_entitlement,
    end_role,
    end_sessions,
    grant_entitlement,
    grant_role,
    reopen_account,
    set_preferences,
)
from bacao.kit.text import Text
from bacao.web.desk.base import DeskAdmin, DeskInline, StandingFilter, act, operator_of

User, Role, ShopRole, EntitlementGrant = (
    apps.get_model(label)
    for label in ("accounts.User", "accounts.Role", "places.ShopRole", "accounts.EntitlementGrant")
)


class RoleInline(DeskInline):
    """City-wide roles, past ones too."""

    model = Role
    fk_name = "user"
    fields = readonly_fields = ("kind", "granted_by", "granted_at", "ended_at")


class ShopRoleInline(DeskInline):
    """Where somebody is owner or clerk."""

    model = ShopRole
    fk_name = "user"
    fields = readonly_fields = ("merchant", "place", "kind", "granted_at", "ended_at")


class GrantInline(DeskInline):
    """Entitlement keys somebody holds or held."""

    model = EntitlementGrant
    fk_name = "user"
    fields = readonly_fields = ("key", "valid_from", "valid_until", "evidence", "granted_by")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return them with who granted them."""
        return super().get_queryset(request).select_related("granted_by")


@admin.register(User)
class UserAdmin(DeskAdmin):
    """People. Contacts are not typed over: a person proves them by a code."""

    list_display = ("id", "display_name", "phone", "email", "language", "is_staff", "is_active", "date_joined")
    list_display_links = ("id", "display_name")
    list_filter = ("is_staff", "is_active", "is_official", "language")
    search_fields = ("display_name", "phone", "email")
    search_help_text = "138…, name@…, 名字"
    date_hierarchy = "date_joined"
    ordering = ("-id",)
    editable = ("display_name", "bio")
    fields = (
        "phone", "phone_verified", "email", "language", "avatar", "is_active", "is_staff", "is_superuser",
        "is_official", "personal_ranking", "location_consent_at", "date_joined", "last_login",
    )  # fmt: skip
    inlines = (RoleInline, ShopRoleInline, GrantInline)
    actions = ("make_operator", "end_operator", "make_field_worker", "end_field_worker", "sign_out", "close", "reopen")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Change name and words about themselves."""
        set_preferences(user=obj, display_name=obj.display_name, bio=obj.bio, at=timezone.now())

    def _grant(self, request: HttpRequest, rows: Any, kind: str) -> None:
        by, at = operator_of(request), timezone.now()
        self.each(
            request,
            rows,
            lambda user: grant_role(user=user, kind=kind, granted_by=by, at=at),
            Text("已授予", "Granted:"),
        )

    def _end(self, request: HttpRequest, rows: Any, kind: str) -> None:
        by, at = operator_of(request), timezone.now()
        self.each(request, rows, lambda user: end_role(user=user, kind=kind, at=at, by=by), Text("已结束", "Ended:"))

    @act("授予运营角色", "Make operator")
    def make_operator(self, request: HttpRequest, rows: Any) -> None:
        """Let people work at this desk."""
        self._grant(request, rows, Role.Kind.OPERATOR)

    @act("结束运营角色", "End operator role")
    def end_operator(self, request: HttpRequest, rows: Any) -> None:
        """Take the desk from people."""
        self._end(request, rows, Role.Kind.OPERATOR)

    @act("授予地推角色", "Make field worker")
    def make_field_worker(self, request: HttpRequest, rows: Any) -> None:
        """Let people work on the streets."""
        self._grant(request, rows, Role.Kind.FIELD_WORKER)

    @act("结束地推角色", "End field worker role")
    def end_field_worker(self, request: HttpRequest, rows: Any) -> None:
        """Take the streets from people."""
        self._end(request, rows, Role.Kind.FIELD_WORKER)

    @act("在所有设备退出", "Sign out everywhere")
    def sign_out(self, request: HttpRequest, rows: Any) -> None:
        """End all sessions of people."""
        self.each(request, rows, lambda user: end_sessions(user=user), Text("已退出", "Signed out:"))

    @act("停用账号", "Close account")
    def close(self, request: HttpRequest, rows: Any) -> None:
        """Keep people from signing in."""
        by = operator_of(request)
        self.each(request, rows, lambda user: close_account(user=user, by=by), Text("已停用", "Closed:"))

    @act("恢复账号", "Reopen account")
    def reopen(self, request: HttpRequest, rows: Any) -> None:
        """Let people sign in again."""
        self.each(request, rows, lambda user: reopen_account(user=user), Text("已恢复", "Reopened:"))


class NowHeldFilter(StandingFilter):
    """Grants that hold now, that are to come, or that are over."""

    standings = {
        "held": (
            ("现在有效", "held now"),
            lambda at: Q(valid_from__lte=at) & (Q(valid_until=None) | Q(valid_until__gt=at)),
        ),
        "over": (("已结束", "over"), lambda at: Q(valid_until__lte=at)),
    }


@admin.register(EntitlementGrant)
class EntitlementGrantAdmin(DeskAdmin):
    """Entitlement keys: granted here until a membership grants them by itself, ended here, never deleted."""

    list_display = ("id", "user", "key", "valid_from", "valid_until", "evidence", "granted_by")
    list_filter = (NowHeldFilter,)
    list_select_related = ("user", "granted_by")
    search_fields = ("key", "user__display_name", "user__phone", "evidence")
    search_help_text = "member:plan-a, 138…"
    ordering = ("-id",)
    addable = True
    autocomplete_fields = ("user",)
    fields = ("granted_by", "granted_at")
    actions = ("end",)
    editable = ("user", "key", "valid_from", "valid_until", "evidence")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether this is a new grant; one that was given is ended, not rewritten."""
        return obj is None and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Grant a key to somebody."""
        grant = grant_entitlement(
            user=obj.user, key=obj.key, valid_from=obj.valid_from, valid_until=obj.valid_until, evidence=obj.evidence,
            granted_by=operator_of(request), at=timezone.now(),
        )  # fmt: skip
        obj.pk = grant.pk

    @act("现在结束", "End now")
    def end(self, request: HttpRequest, rows: Any) -> None:
        """Take keys from people."""
        at = timezone.now()
        self.each(request, rows, lambda grant: end_entitlement(grant=grant, at=at), Text("已结束", "Ended:"))


@admin.register(Role)
class RoleAdmin(DeskAdmin):
    """City-wide roles; granted and ended on a person's page."""

    list_display = ("user", "kind", "granted_by", "granted_at", "ended_at")
    list_filter = ("kind", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("user", "granted_by")
    search_fields = ("user__display_name", "user__phone")
    ordering = ("-id",)
