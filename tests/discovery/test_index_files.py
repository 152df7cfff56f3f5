"""Publishing and following the index: whole states only, whatever dies when (DS9 to DS11)."""

import os
import shutil
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bacao.discovery.index import files
from bacao.discovery.index.asking import Query
from bacao.discovery.index.build import build_part
from bacao.discovery.index.columns import FORMAT, OFFER, UNITS_UNLIMITED, Frame, Raw
from bacao.discovery.index.files import Current, Unusable, base_folder, delta_folder, read_current, read_part
from bacao.discovery.index.kernel import PART, ROW
from bacao.discovery.index.reader import Reader
from bacao.discovery.services.builder import Builder
from bacao.offers.rules.steps import FIXED
from tests.discovery.generated_city import MIDNIGHT, ORDERS, make_city

AT = datetime.fromtimestamp(MIDNIGHT * 60, UTC)
NEW_IDS = 10_000
SWAPS = int(os.environ.get("BACAO_SWAPS", "1000"))


def marked(raw: Raw, state: int, rows: slice) -> Raw:
    """Return some rows, each carrying the number of its state where the usual amount stands."""
    shops = raw.shops[rows].copy()
    shops["usual_minor"] = state
    return replace(raw, shops=shops, offers=raw.offers[:0])


def changed(raw: Raw, state: int) -> Raw:
    """Return the first ten shops as they are in a state: some deleted, some shops more, with more offers or fewer."""
    shops = np.concatenate([raw.shops[: 10 - state % 4], raw.shops[: state % 3]])
    shops["shop_id"][10 - state % 4 :] += NEW_IDS
    shops["usual_minor"] = state
    offers = np.zeros(len(shops) * (state % 5), OFFER)
    offers["shop_id"] = np.repeat(shops["shop_id"], state % 5)
    number = np.tile(np.arange(1, state % 5 + 1), len(shops))
    offers["offer_id"], offers["rate"], offers["threshold"] = np.arange(len(offers)) + 1, number * 100, number * 1000
    offers["op"], offers["order"], offers["units"], offers["stands_alone"] = FIXED, ORDERS[1], UNITS_UNLIMITED, 1
    return replace(raw, shops=shops, offers=offers)


def shape_of(state: int) -> tuple[int, int, int]:
    """Return what a delta of a state looks like: its shops, those that are new, the runs of the curve with offers."""
    return 10 - state % 4 + state % 3, state % 3, 1 + state % 5 + (state % 5 > 0)


def publish(folder: Path, raw: Raw, frame: Frame, state: int, current: Current | None) -> Current:
    """Publish one more state: mostly a delta over the tombstones of ten shops, now and then a new base."""
    number = files.next_number(folder)
    if current is None or state % 50 == 0:
        base = build_part(marked(raw, state, slice(None)), frame)
        files.write_part(base_folder(folder, number), base, frame, np.empty(0, np.uint8), {})
        current = Current(number, number, state)
    current = Current(current.base, number, state)
    delta = build_part(changed(raw, state), frame)
    base, *_ = read_part(base_folder(folder, current.base))
    bits = np.isin(base.shop_id, raw.shops["shop_id"][:10]).astype(np.uint8)
    gone = np.packbits(bits, bitorder="little")
    files.write_part(delta_folder(folder, number), delta, frame, gone, {"base": current.base})
    files.write_current(folder, current)
    files.forget_old(folder, current)
    return current


def test_readers_see_whole_states_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DS12: eight readers during SWAPS swaps that insert, delete and let offers grow."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # the order of names is under test here, not the disk
    raw, frame = make_city(200)
    current = publish(tmp_path, raw, frame, 1, None)
    Reader(tmp_path).refresh()  # compiles what is not kept yet, which may take longer than all the swaps
    torn, seen, done = list[object](), set[int](), threading.Event()

    def follow() -> None:
        reader = Reader(tmp_path)
        while not done.is_set():
            view = reader.refresh()
            assert view is not None
            states, bases = set(view.delta.usual_minor.tolist()), set(view.base.usual_minor.tolist())
            gone = int(np.unpackbits(view.gone, bitorder="little").sum())
            fresh = int((view.delta.shop_id > NEW_IDS).sum())
            shape = len(view.delta.shop_id), fresh, len(view.delta.run_from_minor)
            if len(states) != 1 or len(bases) != 1 or gone != 10 or max(bases) > max(states):
                torn.append((view.number, states, bases, gone))
            elif shape != shape_of(max(states)):
                torn.append((view.number, states, shape))
            seen.update(states)

    threads = [threading.Thread(target=follow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for state in range(2, SWAPS + 2):
        current = publish(tmp_path, raw, frame, state, current)
    done.set()
    for thread in threads:
        thread.join()
    assert not torn
    assert len(seen) > 20
    assert len(list(tmp_path.glob("delta-*"))) <= files.DELTAS_KEPT


def dies_at(step: int, work: Callable[[], None]) -> bool:
    """Work in a child that kills itself (kill -9) before its step-th change of the disk; True if it got there."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = step

    def count() -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    def counted(function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            count()
            return function(*args, **options)

        return call

    os.fsync = counted(os.fsync)  # type: ignore[assignment]  # this process lives for these steps only
    shutil.rmtree = counted(shutil.rmtree)  # type: ignore[assignment]  # as above
    for name in ("mkdir", "open", "rename", "unlink", "touch"):
        setattr(Path, name, counted(getattr(Path, name)))
    work()
    os._exit(0)


def test_a_builder_killed_at_any_step_leaves_what_can_be_read(tmp_path: Path) -> None:
    """DS12: after each kill there is a whole state, the old one or the new one."""
    raw, frame = make_city(100)
    builder = Builder(tmp_path)
    builder._frame, builder.watermark = frame, 1
    tmp_path.mkdir(exist_ok=True)
    builder._write_base(marked(raw, 1, slice(None)), AT)
    step, states = 0, set[int]()
    while dies_at(step, lambda: builder._write_base(marked(raw, 2, slice(None)), AT)):
        reader = Reader(tmp_path)
        view = reader.refresh()
        assert view is not None
        state = set(view.base.usual_minor.tolist())
        assert len(state) == 1 and len(view.base.shop_id) == 100
        assert view.search(Query(*make_query(frame), 3000, MIDNIGHT, open_now=False)) is not None
        states |= state
        current = read_current(tmp_path)
        assert current is not None
        read_part(base_folder(tmp_path, current.base), check=True)
        step += 1
    assert states == {1, 2}
    assert step > 15


def test_a_builder_killed_while_it_publishes_a_delta_shows_all_of_it_or_nothing(tmp_path: Path) -> None:
    """DS12: every shop of the base is replaced at once, and the delta before is all that anybody sees until then."""
    raw, frame = make_city(100)
    builder = Builder(tmp_path)
    builder._frame, builder.watermark = frame, 1
    builder._write_base(marked(raw, 1, slice(None)), AT)
    ids, step, states = set(raw.shops["shop_id"].tolist()), 0, set[int]()

    def replace_all() -> None:
        builder._raw, builder._changed = marked(raw, 2, slice(None)), ids
        builder._publish(AT)

    while dies_at(step, replace_all):
        view = Reader(tmp_path).refresh()
        assert view is not None
        found = view.weigh(Query(*make_query(frame), 10_000, MIDNIGHT, open_now=False), ids)
        usual = [int((view.base, view.delta)[part].usual_minor[row]) for part, row in found[:, [PART, ROW]].tolist()]
        assert len(usual) > 20 and len(set(usual)) == 1
        states |= set(usual)
        step += 1
    assert states == {1, 2}


def make_query(frame: Frame) -> tuple[float, float]:
    return frame.latitude, frame.longitude


@pytest.mark.parametrize("damage", ["cut", "flip", "format", "gone", "manifest"])
def test_damage_is_noticed(tmp_path: Path, damage: str) -> None:
    raw, frame = make_city(50)
    part, folder = build_part(raw, frame), tmp_path / "base-1"
    files.write_part(folder, part, frame, np.empty(0, np.uint8), {"note": "kept"})
    kept, again, _, about = read_part(folder, check=True)
    assert again == frame and about["note"] == "kept"
    assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(part, kept, strict=True))
    assert type(kept.x_dm) is np.ndarray and not kept.x_dm.flags.writeable
    columns, manifest = folder / "columns", folder / "manifest.json"
    content = bytearray(columns.read_bytes())
    if damage == "cut":
        columns.write_bytes(content[:-1])
    elif damage == "flip":
        content[0] ^= 1
        columns.write_bytes(content)
    elif damage == "format":
        manifest.write_text(manifest.read_text().replace(f'"format": {FORMAT}', '"format": 0'))
    elif damage == "gone":
        columns.unlink()
    else:
        manifest.write_text("{")
    with pytest.raises(Unusable):
        read_part(folder, check=True)


def test_age_is_that_of_the_last_look(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    assert reader.refresh() is None and reader.age_seconds(AT) is None
    raw, frame = make_city(20)
    publish(tmp_path, raw, frame, 1, None)
    os.utime(tmp_path / files.CURRENT, (AT.timestamp(), AT.timestamp()))
    assert reader.refresh() is not None
    assert reader.age_seconds(AT + timedelta(seconds=7)) == 7
