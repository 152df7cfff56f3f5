"""What the design promises and a machine can check: contrast, covers, both languages, no script needed to read."""

import json
import re
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template, engines
from django.test import Client
from django.utils import translation

from bacao.web.contrast import PAIRS, contrast, read_pairs, read_tokens
from bacao.web.covers import HEIGHTS, INKS, LAYOUTS, draw, fit, units_of
from bacao.web.resident.note_form import COVER_EMOJI
from bacao.web.resident.views.style import sample_price
from bacao.web.templatetags.icons import lucide

WEB = Path(settings.ROOT) / "bacao/web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
SHEETS = sorted((WEB / "static/css").glob("*.css"))
EMOJI = json.loads((settings.ROOT / "node_modules/@iconify-json/fluent-emoji-flat/icons.json").read_text())


def test_contrast_is_measured_as_wcag_measures_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#faf8f3", "#faf8f3") == 1


def test_every_pair_can_be_read_by_day_and_by_night() -> None:
    dark = [
        f"--{pair.ink} on --{pair.ground}: {pair.day:.2f} by day, {pair.night:.2f} by night, needs {pair.least}"
        for pair in read_pairs()
        if not pair.is_readable
    ]
    assert dark == []


def test_every_wash_has_its_ink_and_every_ink_is_checked() -> None:
    tokens, checked = read_tokens(), {pair[:2] for pair in PAIRS}
    for ground in (name for name in tokens if name.endswith("-wash") and not name.startswith("on-")):
        assert (f"on-{ground}", ground) in checked


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_sheets_take_their_colours_from_the_tokens(sheet: Path) -> None:
    """But for pictures, and for what must look the same by night at arm's length: codes, and the counter's green."""
    if sheet.name in {"tokens.css", "covers.css", "sandbox.css", "wallet.css", "counter.css", "till.css", "bill.css"}:
        return
    css = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.S)
    css = re.sub(r"light-dark\([^)]*\)|oklch\([^)]*\)", "", css)
    strangers = set(re.findall(r"#[0-9a-f]{3,8}\b", css)) - {"#fff", "#000", "#0000"}
    assert strangers == set()


@pytest.mark.parametrize(("layout", "shape"), list(product(LAYOUTS, HEIGHTS)))
@pytest.mark.parametrize("line", ["", "趁热", "第一口别说话，先喝汤再加醋最后光盘", "Worth the detour, twice", "38 元"])
def test_every_layout_takes_any_line_in_every_shape(layout: str, shape: str, line: str) -> None:
    cover = draw({"layout": layout, "tint": 38, "emoji": ["steaming-bowl"], "line": line}, shape=shape)
    assert cover.pieces
    assert 3 < cover.line_size < 40
    assert all(-10 <= piece.x <= 115 and -10 <= piece.y <= 115 for piece in cover.pieces)


def test_the_same_words_are_always_drawn_the_same() -> None:
    words = {"layout": "scatter", "tint": 140, "emoji": ["teapot", "herb"], "line": "一杯的时间"}
    assert draw(words) == draw(dict(words))
    assert draw(words) != draw({**words, "line": "再添一碗"})


def test_two_hundred_covers_look_like_a_wall_and_not_like_one() -> None:
    covers = [draw({"layout": number, "tint": number * 37, "emoji": ["teapot"], "line": "慢"}) for number in range(200)]
    looks = {(cover.layout, cover.tint // 15, cover.tone, cover.pattern, cover.side) for cover in covers}
    assert len(looks) > 150


def test_numbers_and_names_mean_layouts_and_nonsense_is_drawn_anyway() -> None:
    assert draw({"layout": 0}).layout == next(iter(LAYOUTS))
    assert draw({"layout": len(LAYOUTS)}).layout == next(iter(LAYOUTS))
    assert draw({"layout": "night"}).layout == "night"
    assert draw({"layout": "mosaic", "tint": 700}).layout in LAYOUTS
    assert draw({}, emoji="teapot", line="茶").pieces[0].emoji == "teapot"


def test_a_line_is_set_as_large_as_it_fits() -> None:
    assert fit("趁热", width=80, height=60, largest=38) == 38
    assert fit("第一口别说话先喝汤", width=80, height=60, largest=38) < 38
    assert units_of("extraordinarily") * fit("extraordinarily", width=80, height=60, largest=38) <= 80


def test_every_hue_has_an_ink() -> None:
    assert [until for until, _ in INKS] == sorted(until for until, _ in INKS)
    assert INKS[-1][0] == 360


def test_emoji_and_icons_that_are_named_exist() -> None:
    known = EMOJI["icons"].keys() | EMOJI.get("aliases", {}).keys()
    assert set(COVER_EMOJI) <= known
    text = "\n".join(path.read_text() for path in TEMPLATES)
    assert set(re.findall(r'{% emoji "([\w-]+)"', text)) <= known
    assert set(re.findall(r'with emoji="([\w-]+)"', text)) <= known
    assert set(re.findall(r'{% icon "([\w-]+)"', text)) <= lucide().keys()


def test_templates_say_everything_in_both_languages() -> None:
    """Chinese stands only inside `{% t "中文" "English" %}`, in comments, or where a word is its own name."""
    own_names = {"拔草", "中文", "Bacao 拔草"}
    single = []
    for path in TEMPLATES:
        text = re.sub(r"{% comment %}.*?{% endcomment %}|{#.*?#}", "", path.read_text(), flags=re.S)
        text = re.sub(r'{% t "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"(?: as \w+)? %}', "", text)
        left = {found for found in re.findall(r"[一-鿿]+", text) if found not in own_names}
        single += [f"{path.name}: {sorted(left)}"] if left else []
    assert single == []


def test_no_template_carries_a_script_of_its_own() -> None:
    for path in TEMPLATES:
        text = path.read_text()
        assert not re.search(r"\son\w+=", text), path
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*(?:application/json|nonce=))", text), path


@pytest.mark.django_db
def test_the_page_of_parts_shows_every_layout_by_day_and_by_night(client: Client) -> None:
    html = client.get("/style").content.decode()
    assert "theme-light" in html
    assert "theme-dark" in html
    assert all(f"cover--{layout}" in html for layout in LAYOUTS)
    assert len(re.findall(r'id="sheet-(day|night)"', html)) == 2


def test_the_sample_receipt_adds_up() -> None:
    price = sample_price()
    assert sum(step.amount_minor for step in price.steps) == price.payable_minor
    assert len(price.steps) == 3


@pytest.mark.django_db
def test_light_is_remembered_by_the_browser_and_forgotten_again(client: Client) -> None:
    assert "data-theme" not in client.get("/style").content.decode()
    client.post("/theme", {"theme": "dark", "next": "/style"})
    assert 'data-theme="dark"' in client.get("/style").content.decode()
    client.post("/theme", {"theme": "", "next": "/style"})
    assert "data-theme" not in client.get("/style").content.decode()
    client.cookies["theme"] = '"><script>'
    assert "data-theme" not in client.get("/style").content.decode()


@pytest.mark.django_db
def test_language_is_switched_for_browser_and_person_and_leads_back(client: Client) -> None:
    from tests.factories import make_user

    person = make_user()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/language", {"language": "en", "next": "/style"})
    assert answer["Location"] == "/style"
    assert '<html lang="en"' in client.get("/style").content.decode()
    person.refresh_from_db()
    assert person.language == "en"
    assert client.post("/language", {"language": "en", "next": "https://example.com/"})["Location"] == "/"
    client.post("/language", {"language": "xx"})
    assert '<html lang="en"' in client.get("/style").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "template"), [(404, "404.html"), (403, "403.html"), (400, "400.html")])
def test_trouble_is_said_in_both_languages_with_a_way_out(client: Client, status: int, template: str) -> None:
    request = client.get("/style").wsgi_request
    said = {}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            said[language] = engines["django"].get_template(template).render({}, request)
    assert said["zh-hans"] != said["en"]
    assert all('href="/"' in html and "<h1>" in html for html in said.values())


@pytest.mark.django_db
def test_an_address_that_does_not_exist_is_answered_by_the_page(client: Client) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "这条街上没有这一家" in answer.content.decode()


def test_the_page_for_our_own_mistakes_needs_nothing() -> None:
    """Django renders it without a request, perhaps while the database is away."""
    html = engines["django"].get_template("500.html").render()
    assert "12 位数字" in html
    assert 'href="/wallet"' in html


def test_prices_and_distances_are_said_as_people_say_them() -> None:
    template = Template("{{ 1850|money }} {{ 347|distance }} {{ 1234|distance }} {{ 12345|distance }}")
    assert template.render(Context()) == "¥18.5 350 m 1.2 km 12 km"
