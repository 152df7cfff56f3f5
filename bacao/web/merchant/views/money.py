"""What was redeemed and what it came to: the lists, their files, and the statement that adds up."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bacao.kit.text import Refused, Text
from bacao.ledger.queries import list_legs
from bacao.orders.queries import list_bills
from bacao.orders.rules import REFUND_BILL
from bacao.redemption.queries import get_redemption, list_redemptions
from bacao.redemption.services import take_bill_back
from bacao.web.merchant.access import ShopRequest, for_owners, for_staff, show_other
from bacao.web.merchant.periods import Period, last_days, month_before, month_of, read_period
from bacao.web.merchant.statement import Line, Statement, make_statement
from bacao.web.merchant.tables import csv_answer, word, yuan
from bacao.web.templatetags.bacao import t

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    from bacao.orders.models import Bill
    from bacao.redemption.models import Redemption

DAYS = {"today": (1, Text("今天", "Today")), "7": (7, Text("7 天", "7 days")), "30": (30, Text("30 天", "30 days"))}
MOST_LINES = 300
REDEMPTION_COLUMNS = (
    "redeemed_at", "shop", "offer", "order", "voucher", "use", "proof", "clerk", "bill", "charged_at_counter",
    "discount", "you_get", "undone_at",
)  # fmt: skip
STATEMENT_COLUMNS = (
    "row", "at", "kind", "order", "voucher", "offer", "shop", "clerk", "guest_paid", "platform_share", "partner_share",
    "platform_fee", "other", "amount", "balance", "your_own_discount", "transaction",
)  # fmt: skip


@require_safe
@for_staff
def redemptions(request: ShopRequest) -> HttpResponse:
    """Show what was redeemed; clerks see it too, without what the shop earns."""
    shop = request.shop
    days = request.GET.get("days", "today")
    days = days if days in DAYS else "today"
    period = last_days(DAYS[days][0], _today(request))
    rows = _rows(request, period)
    counted = [row for row in rows if not hasattr(row, "undo")]
    context = {
        "section": "redemptions",
        "days": days,
        "choices": [(key, label) for key, (_, label) in DAYS.items()],
        "place_id": request.GET.get("place", ""),
        "rows": _with_gains(rows) if shop.is_owner else [(row, None) for row in rows],
        "count": len(counted),
        "charge_minor": sum(row.charge_minor for row in counted),
        "discount_minor": sum(row.discount_minor for row in counted),
        "bills": [bill for bill in _bills(request, period) if bill.settled_at],
    }
    return render(request, "merchant/redemptions.html", context)


@require_safe
@for_owners
def redemptions_file(request: ShopRequest) -> HttpResponse:
    """Return the same as a file."""
    days = request.GET.get("days", "30")
    period = last_days(DAYS.get(days, DAYS["30"])[0], _today(request))
    rows = [
        [
            _instant(row.redeemed_at), word(row.place), word(row.voucher.order.version), row.voucher.order.number,
            str(row.voucher_id), str(row.use_number), row.proof, word(row.clerk), yuan(row.bill_minor),
            yuan(row.charge_minor), yuan(row.discount_minor), yuan(gain),
            _instant(row.undo.undone_at) if hasattr(row, "undo") else "",
        ]
        for row, gain in _with_gains(_rows(request, period))
    ]  # fmt: skip
    return csv_answer(f"redemptions-{period.first}-{period.last}.csv", REDEMPTION_COLUMNS, rows)


@require_safe
@for_owners
def redemption(request: ShopRequest, redemption_id: int) -> HttpResponse:
    """Show one redemption with every leg of its booking."""
    try:
        row = get_redemption(redemption_id)
    except ObjectDoesNotExist:
        raise Http404("no such redemption") from None
    show_other(request, row.merchant_id)
    legs = list_legs([row.ledger_id])[row.ledger_id] if row.ledger_id else {}
    parts = {
        "guest": -_sum(legs, "liab.unredeemed."),
        "platform": -_sum(legs, "expense.subsidy."),
        "partner": -_sum(legs, "asset.receivable.partner."),
        "fee": _sum(legs, "income.commission"),
        "gets": _sum(legs, "liab.payable.merchant."),
    }
    context = {"section": "redemptions", "row": row, "version": row.voucher.order.version, "parts": parts}
    return render(request, "merchant/redemption.html", context)


@require_safe
@for_owners
def statement(request: ShopRequest) -> HttpResponse:
    """Show the account between two days."""
    today = _today(request)
    period = _period(request)
    shown = make_statement(request.shop.merchant.pk, period.since, period.until)
    context = {
        "section": "statement",
        "period": period,
        "statement": shown,
        "shown": shown.lines[-MOST_LINES:],
        "totals": shown.totals,
        "choices": [
            (Text("这个月", "This month"), month_of(today)),
            (Text("上个月", "Last month"), month_before(today)),
            (Text("7 天", "7 days"), last_days(7, today)),
        ],
    }
    return render(request, "merchant/statement.html", context)


@require_safe
@for_owners
def statement_file(request: ShopRequest) -> HttpResponse:
    """Return the account as a file from which every sum can be computed again (ST6)."""
    period = _period(request)
    shown = make_statement(request.shop.merchant.pk, period.since, period.until)
    return csv_answer(f"statement-{period.first}-{period.last}.csv", STATEMENT_COLUMNS, _statement_rows(shown, period))


def _statement_rows(shown: Statement, period: Period) -> list[list[str]]:
    width = len(STATEMENT_COLUMNS)
    balance = STATEMENT_COLUMNS.index("balance")

    def edge(name: str, at: str, minor: int) -> list[str]:
        cells = [name, at, *[""] * (width - 2)]
        cells[balance] = yuan(minor)
        return cells

    lines = [
        [
            "line", _instant(line.at), line.kind, _number_of(line),
            str(row.voucher_id) if row else "", word(row.voucher.order.version) if row else "",
            word(row.place if row else line.bill and line.bill.order.place), _clerk_of(line), yuan(line.guest_minor),
            yuan(line.platform_minor), yuan(line.partner_minor), yuan(line.fee_minor), yuan(line.other_minor),
            yuan(line.amount_minor), yuan(line.balance_minor), yuan(line.given_minor), line.id,
        ]
        for line in shown.lines
        for row in (line.redemption,)
    ]  # fmt: skip
    return [
        edge("opening", _instant(period.since), shown.opening_minor),
        *lines,
        edge("closing", _instant(period.until), shown.closing_minor),
    ]


def _number_of(line: Line) -> str:
    """Return the number of the order behind a line."""
    if line.bill:
        return line.bill.order.number
    return line.redemption.voucher.order.number if line.redemption else ""


def _clerk_of(line: Line) -> str:
    source = line.bill.settled_by if line.bill else line.redemption and line.redemption.clerk
    return word(source)


def _period(request: ShopRequest) -> Period:
    return read_period(request.GET.get("from"), request.GET.get("to"), default=month_of(_today(request)))


def _today(request: ShopRequest) -> "date":
    return timezone.localtime(request.at).date()


def _instant(at: "datetime") -> str:
    return timezone.localtime(at).isoformat(sep=" ", timespec="seconds")


def _rows(request: ShopRequest, period: Period) -> "list[Redemption]":
    """Return the redemptions of a period, of one place where one is asked for or a clerk serves only one."""
    asked = request.GET.get("place")
    place_id = request.shop.only_place_id or (request.shop.get_place(asked).pk if asked else None)
    return list_redemptions(request.shop.merchant.pk, period.since, period.until, place_id=place_id)


def _bills(request: ShopRequest, period: Period) -> "list[Bill]":
    """Return the bills of a period, of the same places as the redemptions."""
    asked = request.GET.get("place")
    place_id = request.shop.only_place_id or (request.shop.get_place(asked).pk if asked else None)
    places = [place_id] if place_id else request.shop.place_ids
    return list_bills(places, period.since, period.until)


@require_POST
@for_owners
def bill_refund(request: ShopRequest, order_id: "UUID") -> HttpResponse:
    """Give a bill back whole, within 30 days: money, credit and vouchers."""
    try:
        take_bill_back(
            order_id=order_id,
            merchant_id=request.shop.merchant.pk,
            within=REFUND_BILL,
            by=request.user if request.user.is_authenticated else None,
            at=request.at,
        )
    except Refused as refused:
        messages.error(request, refused.text.say(request.LANGUAGE_CODE))
    else:
        messages.success(request, t("退了：钱、余额和券都还给客人。", "Refunded: money, credit and vouchers."))
    return redirect("merchant:redemptions")


def _with_gains(rows: "list[Redemption]") -> "list[tuple[Redemption, int | None]]":
    """Return each redemption with what it brought the shop; several uses of one press carry it once."""
    legs = list_legs([row.ledger_id for row in rows if row.ledger_id])
    gains: dict[UUID, int] = {key: _sum(moved, "liab.payable.merchant.") for key, moved in legs.items()}
    return [(row, gains.pop(row.ledger_id, None) if row.ledger_id else None) for row in rows]


def _sum(legs: dict[str, int], prefix: str) -> int:
    return sum(amount for code, amount in legs.items() if code.startswith(prefix))
