"""What somebody typed about a place, read field by field, so that each mistake is said where it was made."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from bacao.kit.text import Text
from bacao.notes.rules import BODY_LENGTH, DISCLOSURE_LENGTH, PICTURES_AT_MOST, PLACES_AT_MOST, TITLE_LENGTH
from bacao.web.covers import LAYOUTS

LINE_LENGTH = 24
EMOJI_AT_MOST = 4
COVER_EMOJI = (
    "steaming-bowl", "dumpling", "pot-of-food", "sushi", "spaghetti", "pizza", "cooked-rice", "fish", "crab", "fire",
    "egg", "croissant", "shortcake", "doughnut", "soft-ice-cream", "hot-beverage", "teacup-without-handle",
    "bubble-tea", "beer-mug", "wine-glass", "peach", "tangerine", "bouquet", "potted-plant", "leafy-green",
    "shopping-bags", "open-book", "artist-palette", "camera", "ticket", "bicycle", "cat-face", "full-moon", "sun",
    "umbrella-with-rain-drops", "sparkles",
)  # fmt: skip
KINDS = {"food": Text("吃喝", "Food"), "trip": Text("出游", "Trip"), "guide": Text("攻略", "Guide")}


@dataclass(slots=True)
class Draft:
    """A note before it is published; `cover` as `bacao.web.covers` draws it."""

    kind: str = "food"
    title: str = ""
    body: str = ""
    disclosure: str = ""
    place_ids: list[int] = field(default_factory=list)
    cover: dict[str, Any] = field(default_factory=dict)


def read_draft(typed: QueryDict) -> Draft:
    """Return what was typed, as it was typed."""
    return Draft(
        kind=typed.get("kind", "food"),
        title=typed.get("title", ""),
        body=typed.get("body", ""),
        disclosure=typed.get("disclosure", ""),
        place_ids=[int(text) for text in dict.fromkeys(typed.getlist("place")) if text.isdecimal()],
        cover=read_cover(typed),
    )


def read_cover(typed: QueryDict) -> dict[str, Any]:
    """Return the chosen cover; what was not chosen, or cannot be, is left to the drawing."""
    cover: dict[str, Any] = {}
    if typed.get("layout") in LAYOUTS:
        cover["layout"] = typed["layout"]
    with suppress(ValueError):
        cover["tint"] = int(typed.get("tint", "")) % 360
    if emoji := [name for name in typed.getlist("emoji") if name in COVER_EMOJI][:EMOJI_AT_MOST]:
        cover["emoji"] = emoji
    cover["line"] = " ".join((typed.get("line") or typed.get("title", "")).split())[:LINE_LENGTH]
    return cover


def find_mistakes(draft: Draft, pictures: Sequence[object]) -> dict[str, Text]:
    """Return what to mend, by field; empty where the note can be published."""
    mistakes = {}
    if not draft.place_ids:
        mistakes["place"] = Text("选一个你去过的地方。", "Choose a place you went to.")
    if len(draft.place_ids) > PLACES_AT_MOST:
        mistakes["place"] = Text(
            f"一篇最多写 {PLACES_AT_MOST} 个地方。", f"A note names {PLACES_AT_MOST} places at most."
        )
    if draft.kind not in KINDS:
        mistakes["kind"] = Text("选一种。", "Choose one.")
    if not draft.title.strip():
        mistakes["title"] = Text("写一个标题，别人才知道是什么。", "Give it a title, so that people know what it is.")
    elif len(draft.title) > TITLE_LENGTH:
        mistakes["title"] = _too_long(len(draft.title), TITLE_LENGTH)
    if not draft.body.strip():
        mistakes["body"] = Text(
            "写几句：看到什么，吃了什么，付了多少。", "A few lines: what you saw, what you ate, what you paid."
        )
    elif len(draft.body) > BODY_LENGTH:
        mistakes["body"] = _too_long(len(draft.body), BODY_LENGTH)
    if len(draft.disclosure) > DISCLOSURE_LENGTH:
        mistakes["disclosure"] = _too_long(len(draft.disclosure), DISCLOSURE_LENGTH)
    if len(pictures) > PICTURES_AT_MOST:
        mistakes["pictures"] = Text(
            f"最多 {PICTURES_AT_MOST} 张，这里有 {len(pictures)} 张。",
            f"{PICTURES_AT_MOST} at most; these are {len(pictures)}.",
        )
    return mistakes


def _too_long(length: int, most: int) -> Text:
    return Text(f"最多 {most} 个字，现在有 {length} 个。", f"{most} characters at most; there are {length}.")
