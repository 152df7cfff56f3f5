"""The one process that writes the index: a base now and then, a delta whenever something changed (DS8 to DS11)."""

import os
import shutil
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import numpy as np
from django.utils import timezone

from bacao.discovery.index.build import build_part
from bacao.discovery.index.columns import Frame, Part, Raw, rows_of
from bacao.discovery.index.files import (
    CURRENT,
    Current,
    Unusable,
    base_folder,
    delta_folder,
    forget_old,
    next_number,
    read_current,
    read_part,
    write_current,
    write_part,
)
from bacao.discovery.index.fragments import Fragments, build_fragments
from bacao.discovery.index.view import NONE_GONE
from bacao.discovery.queries.rows import empty_raw, horizon_of, joined, read_rows, without
from bacao.discovery.queries.trials import get_posterior_version
from bacao.discovery.rules import WEIGHTS_VERSION
from bacao.kit.bulk import one_snapshot
from bacao.kit.queries import News, get_outbox_number, read_news
from bacao.offers.queries import list_place_ids_of_offers
from bacao.places.queries import get_spans_stamp

CHANGED_MAX = 20_000
CHANGED_SHARE = 0.02
LOCK = "bacao.discovery.index"
EVERYTHING = 0  # news of the standing of place 0: all of them were counted again


class Builder:
    """Keeps one folder in step with the database. Hold the advisory lock LOCK while using it: one builder a city.

    `watermark` = every transaction below it is known. Rows changed since the base are kept here as they were read,
    so a delta costs reading what is new.
    """

    def __init__(self, folder: Path, *, changed_max: int = CHANGED_MAX) -> None:
        self.folder = folder
        self.changed_max = changed_max
        self.watermark = 0
        self.posterior = 0  # version of what new places draw from
        self._seen: list[int] = []  # news read beyond the watermark (kit.queries.read_news)
        self._raw: Raw | None = None
        self._base: Part | None = None
        self._frame = Frame(0.0, 0.0)
        self._number = 0
        self._stamp: dict[str, object] = {}
        self._outbox: list[int] = []
        self._changed: set[int] = set()

    @property
    def places(self) -> int:
        """Return how many places the base holds."""
        return 0 if self._base is None else len(self._base.shop_id)

    def open(self, *, at: datetime) -> None:
        """Go on from what is published, or build a base where that is missing, stale or damaged."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._outbox = get_outbox_number()
        for unfinished in self.folder.glob("*.tmp"):
            shutil.rmtree(unfinished) if unfinished.is_dir() else unfinished.unlink()
        current = read_current(self.folder)
        try:
            if current is None:
                raise Unusable("nothing was published yet")
            self._base, self._frame, _, about = read_part(base_folder(self.folder, current.base), check=True)
            if about["stamp"] != _stamp(at) or about["outbox"] != self._outbox:
                raise Unusable("opening hours, weights or the whole database are others now")
        except Unusable:
            self.build_base(at=at)
            return
        self._number, self._stamp = current.base, about["stamp"]
        self.watermark, self._seen = about["watermark"], []
        self._start_over()
        self.tick(at=at, publish=True)

    def build_base(self, *, at: datetime) -> None:
        """Read everything in one snapshot and publish it as a new base with an empty delta."""
        with one_snapshot() as self.watermark:
            self._seen = read_news(since_tx=self.watermark).seen
            rows, self._stamp, self.posterior = read_rows(at=at), _stamp(at), get_posterior_version()
        self._frame = rows.frame()
        self._write_base(rows.raw(self._frame), at)

    def _write_base(self, raw: Raw, at: datetime) -> None:
        self._base = build_part(raw, self._frame)
        self._number = next_number(self.folder)
        about = {"watermark": self.watermark, "stamp": self._stamp, "built_at": at.isoformat(),
                 "outbox": self._outbox}  # fmt: skip
        said = _fragments(self._base, raw)
        write_part(base_folder(self.folder, self._number), self._base, self._frame, NONE_GONE, about, said)
        self._start_over()
        self._publish(at)

    def tick(self, *, at: datetime, publish: bool = False) -> int:
        """Take in the news since the last time and publish a delta if there is any; return how many places it named."""
        if self._stamp != _stamp(at):
            self.build_base(at=at)
            return len(self._changed)
        with one_snapshot():
            news = read_news(since_tx=self.watermark, seen=self._seen)
            places = _places_of(news)
            few = EVERYTHING not in places and len(self._changed | places) <= self._most()
            fresh = read_rows(at=at, place_ids=places) if places and few else None
            posterior = get_posterior_version()
        if not few or (fresh is not None and not fresh.fits(self._frame)):
            self.build_base(at=at)
            return len(places)
        self.watermark, self._seen, self.posterior = news.until_tx, news.seen, posterior
        if fresh is not None:
            self._changed |= places
            self._raw = joined(without(self._raw or empty_raw(at), places), fresh.raw(self._frame))
        if publish or fresh is not None:
            self._publish(at)
        os.utime(self.folder / CURRENT, (at.timestamp(), at.timestamp()))
        return len(places)

    def unread(self) -> set[int]:
        """Return the places that news are about which are not in the index yet."""
        return _places_of(read_news(since_tx=self.watermark, seen=self._seen))

    def _most(self) -> int:
        """Return how many places may have changed before a new base is due; a small city need not hurry."""
        assert self._base is not None, "open() comes first"
        return max(min(self.changed_max, 1000), min(self.changed_max, int(len(self._base.shop_id) * CHANGED_SHARE)))

    def _start_over(self) -> None:
        """Forget the changes before this base."""
        self._changed, self._raw = set(), None

    def _publish(self, at: datetime) -> None:
        """Write a delta with tombstones for every place named since the base, then let `current` name it."""
        raw = self._raw or empty_raw(at)
        delta = build_part(raw, self._frame)
        current = Current(self._number, next_number(self.folder), self.watermark)
        about = {"base": self._number, "watermark": self.watermark, "built_at": at.isoformat(),
                 "posterior": self.posterior}  # fmt: skip
        folder, said = delta_folder(self.folder, current.delta), _fragments(delta, raw)
        write_part(folder, delta, self._frame, self._tombstones(), about, said)
        write_current(self.folder, current)
        os.utime(self.folder / CURRENT, (at.timestamp(), at.timestamp()))
        forget_old(self.folder, current)

    def _tombstones(self) -> np.ndarray:
        """Return a bit for each row of the base that no longer counts; nothing where all do."""
        if not self._changed or self._base is None:
            return NONE_GONE
        bits = np.zeros(-(-self.places // 8) * 8 or 8, np.uint8)
        bits[rows_of(self._base, self._changed)] = 1
        return np.packbits(bits, bitorder="little")


def _fragments(part: Part, raw: Raw) -> Fragments:
    return build_fragments(part.shop_id, raw, timezone.get_default_timezone())


def _places_of(news: News) -> set[int]:
    """Return the places that news are about."""
    by_kind = news.ids_by_kind
    offers: Collection[int] = by_kind.get("offer", ())
    return {
        *by_kind.get("place", ()),
        *by_kind.get("standing", ()),
        *(list_place_ids_of_offers(offers) if offers else ()),
    }


def _stamp(at: datetime) -> dict[str, object]:
    """Return what makes a base old without any news: the day, the opening hours worked out, the weights."""
    return {"day": horizon_of(at)[0], "spans": get_spans_stamp(), "weights": WEIGHTS_VERSION}
