"""What a note may be, and how the feed is cut into pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from bacao.kit.text import Refused, Text

TITLE_LENGTH = 60
BODY_LENGTH = 5000
PLACES_AT_MOST = 5
PICTURES_AT_MOST = 9
DISCLOSURE_LENGTH = 120
REPORT_LENGTH = 200


class NoteRefused(Refused):
    """A note breaks one of the rules; the sentence says which."""

    code = "note_refused"
    status = 422


class Cursor(NamedTuple):
    """Where a page of the feed begins: strictly after the note published then, with that id."""

    published_at: datetime
    note_id: int

    def __str__(self) -> str:
        return f"{self.published_at.timestamp():.6f}-{self.note_id}"


def read_cursor(text: str | None) -> Cursor | None:
    """Return the cursor an address carries; what cannot be read is the first page.

    >>> read_cursor(str(Cursor(datetime.fromisoformat("2026-01-02T03:04:05.678901+00:00"), 7))).note_id
    7
    """
    seconds, _, note_id = (text or "").partition("-")
    try:
        whole, _, micro = seconds.partition(".")
        at = datetime.fromtimestamp(int(whole), UTC).replace(microsecond=int(micro.ljust(6, "0")[:6] or 0))
        return Cursor(at, int(note_id))
    except (ValueError, OverflowError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class NoteText:
    """The words of a note, trimmed."""

    title: str
    body: str
    disclosure: str


def read_note(*, title: str, body: str, disclosure: str, place_ids: Sequence[int], pictures: int) -> NoteText:
    """Return the trimmed words of a note that keeps all the rules.

    :raises NoteRefused: title, body, places, pictures or disclosure are missing or too much
    """
    text = NoteText(" ".join(title.split()), body.strip().replace("\r\n", "\n"), " ".join(disclosure.split()))
    _within("标题", "The title", len(text.title), 1, TITLE_LENGTH)
    _within("正文", "The text", len(text.body), 1, BODY_LENGTH)
    _within("合作说明", "The disclosure", len(text.disclosure), 0, DISCLOSURE_LENGTH)
    if not 1 <= len(set(place_ids)) <= PLACES_AT_MOST:
        raise NoteRefused(Text(f"请选择 1 到 {PLACES_AT_MOST} 个地点。", f"Choose 1 to {PLACES_AT_MOST} places."))
    if pictures > PICTURES_AT_MOST:
        raise NoteRefused(
            Text(f"最多 {PICTURES_AT_MOST} 张照片，这里有 {pictures} 张。",
                 f"At most {PICTURES_AT_MOST} pictures; there are {pictures}.")
        )  # fmt: skip
    return text


def _within(zh: str, en: str, length: int, least: int, most: int) -> None:
    """:raises NoteRefused: a text is shorter than `least` or longer than `most` characters"""
    if length < least:
        raise NoteRefused(Text(f"{zh}还没有写。", f"{en} is still missing."))
    if length > most:
        raise NoteRefused(
            Text(f"{zh}最多 {most} 个字，现在有 {length} 个。", f"{en} has {length} characters; {most} fit.")
        )


def is_trusted(*, published_notes: int, is_official: bool) -> bool:
    """Return whether an author's new note is shown at once: the first one waits for a moderator (U02)."""
    return is_official or published_notes > 0
