"""The index on disk: folders that are written once, and one small file that says which of them count (DS9 to DS11).

`base-<n>/` and `delta-<m>/` hold `columns` (all arrays one after the other) and `manifest.json` (what they are, their
lengths and checksums). A folder gets its name only when everything in it is on the disk; a file that may be mapped is
never written again. `current` is replaced by renaming, so a reader finds the old state or the new one.
"""

import json
import mmap
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from bacao.discovery.index.columns import FORMAT, Frame, Part
from bacao.discovery.index.fragments import Fragments

ALIGN = 64
CURRENT = "current"
SAID = "said."  # before the names of fragments' columns
DELTAS_KEPT = 3  # a reader that has just read an older `current` still finds what it names


class Unusable(Exception):
    """A folder of the index is missing, of another format, or not what its manifest says."""


@dataclass(frozen=True, slots=True)
class Current:
    """Which folders count, and up to which transaction they know the news."""

    base: int
    delta: int
    watermark: int


def write_folder(folder: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Write arrays and what is to be known of them; the folder appears complete or not at all."""
    unfinished = folder.with_suffix(".tmp")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    entries, offset = {}, 0
    with (unfinished / "columns").open("wb") as out:
        for name, array in arrays.items():
            flat = np.ascontiguousarray(array)
            out.write(b"\0" * (-offset % ALIGN))
            offset += -offset % ALIGN
            data = flat.tobytes()
            entries[name] = {"dtype": flat.dtype.str, "shape": flat.shape, "offset": offset, "crc32": crc32(data)}
            out.write(data)
            offset += len(data)
        _flush(out)
    with (unfinished / "manifest.json").open("w") as out:
        json.dump({"format": FORMAT, "bytes": offset, "arrays": entries, "about": dict(about)}, out)
        _flush(out)
    _sync_folder(unfinished)
    unfinished.rename(folder)
    _sync_folder(folder.parent)


def read_folder(folder: Path, *, check: bool = False) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Map the arrays of a folder, read-only, and return them with what is known of them.

    `check` compares the checksums as well, which reads everything.
    :raises Unusable: missing, of another format, cut short, or other bytes than were written
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        with (folder / "columns").open("rb") as columns:
            size = os.fstat(columns.fileno()).st_size
            if manifest["format"] != FORMAT or size != manifest["bytes"]:
                raise Unusable(f"{folder} is of another format or cut short")
            mapped = mmap.mmap(columns.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
    except (OSError, ValueError, KeyError) as problem:
        raise Unusable(f"{folder}: {problem}") from problem
    arrays = {}
    for name, entry in manifest["arrays"].items():
        count = int(np.prod(entry["shape"], dtype=np.int64))
        flat = np.frombuffer(mapped, entry["dtype"], count, entry["offset"]) if count else np.empty(0, entry["dtype"])
        if check and crc32(flat.view(np.uint8).data) != entry["crc32"]:
            raise Unusable(f"{folder}: {name} is not what was written")
        flat.flags.writeable = False
        arrays[name] = flat.reshape(entry["shape"])
    return arrays, manifest["about"]


def write_part(
    folder: Path,
    part: Part,
    frame: Frame,
    gone: np.ndarray,
    about: Mapping[str, Any],
    fragments: Fragments | None = None,
) -> None:
    """Write a part with its frame and the tombstones it sets, and what is said of its shops."""
    said = {f"{SAID}{name}": column for name, column in fragments._asdict().items()} if fragments else {}
    write_folder(folder, part._asdict() | {"gone": gone} | said, {**about, "frame": asdict(frame)})


def read_part(folder: Path, *, check: bool = False) -> tuple[Part, Frame, np.ndarray, dict[str, Any]]:
    """Map a part. :raises Unusable: see `read_folder`"""
    arrays, about = read_folder(folder, check=check)
    gone = arrays.pop("gone", np.empty(0, np.uint8))
    arrays = {name: column for name, column in arrays.items() if not name.startswith(SAID)}
    if set(arrays) != set(Part._fields):
        raise Unusable(f"{folder} has other columns")
    return Part(**arrays), read_frame(about["frame"]), gone, about


def read_fragments(folder: Path) -> Fragments | None:
    """Map what is said of a part's shops, None where nothing was written. :raises Unusable: see `read_folder`"""
    arrays, _ = read_folder(folder)
    said = {name.removeprefix(SAID): column for name, column in arrays.items() if name.startswith(SAID)}
    return Fragments(**said) if said else None


def read_frame(kept: Mapping[str, Any]) -> Frame:
    """Return a frame from its manifest: JSON knows no tuples."""
    return Frame(
        kept["latitude"], kept["longitude"], tuple((code, branch) for code, branch in kept["categories"]),
        tuple(kept["medians"]), tuple(kept["tags"]), tuple(kept["keys"]),
    )  # fmt: skip


def read_current(folder: Path) -> Current | None:
    """Return which folders count, or None where nothing was ever published."""
    try:
        return Current(**json.loads((folder / CURRENT).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_current(folder: Path, current: Current) -> None:
    """Publish: from here on readers find these folders."""
    fresh = folder / f"{CURRENT}.tmp"
    with fresh.open("w") as out:
        json.dump(asdict(current), out)
        _flush(out)
    fresh.rename(folder / CURRENT)
    _sync_folder(folder)


def base_folder(folder: Path, number: int) -> Path:
    """Return the folder of a base."""
    return folder / f"base-{number}"


def delta_folder(folder: Path, number: int) -> Path:
    """Return the folder of a delta."""
    return folder / f"delta-{number}"


def next_number(folder: Path) -> int:
    """Return a number no folder has, finished or not."""
    numbers = [int(name) for path in folder.glob("*-*") if (name := path.stem.partition("-")[2]).isdecimal()]
    return max(numbers, default=0) + 1


def forget_old(folder: Path, current: Current) -> None:
    """Remove what no reader asks for any more; whoever has mapped it keeps it until letting go."""
    numbered = {int(path.name.partition("-")[2]): path for path in folder.glob("delta-*") if path.suffix != ".tmp"}
    old = sorted(number for number in numbered if number < current.delta)
    doomed = [numbered[number] for number in old[: max(0, len(old) + 1 - DELTAS_KEPT)]]
    bases = [path for path in folder.glob("base-*") if path != base_folder(folder, current.base)]
    for path in [*doomed, *bases]:
        shutil.rmtree(path, ignore_errors=True)


def _flush(out: Any) -> None:
    out.flush()
    os.fsync(out.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
