"""At the counter: how much goes without network, and what each offer asks of the guest (RD19, RD22, RD29)."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bacao.kit.text import Text
from bacao.offers.queries import get_current_version
from bacao.redemption import rules
from bacao.redemption.queries import find_policy, get_limits, list_limit_changes
from bacao.redemption.services import set_offer_policy, set_shop_policy
from bacao.web.merchant.access import ShopRequest, for_owners, show_other
from bacao.web.merchant.policy_form import LimitsForm, OfferPolicyForm

if TYPE_CHECKING:
    from bacao.offers.models import OfferVersion

KEPT = Text("已保存。联网的手机 5 分钟内照做。", "Saved. Phones with a network follow within 5 minutes.")


@require_http_methods(["GET", "POST"])
@for_owners
def shop_policy(request: ShopRequest) -> HttpResponse:
    """Show and change how much each phone of the shop may serve without network; `reset=1` = what is usual."""
    merchant = request.shop.merchant.pk
    now = get_limits(merchant)
    form = LimitsForm(request.POST or None, initial=asdict(now) | {"alone": now.serves_alone})
    if request.method == "GET":
        return _shop_page(request, form, now)
    if not request.POST.get("reset") and not form.is_valid():
        return _shop_page(request, form, now)
    limits = rules.DEFAULT if request.POST.get("reset") else form.limits
    set_shop_policy(merchant_id=merchant, limits=limits, by=request.user, at=request.at)
    messages.success(request, KEPT.say(request.LANGUAGE_CODE))
    return redirect("merchant:shop-policy")


@require_http_methods(["GET", "POST"])
@for_owners
def offer_policy(request: ShopRequest, offer_id: int) -> HttpResponse:
    """Show and change what an offer asks at the counter; `reset=1` = nothing."""
    version = _find(request, offer_id)
    policy = find_policy(offer_id)
    ticks = {name: bool(policy and getattr(policy, name)) for name in OfferPolicyForm.base_fields}
    form = OfferPolicyForm(request.POST or None, initial=ticks)
    if request.method == "GET":
        context = {"section": "offers", "version": version, "form": form, "policy": policy,
                   "typed_most_minor": rules.TYPED_MOST_MINOR}  # fmt: skip
        return render(request, "merchant/offer_policy.html", {**context, "is_usual": not any(ticks.values())})
    wanted = {name: name in request.POST and not request.POST.get("reset") for name in ticks}
    set_offer_policy(offer_id=offer_id, **wanted, by=request.user, at=request.at)
    messages.success(request, KEPT.say(request.LANGUAGE_CODE))
    return redirect("merchant:offer-policy", offer_id)


def _find(request: ShopRequest, offer_id: int) -> "OfferVersion":
    try:
        version = get_current_version(offer_id)
    except ObjectDoesNotExist:
        raise Http404("no such offer") from None
    show_other(request, version.offer.place.merchant_id)
    return version


def _shop_page(request: ShopRequest, form: LimitsForm, now: rules.Limits) -> HttpResponse:
    context: dict[str, Any] = {
        "section": "shop",
        "form": form,
        "limits": now,
        "usual": rules.DEFAULT,
        "is_usual": now == rules.DEFAULT,
        "changes": list_limit_changes(request.shop.merchant.pk),
    }
    return render(request, "merchant/shop_policy.html", context, status=422 if form.errors else 200)
