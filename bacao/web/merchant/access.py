"""Who may open which shop's console: owners everything, clerks the redemptions, everybody else nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from bacao.places.queries import list_places_of_merchant, list_shop_roles
from bacao.web.requests import PageRequest

if TYPE_CHECKING:
    from bacao.accounts.models import User
    from bacao.places.models import Merchant, Place, ShopRole

Rest = ParamSpec("Rest")
CHOSEN = "merchant"
"""The session's key of the merchant that was looked at last."""


@dataclass
class Shop:
    """The business a console page is about. `owned` = every merchant its reader owns, this one among them.

    `only_place_id` = the one place a clerk serves, None where they serve all.
    """

    merchant: "Merchant"
    is_owner: bool
    owned: list["Merchant"] = field(default_factory=list)
    only_place_id: int | None = None

    @cached_property
    def places(self) -> list["Place"]:
        """Its places, open ones first."""
        places = list_places_of_merchant(self.merchant.pk)
        return [place for place in places if self.only_place_id in (None, place.pk)]

    @property
    def place_ids(self) -> list[int]:
        """The ids of its places."""
        return [place.pk for place in self.places]

    def get_place(self, place_id: str | int | None) -> "Place":
        """Return one of its places, the first where none is named. :raises Http404: not one of them"""
        if place_id in (None, "") and self.places:
            return self.places[0]
        for place in self.places:
            if str(place.pk) == str(place_id):
                return place
        raise Http404("no such place in this shop")


class ShopRequest(PageRequest):
    """A request of somebody who was let in."""

    shop: Shop
    user: "User"


View = Callable[Concatenate[ShopRequest, Rest], HttpResponse]
Guarded = Callable[Concatenate[PageRequest, Rest], HttpResponse]


def for_owners(view: "View[Rest]") -> "Guarded[Rest]":
    """Let only owners in; `request.shop` is the merchant they chose last, or their first."""
    return _let_in(view, clerks=False)


def for_staff(view: "View[Rest]") -> "Guarded[Rest]":
    """Let owners and clerks in."""
    return _let_in(view, clerks=True)


def _let_in(view: "View[Rest]", *, clerks: bool) -> "Guarded[Rest]":
    @wraps(view)
    def guarded(request: PageRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        roles = list_shop_roles(request.user)
        shop = find_shop(roles, request.session.get(CHOSEN))
        if shop is None or not (shop.is_owner or clerks):
            return render(request, "merchant/not_yours.html", {"clerk": shop}, status=403)
        let_in = cast(ShopRequest, request)
        let_in.shop = shop
        return view(let_in, *args, **kwargs)

    return cast("Guarded[Rest]", never_cache(guarded))


def find_shop(roles: "list[ShopRole]", chosen: Any) -> Shop | None:
    """Return the shop to show: the chosen one if it is theirs, else the first owned, else the first served."""
    owned = list({role.merchant_id: role.merchant for role in roles if role.kind == "owner"}.values())
    for merchant in sorted(owned, key=lambda merchant: merchant.pk != chosen):
        return Shop(merchant, is_owner=True, owned=owned)
    for role in sorted(roles, key=lambda role: role.merchant_id != chosen):
        return Shop(role.merchant, is_owner=False, only_place_id=role.place_id)
    return None


def show_other(request: ShopRequest, merchant_id: int | None) -> None:
    """Turn the page to another merchant of the same owner, where an address leads there.

    :raises Http404: it is somebody else's; nothing about it is said
    """
    if merchant_id == request.shop.merchant.pk:
        return
    for merchant in request.shop.owned:
        if merchant.pk == merchant_id:
            request.shop = Shop(merchant, is_owner=True, owned=request.shop.owned)
            request.session[CHOSEN] = merchant_id
            return
    raise Http404("not a shop of yours")


def go_back(request: PageRequest, to: str, *args: Any) -> HttpResponse:
    """Redirect to the page whose button was pressed, to `to` where the browser does not say which."""
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()}):
        return redirect(came_from)
    return redirect(to, *args)
