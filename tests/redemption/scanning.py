"""Lets the counter's scanner and zxing alone look at films, in Node, and counts what each read."""

import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO

import numpy as np
from PIL import Image

from tests.redemption.degraded import FRAMES, Scene

ROOT = Path(__file__).resolve().parents[2]
JS = ROOT / "bacao/web/static/js"
ZXING = ROOT / "node_modules/zxing-wasm/dist"
LONGEST_SIDE = 1280


@dataclass
class Tally:
    """How many films of a kind there were, how many each scanner read, and what a look cost in CPU milliseconds."""

    films: int = 0
    alone: int = 0
    ours: int = 0
    alone_ms: float = 0
    ours_ms: float = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.films + other.films, self.alone + other.alone, self.ours + other.ours,
            self.alone_ms + other.alone_ms, self.ours_ms + other.ours_ms,
        )  # fmt: skip


def get_node() -> str:
    """Return the path of Node, the project's own first. :raises AssertionError: there is none"""
    own = ROOT / ".venv/bin/node"
    found = str(own) if own.exists() else shutil.which("node")
    assert found, "Node is missing: run script/setup"
    return found


def make_photographs(folder: Path) -> Iterator[Scene]:
    """Yield real photographs of symbols with the text each holds, as a hand that holds perfectly still."""
    for path in sorted(folder.glob("*/*.png")):
        words = path.with_suffix(".txt")
        if not words.exists():
            continue
        picture = Image.open(path).convert("L")
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        yield Scene("photographs", 0, words.read_text(encoding="utf-8"), [np.asarray(picture)] * FRAMES)


def scan(scenes: Iterable[Scene]) -> dict[str, Tally]:
    """Return what both scanners read, by kind of scene."""
    command = [get_node(), str(Path(__file__).with_name("scan.mjs")), str(ZXING), str(JS / "looks.js")]
    told: list[str] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        writer = Thread(target=_send, args=(scenes, process.stdin, told))
        writer.start()
        answers = [json.loads(line) for line in process.stdout]
        writer.join()
    assert process.returncode == 0 and len(answers) == len(told), "the scanners stopped half way"
    tallies: dict[str, Tally] = defaultdict(Tally)
    for kind, answer in zip(told, answers, strict=True):
        alone, ours = answer["alone"], answer["ours"]
        tallies[kind] += Tally(1, alone["look"] >= 0, ours["look"] >= 0, alone["ms"], ours["ms"])
    return dict(tallies)


def _send(scenes: Iterable[Scene], pipe: IO[bytes], told: list[str]) -> None:
    with pipe:
        for scene in scenes:
            height, width = scene.frames[0].shape
            head = {"width": width, "height": height, "frames": len(scene.frames), "text": scene.text}
            pipe.write(json.dumps(head).encode() + b"\n")
            for frame in scene.frames:
                pipe.write(frame.tobytes())
            told.append(scene.kind)
