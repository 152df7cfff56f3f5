"""Offers of a shop: the list, one offer with its history, the form with its live preview, one-tap states."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from bacao.kit.text import Refused, Text
from bacao.offers import queries
from bacao.offers.rules import MERCHANT, Terms
from bacao.offers.services import SoldMoreThanThat, create_offer, revise_offer, set_offer_state
from bacao.redemption.queries import count_redeemed_by_offer
from bacao.web.merchant.access import ShopRequest, for_owners, go_back, show_other
from bacao.web.merchant.changes import changes_between, changes_to, facts_of
from bacao.web.merchant.example import EXAMPLE_PARTY, Example, example_of, first_moment
from bacao.web.merchant.offer_form import AGREED, ALONE, KIND_NAMES, OFFERED, TOGETHER, TOGETHER_TOO, UNASKED, OfferForm
from bacao.web.merchant.preview import WITHOUT_USUAL_MINOR, draft_terms, pairs_of, preview_of, week_of
from bacao.web.merchant.terms_fields import is_plain_audience
from bacao.web.merchant.use_hours import ticks_of_hours

if TYPE_CHECKING:
    from bacao.offers.models import OfferVersion
    from bacao.places.models import Place

ONLY_SHOP = ((MERCHANT, 10000),)
STATES = ("live", "paused", "draft", "ended")
OVER = ("ended", "withdrawn")
SAID = {
    "live": Text("已上架，现在就能买。", "On sale now."),
    "paused": Text("已暂停。卖出的券照常可用。", "Paused. What is sold stays good."),
    "ended": Text("已结束。卖出的券照常可用。", "Ended. What is sold stays good."),
}
BACK = {"live": "paused", "paused": "live"}


@require_safe
@for_owners
def offers(request: ShopRequest) -> HttpResponse:
    """Show every offer of the shop, those on sale first."""
    versions = queries.list_offers_of_places(request.shop.place_ids)
    redeemed = count_redeemed_by_offer(version.offer_id for version in versions)
    places = {place.pk: place for place in request.shop.places}
    versions.sort(key=lambda version: STATES.index(version.offer.state))
    rows: list[dict[str, Any]] = [
        {
            "version": version,
            "offer": version.offer,
            "kind": KIND_NAMES[version.offer.kind],
            "place": places[version.offer.place_id],
            "preview": preview_of(queries.get_terms(version), places[version.offer.place_id], cost_minor=None),
            "redeemed": redeemed.get(version.offer_id, 0),
            "sold": version.offer.stock.used,
        }
        for version in versions
    ]
    context = {
        "section": "offers",
        "rows": [row for row in rows if row["offer"].state not in OVER],
        "ended": [row for row in rows if row["offer"].state in OVER],
        "kinds": KIND_NAMES,
    }
    return render(request, "merchant/offers.html", context)


@require_safe
@for_owners
def offer(request: ShopRequest, offer_id: int) -> HttpResponse:
    """Show one offer: as residents see it, what a sale leaves, what it became, how it changed."""
    version = _find(request, offer_id)
    place = request.shop.get_place(version.offer.place_id)
    terms = queries.get_terms(version)
    versions = queries.list_versions(offer_id)
    context = {
        "section": "offers",
        "offer": version.offer,
        "version": version,
        "terms": terms,
        "place": place,
        "kind": KIND_NAMES[terms.kind],
        "preview": preview_of(terms, place, cost_minor=version.cost_minor),
        "week": week_of(terms.weekly_hours, request.at),
        "redeemed": count_redeemed_by_offer([offer_id]).get(offer_id, 0),
        "facts": facts_of(version),
        "history": [
            {"version": newer, "changes": changes_between(older, newer)}
            for newer, older in zip(versions, [*versions[1:], None], strict=True)
        ],
        "states": queries.list_state_changes(offer_id),
    }
    return render(request, "merchant/offer.html", context)


@require_http_methods(["GET", "POST"])
@for_owners
def new_offer(request: ShopRequest) -> HttpResponse:
    """Choose a kind, fill in its terms, put it on sale or keep it as a draft."""
    place = request.shop.get_place(request.POST.get("place") or request.GET.get("place"))
    kind = request.POST.get("kind") or request.GET.get("kind")
    if kind not in OFFERED:
        context = {"section": "offers", "kinds": KIND_NAMES, "place": place}
        return render(request, "merchant/offer_kinds.html", context)
    if request.method == "GET":
        form = OfferForm(
            kind=kind, at=request.at, initial={"party_size": 1, "valid_days": 90, "uses": 10, "beside": ALONE}
        )
        return _form_page(request, form, place)
    form = OfferForm(request.POST, kind=kind, at=request.at)
    if _wants_preview(request) or not form.is_valid():
        return _form_page(request, form, place)
    state = "draft" if "draft" in request.POST else "live"
    made = create_offer(
        place=place, kind=kind, terms=form.terms, funders=ONLY_SHOP, by=request.user, at=request.at, state=state
    )
    said = SAID["live"] if state == "live" else Text("已存为草稿。", "Kept as a draft.")
    messages.success(request, said.say(request.LANGUAGE_CODE))
    return redirect("merchant:offer", made.pk)


@require_http_methods(["GET", "POST"])
@for_owners
def edit_offer(request: ShopRequest, offer_id: int) -> HttpResponse:
    """Change an offer's terms: a new version for new buyers."""
    version = _find(request, offer_id)
    place = request.shop.get_place(version.offer.place_id)
    kind = version.offer.kind
    if request.method == "GET":
        form = OfferForm(kind=kind, at=request.at, initial=_initial(version), kept=_kept(version))
        return _form_page(request, form, place, version)
    form = OfferForm(request.POST, kind=kind, at=request.at, initial=_initial(version), kept=_kept(version))
    if _wants_preview(request) or not form.is_valid():
        return _form_page(request, form, place, version)
    changed = _changed(version, form.terms)
    if not changed:
        messages.info(request, Text("没有改动。", "Nothing was changed.").say(request.LANGUAGE_CODE))
        return redirect("merchant:offer", offer_id)
    funders = ONLY_SHOP if changed & AGREED else queries.get_terms(version).funders
    try:
        revise_offer(offer=version.offer, terms=form.terms, funders=funders, by=request.user, at=request.at)
    except Refused as refused:
        form.add_error(
            "stock" if isinstance(refused, SoldMoreThanThat) else None, refused.text.say(request.LANGUAGE_CODE)
        )
        return _form_page(request, form, place, version)
    said = Text("新版本已生效；买过的人还是原来的条件。", "The new version is live; earlier buyers keep their terms.")
    messages.success(request, said.say(request.LANGUAGE_CODE))
    return redirect("merchant:offer", offer_id)


@require_POST
@for_owners
def offer_state(request: ShopRequest, offer_id: int, state: str) -> HttpResponse:
    """Put on sale, pause or end, by one tap; the toast takes it back."""
    version = _find(request, offer_id)
    before = version.offer.state
    if state not in SAID:
        raise Http404("no such state")
    try:
        set_offer_state(offer=version.offer, state=state, by=request.user, at=request.at)
    except Refused as refused:
        messages.error(request, refused.text.say(request.LANGUAGE_CODE))
    else:
        undo = resolve_url("merchant:offer-state", offer_id, before) if BACK.get(before) == state else ""
        messages.success(request, SAID[state].say(request.LANGUAGE_CODE), extra_tags=undo)
    return go_back(request, "merchant:offers")


@require_GET
@for_owners
def week(request: ShopRequest) -> HttpResponse:
    """Show what an expression of hours means for the next seven days, while it is being typed."""
    expression = request.GET.get("hours") or request.GET.get("weekly_hours") or ""
    return render(request, "merchant/week.html", {"week": week_of(expression, request.at), "typed": expression})


def _find(request: ShopRequest, offer_id: int) -> "OfferVersion":
    """Return the current version of one of the owner's offers. :raises Http404: none of theirs"""
    try:
        version = queries.get_current_version(offer_id)
    except ObjectDoesNotExist:
        raise Http404("no such offer") from None
    show_other(request, version.offer.place.merchant_id)
    return version


def _wants_preview(request: ShopRequest) -> bool:
    return "preview" in request.POST or "HX-Request" in request.headers


def _form_page(
    request: ShopRequest, form: OfferForm, place: "Place", version: "OfferVersion | None" = None
) -> HttpResponse:
    """Show the form with its preview; htmx gets the preview alone."""
    form.is_valid()
    values: dict[str, Any] = {**form.cleaned_data, **form.terms} if form.is_bound else dict(form.initial)
    agreed = queries.get_terms(version).funders if version else ONLY_SHOP
    funders = ONLY_SHOP if version and form.is_bound and _changed(version, values) & AGREED else agreed
    terms = draft_terms(
        form.kind, {**form.kept, **values}, sold=version.offer.stock.used if version else 0, funders=funders,
        offer_id=version.offer_id if version else None,
    )  # fmt: skip
    beside = _live_beside(place, request.at)
    context = {
        "section": "offers",
        "form": form,
        "kind": form.kind,
        "kind_name": KIND_NAMES[form.kind],
        "place": place,
        "version": version,
        "offer": version.offer if version else None,
        "shared": agreed != ONLY_SHOP,
        "preview": preview_of(terms, place, cost_minor=values.get("cost_minor")),
        "week": week_of(terms.weekly_hours, request.at),
        "pairs": pairs_of(terms, beside),
        "example": _example(form, terms, place, beside, request.at),
        "changes": changes_to(version, form.terms) if version and form.is_bound else [],
    }
    wrong = form.is_bound and not _wants_preview(request)
    template = "merchant/offer_preview_live.html" if "HX-Request" in request.headers else "merchant/offer_form.html"
    return render(request, template, context, status=422 if wrong else 200)


def _example(form: OfferForm, terms: Terms, place: "Place", beside: list[Terms], at: datetime) -> Example | None:
    """Return the bill that is asked about, or a usual one at the first time at which the offer can be used."""
    asked = form.cleaned_data if form.is_bound else {}
    party = asked.get("example_party") or EXAMPLE_PARTY
    usual = (place.usual_minor or WITHOUT_USUAL_MINOR) * party
    return example_of(
        terms, beside, party=party, bill_minor=asked.get("example_bill") or max(usual, terms.threshold_minor),
        when=asked.get("example_at") or first_moment(terms, at),
    )  # fmt: skip


def _live_beside(place: "Place", at: datetime) -> list[Terms]:
    """Return the shop's offers of the moment, for the grid of pairs."""
    return queries.list_live_terms([place.pk], at).get(place.pk, [])


def _kept(version: "OfferVersion") -> dict[str, Any]:
    """Return the terms that an edit leaves as they are: what the form does not ask, or cannot show."""
    names = list(UNASKED)
    if not is_plain_audience(version.audience_any):
        names.append("audience_any")
    if version.stack_tags not in ([], TOGETHER) or version.stack_accepts != version.stack_tags:
        names += ["stack_tags", "stack_accepts", "group", "stands_alone", "beside"]
    return {name: getattr(version, name, None) for name in names}


def _initial(version: "OfferVersion") -> dict[str, Any]:
    names = [name for name in OfferForm.base_fields if hasattr(version, name)]
    names += ["items", "stack_tags", "stack_accepts", "group", "stands_alone"]
    ticks = ticks_of_hours(version.weekly_hours) if version.weekly_hours else None
    is_stepped = bool(version.tiers or version.step_minor)  # what a threshold says besides follows from them
    together = version.stack_tags == TOGETHER and not version.stands_alone
    return {name: getattr(version, name) for name in names} | {
        "threshold_minor": None if is_stepped else version.threshold_minor or None,
        "percent_basis_points": version.percent_basis_points or None,
        "face_minor": version.face_minor or None,
        "step_minor": version.step_minor or None,
        "beside": TOGETHER_TOO if together else ALONE,
        **({"weekly_hours": "", **ticks} if ticks else {}),
    }


def _changed(version: "OfferVersion", terms: dict[str, Any]) -> set[str]:
    """Return the names of the terms that differ from a version's."""
    return {name for name, value in terms.items() if getattr(version, name, value) != value}
