"""What a shop says of itself and when it is open."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_http_methods

from bacao.kit.text import Text
from bacao.places.services import set_hours, update_place
from bacao.web.merchant.access import ShopRequest, for_owners
from bacao.web.merchant.forms import ShopForm
from bacao.web.merchant.preview import week_of

if TYPE_CHECKING:
    from bacao.places.models import Place

WORDS = ("name_zh", "name_en", "about_zh", "about_en", "phone", "usual_minor")
EXAMPLES = (
    ("Mo-Su 10:00-22:00", Text("每天 10 点到 22 点", "Every day 10 to 22")),
    (
        "Mo-Fr 11:00-14:00,17:00-21:30; Sa,Su 11:00-22:00",
        Text("午市晚市，周末不歇", "Lunch and dinner, all day at weekends"),
    ),
    ("Tu-Su 18:00-02:00; Mo off", Text("周一休，开到凌晨 2 点", "Shut on Mondays, open until 2 at night")),
    (
        "Mo-Fr 08:30-18:00; PH off",
        Text("工作日，法定假日休，调休上班", "Working days: shut on holidays, open on make-up days"),
    ),
    ("24/7", Text("全天不打烊", "Round the clock")),
)


@require_http_methods(["GET", "POST"])
@for_owners
def shop(request: ShopRequest) -> HttpResponse:
    """Show and change one of the shop's places."""
    place = request.shop.get_place(request.POST.get("place") or request.GET.get("place"))
    if request.method == "GET":
        return _page(request, ShopForm(initial=_initial(place)), place)
    form = ShopForm(request.POST)
    if "preview" in request.POST or not form.is_valid():
        return _page(request, form, place)
    words = {name: form.cleaned_data[name] for name in WORDS}
    before = _initial(place)
    if any(before[name] != value for name, value in words.items()):
        update_place(place=place, at=request.at, **words)
    if before["hours"] != form.cleaned_data["hours"]:
        set_hours(place=place, expression=form.cleaned_data["hours"], at=request.at)
    messages.success(
        request, Text("已保存，店页马上更新。", "Saved; your page shows it at once.").say(request.LANGUAGE_CODE)
    )
    return redirect(f"{resolve_url('merchant:shop')}?place={place.pk}")


def _initial(place: "Place") -> dict[str, Any]:
    return {name: getattr(place, name) for name in WORDS} | {"hours": place.hours.expression if place.hours else ""}


def _page(request: ShopRequest, form: ShopForm, place: "Place") -> HttpResponse:
    hours = str(form["hours"].value() or "")
    context = {
        "section": "shop",
        "form": form,
        "place": place,
        "week": week_of(hours, request.at),
        "typed": hours,
        "examples": EXAMPLES,
    }
    return render(request, "merchant/shop.html", context, status=422 if form.errors else 200)
