"""Somebody writes a note on a phone: finds the place while typing, looks at pictures, draws a cover, publishes."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page, expect

from bacao.discovery.services import rebuild_search
from bacao.notes.models import Note
from tests.factories import make_merchant, make_place, make_user

if TYPE_CHECKING:
    from tests.live import Site

pytestmark = pytest.mark.story


@pytest.fixture
def writing(page: Page, live_site: "Site") -> Page:
    """Return the page for writing, opened by somebody who was at a place that can be found."""
    make_place(make_merchant("露台烘焙所", "Terrace Roastery"))
    rebuild_search(at=timezone.now())
    live_site.sign_in(page.context, make_user("新人"))
    page.goto("/notes/new")
    return page


def choose_place(page: Page) -> None:
    page.get_by_label("找地方").fill("露台烘焙")
    page.locator("#found-places label", has_text="露台烘焙所").first.click()
    expect(page.locator("#chosen-places")).to_contain_text("露台烘焙所")


def test_a_cover_follows_what_is_typed_and_is_published_as_seen(writing: Page) -> None:
    choose_place(writing)
    writing.get_by_label("标题").fill("雨天坐到打烊")
    expect(writing.locator("#layouts .cover__line").first).to_have_text("雨天坐到打烊")
    writing.locator('.emoji-choices label:has([value="croissant"])').click()
    expect(writing.locator('#layouts img[src$="croissant.svg"]').first).to_be_attached()
    writing.locator('.layout-choice:has([value="polaroid"])').click()
    writing.get_by_label("正文").fill("下午三点到的，等了五分钟。")
    writing.get_by_role("button", name="发布").click()
    expect(writing.locator("h1")).to_have_text("雨天坐到打烊")
    expect(writing.locator(".cover--polaroid")).to_be_visible()
    expect(writing.locator(".toast")).to_contain_text("管理员")
    cover = Note.objects.get(title="雨天坐到打烊").cover
    assert (cover["layout"], cover["emoji"]) == ("polaroid", ["croissant"])


def test_pictures_are_seen_before_they_are_sent_and_can_be_taken_out(writing: Page, tmp_path: Path) -> None:
    files = []
    for number, colour in enumerate(("teal", "tomato", "gold")):
        files.append(tmp_path / f"{number}.png")
        Image.new("RGB", (300 + number, 400), colour).save(files[-1])
    choose_place(writing)
    choose = writing.locator("[data-pictures]")
    choose.set_input_files(files[:2])
    choose.set_input_files(files[2:])
    expect(writing.locator(".previews li")).to_have_count(3)
    expect(writing.locator("[data-cover-maker]")).not_to_have_attribute("open", "")
    writing.locator(".previews li button").first.click()
    expect(writing.locator(".previews li")).to_have_count(2)
    writing.get_by_label("标题").fill("两张照片")
    writing.get_by_label("正文").fill("看图。")
    writing.get_by_role("button", name="发布").click()
    expect(writing.locator(".gallery img")).to_have_count(2)
    widths = list(Note.objects.get(title="两张照片").pictures.values_list("width", flat=True))
    assert widths == [301, 302]


def test_a_place_that_is_unticked_goes_and_its_absence_is_said(writing: Page) -> None:
    choose_place(writing)
    writing.locator("#chosen-places label").click()
    expect(writing.locator("#chosen-places label")).to_have_count(0)
    writing.get_by_label("标题").fill("没有地方")
    writing.get_by_role("button", name="发布").click()
    expect(writing.get_by_text("选一个你去过的地方")).to_be_visible()
    expect(writing.get_by_label("标题")).to_have_value("没有地方")
