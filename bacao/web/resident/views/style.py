"""The parts pages are made of, each by day and by night."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bacao.offers.rules import Item, Price, Terms, price_of
from bacao.web.contrast import read_pairs, read_tokens
from bacao.web.covers import HEIGHTS, LAYOUTS, Cover, draw
from bacao.web.requests import PageRequest

# what the specimens say, one for each layout: tint, emoji, line
SPECIMENS = (
    (28, ("hot-beverage", "croissant"), "坐到打烊"),
    (140, ("teapot", "herb", "chestnut"), "一杯的时间"),
    (8, ("fire", "pot-of-food", "hot-pepper"), "先喝汤"),
    (38, ("steaming-bowl",), "第一口别说话"),
    (60, ("baguette-bread", "croissant"), "Worth the detour"),
    (320, ("bouquet",), "亲手"),
    (200, ("fish", "chopsticks"), "值得绕路"),
    (350, ("sushi", "crab", "fish"), "人均 38"),
    (290, ("cocktail-glass",), "九点以后"),
    (262, ("framed-picture", "camera"), "Rain plan"),
    (90, ("potted-plant",), "慢一点"),
    (180, ("badminton", "lotus", "bicycle"), "半日闲"),
    (20, ("dumpling", "egg", "cooked-rice"), "Walk slowly"),
)
SIZES = (12, 14, 16, 20, 26, 34)


@require_safe
def style(request: PageRequest) -> HttpResponse:
    """Show every part twice, side by side."""
    context = {
        "tokens": read_tokens(),
        "pairs": read_pairs(),
        "sizes": SIZES,
        "price": sample_price(),
        "covers": [_specimen(index, "portrait") for index in range(len(SPECIMENS))],
        "place_covers": [_specimen(index, "wide") for index in range(len(SPECIMENS))],
        "shapes": list(HEIGHTS),
    }
    return render(request, "style/style.html", context)


def sample_price() -> Price:
    """Return a price whose receipt has all its lines: a meal for two that the shop and Bacao make cheaper."""
    terms = Terms(
        offer_id=1,
        version_id=1,
        place_id=1,
        kind="package",
        title_zh="双人家常套餐",
        title_en="Home-style set for two",
        items=(Item("东坡肉", "Dongpo pork", 1, 5800), Item("清炒时蔬", "Seasonal greens", 1, 2600)),
        price_minor=6800,
        list_minor=8400,
        party_size=2,
        funders=(("merchant", 7000), ("platform", 3000)),
    )
    price = price_of(terms)
    assert price is not None, "the sample is cheaper than its list price"
    return price


def _specimen(index: int, shape: str) -> Cover:
    tint, emoji, line = SPECIMENS[index]
    return draw({"layout": list(LAYOUTS)[index], "tint": tint, "emoji": emoji, "line": line}, shape=shape)
