"""The figures above the desk's list of tables: what waits for somebody, and what today was like."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.admin import AdminSite
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from bacao.discovery.queries.outbox import get_outbox_lag_seconds
from bacao.kit.text import Text

ENQUIRE_AFTER = timedelta(minutes=10)
RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Figure:
    """A count that opens to its rows; `calls` says that a number above zero waits for somebody."""

    label: Text
    value: str
    url: str
    calls: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """How a figure is counted: a table, which of its rows, and the address that lists the same rows."""

    label: Text
    table: str
    rows: Callable[[datetime], Q]
    address: Callable[[datetime], dict[str, str]]


def reported(at: datetime) -> Q:
    """Return the notes that readers reported and nobody has looked at since."""
    open_reports = apps.get_model("notes.NoteReport").objects.filter(handled_at=None)
    return Q(pk__in=open_reports.values("note"))


def payments_to_enquire(at: datetime) -> Q:
    """Return the payments nobody has told us about for ten minutes."""
    return Q(captured_at=None, failed_at=None, created_at__lt=at - ENQUIRE_AFTER)


def payments_failed(at: datetime) -> Q:
    """Return the payments that failed in the last seven days."""
    return Q(failed_at__gte=at - RECENT)


def refunds_under_way(at: datetime) -> Q:
    """Return the refunds that are owed and not confirmed."""
    return Q(confirmed_at=None)


WAITING = (
    Counted(Text("笔记待审核", "notes waiting"), "notes.note", lambda at: Q(state="pending"),
            lambda at: {"state__exact": "pending"}),
    Counted(Text("被举报的笔记", "notes reported"), "notes.note", reported,
            lambda at: {"reported": "open"}),
    Counted(Text("优惠暂停", "offers paused"), "offers.offer", lambda at: Q(state="paused"),
            lambda at: {"state__exact": "paused"}),
    Counted(Text("没用上，待判", "incidents to decide"), "redemption.incident", lambda at: Q(decided_at=None),
            lambda at: {"decided_at__isempty": "1"}),
    Counted(Text("付款待查询", "payments to enquire"), "orders.payment", payments_to_enquire,
            lambda at: {"standing": "enquire"}),
    Counted(Text("7 天内付款失败", "payments failed, 7 days"), "orders.payment", payments_failed,
            lambda at: {"standing": "failed"}),
    Counted(Text("退款未确认", "refunds not confirmed"), "orders.refund", refunds_under_way,
            lambda at: {"standing": "open"}),
    Counted(Text("收银机少了记录", "counters with rows missing"), "redemption.counter",
            lambda at: Q(rows_missing__gt=0), lambda at: {"rows_missing__gt": "0"}),
    Counted(Text("7 天内列表价有差错", "listed prices wrong, 7 days"), "discovery.pricedifference",
            lambda at: Q(found_at__gte=at - RECENT),
            lambda at: {"found_at__gte": (at - RECENT).isoformat(sep=" ")}),
    Counted(Text("失败的任务", "jobs failed"), "procrastinate.procrastinatejob", lambda at: Q(status="failed"),
            lambda at: {"status__exact": "failed"}),
)  # fmt: skip


def _today(column: str) -> tuple[Callable[[datetime], Q], Callable[[datetime], dict[str, str]]]:
    """Return how rows of today are counted and listed."""

    def midnight(at: datetime) -> datetime:
        return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)

    name = f"{column}__gte"
    return lambda at: Q(**{name: midnight(at)}), lambda at: {name: midnight(at).isoformat(sep=" ")}


TODAY = (
    Counted(Text("抵达", "arrivals"), "redemption.arrival", *_today("arrived_at")),
    Counted(Text("订单", "orders"), "orders.order", *_today("placed_at")),
    Counted(Text("笔记", "notes"), "notes.note", *_today("created_at")),
    Counted(Text("评价", "reviews"), "reviews.review", *_today("written_at")),
    Counted(Text("新来的人", "new people"), "accounts.user", *_today("date_joined")),
)


def list_figures(site: AdminSite, request: HttpRequest) -> list[tuple[Text, list[Figure]]]:
    """Return the figures this person may see, in groups with a title."""
    at = timezone.now()
    waiting = [_count(site, request, counted, at, calls=True) for counted in WAITING]
    today = [_count(site, request, counted, at) for counted in TODAY]
    lag = round(get_outbox_lag_seconds(at))
    waiting.append(Figure(Text("搜索落后（秒）", "search lags, seconds"), str(lag), "", calls=lag > 60))
    return [
        (Text("等人处理", "Waiting for somebody"), [figure for figure in waiting if figure]),
        (Text("今天到现在", "Today so far"), [figure for figure in today if figure]),
    ]


def _count(
    site: AdminSite, request: HttpRequest, counted: Counted, at: datetime, *, calls: bool = False
) -> Figure | None:
    """Return a figure counted through the table's own drawer, None for whom the drawer is shut."""
    model: Any = apps.get_model(counted.table)
    drawer = site.get_model_admin(model)
    if not drawer.has_view_permission(request):
        return None
    count = drawer.get_queryset(request).filter(counted.rows(at)).count()
    address = reverse(f"admin:{counted.table.replace('.', '_')}_changelist")
    return Figure(counted.label, f"{count:,}", f"{address}?{urlencode(counted.address(at))}", calls=calls and count > 0)
