"""Orders: where the money is, paying again, giving up, and getting it back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bacao.kit.text import Refused, Text
from bacao.offers.queries import get_terms, list_versions_by_id
from bacao.orders.queries import find_order, find_voucher, list_orders
from bacao.orders.services import cancel_order
from bacao.redemption.services import refund_voucher
from bacao.web.requests import PageRequest
from bacao.web.resident.views.checkout import buy, pay_page
from bacao.web.resident.views.me import invite
from bacao.web.templatetags.bacao import money, t

if TYPE_CHECKING:
    from bacao.orders.models import Order, Refund

REFUNDS_SAY = {
    "asked": Text("你申请退款", "You asked for a refund"),
    "expired": Text("过期未用，自动退款", "It expired unused; refunded by itself"),
    "withdrawn": Text("店家撤回了这个优惠，自动退款", "The shop withdrew the offer; refunded by itself"),
    "chargeback": Text("银行把钱追回，券已作废", "Your bank took the money back; the vouchers are void"),
    "undone": Text("店里撤回了这笔买单", "The shop took the bill back"),
    "late_payment": Text("付款到得太晚，自动退款", "Your payment came too late; refunded by itself"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of an order's story."""

    text: Text
    at: datetime | None
    amount_minor: int | None = None


@require_http_methods(["GET", "HEAD", "POST"])
def orders(request: PageRequest) -> HttpResponse:
    """List one's orders; a POST places one."""
    if request.method == "POST":
        return buy(request)
    if not request.user.is_authenticated:
        return invite(
            request,
            Text("买过的都在这里", "What you bought is here"),
            Text("登录只要手机号或邮箱，不用密码。", "A phone number or an e-mail address will do; no password."),
            "receipt",
        )
    return render(request, "resident/orders.html", {"orders": list_orders(request.user, 100)})


@never_cache
@require_safe
def order(request: PageRequest, order_id: UUID) -> HttpResponse:
    """Show an order: what to do now first, then its story."""
    shown = _find(request, order_id)
    payment = getattr(shown, "payment", None)
    usable = [voucher for voucher in shown.vouchers.all() if voucher.uses_left]
    is_waiting = shown.state == "waiting"
    is_open = is_waiting and request.at < shown.pay_until
    refunding = [refund for refund in shown.refunds.all() if not refund.confirmed_at and not refund.failed_at]
    context = {
        "order": shown,
        "payment": payment,
        "is_open": is_open,
        "is_checking": is_waiting and not is_open and payment is not None,
        "is_moving": bool(refunding) or (is_waiting and payment is not None),
        "refunding_minor": sum(refund.amount_minor for refund in refunding),
        "state": _state(shown),
        "vouchers": shown.vouchers.all(),
        "usable": usable,
        "last_day": usable[0].valid_until - timedelta(seconds=1) if usable else None,
        "story": _story(shown),
    }
    if shown.kind == shown.Kind.BILL:
        return render(request, "resident/bill_paid.html", context | _bill(shown, request.at))
    return render(request, "resident/order.html", context)


def _bill(shown: "Order", at: datetime) -> dict[str, Any]:
    """Return what the page of a bill shows besides: what came off, and whether it waits for the clerk."""
    uses = shown.hold.quote.result["uses"] if shown.hold else []
    versions = list_versions_by_id(use["version"] for use in uses) if uses else {}
    waits = shown.bill.tender == "counter" and shown.state == "waiting" and at < shown.expires_at
    moving = waits or (shown.tender_is_online and shown.state == "waiting" and hasattr(shown, "payment"))
    return {
        "bill": shown.bill,
        "used": [(get_terms(versions[use["version"]]).title, use["discount"]) for use in uses],
        "already_minor": shown.hold.quote.result["already_paid"] if shown.hold else 0,
        "is_open": shown.tender_is_online and shown.state == "waiting" and at < shown.pay_until,
        "is_moving": moving or bool(shown.bill.settled_at and not shown.bill.undone_at),
    }


@never_cache
@require_safe
def order_state(request: PageRequest, order_id: UUID) -> HttpResponse:
    """Tell a waiting page whether there is news: nothing yet, or "load yourself again"."""
    shown = _find(request, order_id)
    if _state(shown) == request.GET.get("was", ""):
        return HttpResponse(status=204)
    return HttpResponse(status=200, headers={"HX-Refresh": "true"})


def _state(shown: "Order") -> str:
    """Return in a few words what a waiting page shows."""
    payment = getattr(shown, "payment", None)
    settled = sum(bool(refund.confirmed_at or refund.failed_at) for refund in shown.refunds.all())
    undone = "undone" if shown.kind == shown.Kind.BILL and shown.bill.undone_at else ""
    return f"{shown.state}-{payment.failure if payment else ''}-{settled}{undone}"


@require_POST
def order_pay(request: PageRequest, order_id: UUID) -> HttpResponse:
    """Go to the provider's page again."""
    shown = _find(request, order_id)
    try:
        return redirect(pay_page(request, shown))
    except Refused as refused:
        return _back(request, shown, refused)


@require_POST
def order_cancel(request: PageRequest, order_id: UUID) -> HttpResponse:
    """Give up an unpaid order."""
    shown = _find(request, order_id)
    try:
        cancel_order(order=shown, at=request.at)
    except Refused as refused:
        return _back(request, shown, refused)
    messages.success(request, t("订单已取消，没有扣款。", "The order is cancelled; nothing was charged."))
    return redirect("resident:order", shown.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def voucher_refund(request: PageRequest, voucher_id: UUID) -> HttpResponse:
    """Say what comes back and how; the second tap gives the voucher back."""
    user = request.user
    voucher = find_voucher(voucher_id, user) if user.is_authenticated else None
    if voucher is None or not user.is_authenticated:
        raise Http404
    if request.method != "POST":
        return render(request, "resident/refund.html", {"voucher": voucher, "order": voucher.order})
    try:
        refund = refund_voucher(voucher=voucher, by=user, at=request.at)
    except Refused as refused:
        context = {"voucher": voucher, "order": voucher.order, "refused": refused}
        return render(request, "resident/refund.html", context, status=refused.status)
    messages.success(request, _say_refund(refund))
    return redirect("resident:order", voucher.order_id)


def _say_refund(refund: "Refund | None") -> str:
    if refund is None:
        return t(
            "店里的收银手机离线也能用这张券，已叫它交回来；交回就退，最晚 24 小时。",
            "The shop's phone may use it without network and was asked to give it back; then, within 24 hours at the "
            "latest, you are refunded.",
        )
    if refund.credit_minor:
        back = money(refund.credit_minor)
        rest = money(refund.amount_minor) if refund.amount_minor else ""
        return t(
            f"余额还你 {back}" + (f"，{rest} 正在原路退回。" if rest else "。"),
            f"{back} of credit is yours again" + (f", and {rest} is on its way back." if rest else "."),
        )
    if not refund.amount_minor:
        return t("券已退回，本来就没花钱。", "The voucher is given back; it had cost nothing.")
    amount = money(refund.amount_minor)
    return t(
        f"{amount} 正在原路退回，这张券不能再用了。", f"{amount} is on its way back; the voucher can no longer be used."
    )


def _find(request: PageRequest, order_id: UUID) -> "Order":
    """:raises Http404: there is none, or it is another person's"""
    found = find_order(order_id, request.user) if request.user.is_authenticated else None
    if found is None:
        raise Http404
    return found


def _back(request: PageRequest, shown: "Order", refused: Refused) -> HttpResponse:
    messages.error(request, refused.text.say(request.LANGUAGE_CODE))
    return redirect("resident:order", shown.pk)


def _story(shown: "Order") -> list[Moment]:
    """Return what happened, oldest first; what is still to come has no time."""
    story = [Moment(Text("下单", "Ordered"), shown.placed_at)]
    if shown.paid_at:
        said = Text("付款成功", "Paid") if shown.total_minor else Text("免费领取", "Taken for free")
        story.append(Moment(said, shown.paid_at, shown.total_minor or None))
    elif shown.cancelled_at:
        ended = Text("超时未付，已关闭", "Not paid in time; closed")
        asked = Text("你取消了订单", "You cancelled it")
        if shown.cancel_reason == shown.WITHDRAWN_REASON:
            asked = Text("店家撤回了这个优惠，没有扣款", "The shop withdrew the offer; nothing was charged")
        story.append(Moment(ended if shown.state == "expired" else asked, shown.cancelled_at))
    else:
        story.append(Moment(Text("等待付款", "Waiting for payment"), None))
    for refund in shown.refunds.all():
        story.append(Moment(REFUNDS_SAY[refund.cause], refund.requested_at, refund.amount_minor or None))
        if refund.failed_at:
            story.append(
                Moment(Text("退款没成功，我们会联系你", "The refund failed; we will be in touch"), refund.failed_at)
            )
        elif refund.amount_minor:
            story.append(Moment(Text("已退到付款账户", "Returned to the account you paid with"), refund.confirmed_at))
    return story
