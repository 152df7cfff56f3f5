"""`bacao build`: the static files, collected under a name made of their content, so that they may be cached for ever.

There is no bundler: what is written is what is served. `var/static/<hash>/` holds one tree, `var/static/current` names
the one that the settings use; the one before stays for pages that are still open.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bacao.cli.say import say
from bacao.kit.paths import ROOT, VAR
from bacao.kit.text import Refused, Text

EMOJI = ROOT / "node_modules/@iconify-json/fluent-emoji-flat/icons.json"
STATIC = VAR / "static"
HASH_CHARACTERS = 12
# what npm packages carry besides the files that a browser loads
UNUSED = (
    *("*.map", "*-dev.mjs", "*.ts", "*.d.mts", "*.d.cts", "*.cjs", "*.gz", "*.md", "package.json"),
    *("cjs", "iife", "full", "writer", "ext"),
)
COMPRESSED = {".css", ".js", ".mjs", ".svg", ".json", ".wasm", ".html", ".txt", ".webmanifest"}
COMPRESSED_FROM_BYTES = 1400  # below, it is one packet anyway


class NotSetUp(Refused):
    """A set-up step has not been run."""

    code = "not_set_up"


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `bacao build`."""
    parser = subparsers.add_parser("build", help="collect the static files")
    parser.set_defaults(run=lambda _: build())


def build() -> int:
    """Collect every static file unless nothing changed since the last time; return 0."""
    began = time.monotonic()
    inputs = _fingerprint(_inputs())
    if _read(STATIC / "inputs") == inputs and (STATIC / _read(STATIC / "current")).is_dir():
        return 0
    if not EMOJI.exists():
        raise NotSetUp(
            Text("缺少 node_modules: 请运行 script/up。", "node_modules is missing: run script/up (it calls npm ci).")
        )
    _extract_emoji()
    fresh = STATIC / "next"
    shutil.rmtree(fresh, ignore_errors=True)
    _collect(fresh)
    _compress(fresh)
    _publish(fresh, inputs)
    say(Text(f"静态文件已就绪 ({time.monotonic() - began:.1f} 秒)", f"static files ({time.monotonic() - began:.1f} s)"))
    return 0


def _inputs() -> Iterator[str]:
    """Yield a line for each thing that the collected tree depends on."""
    yield Path(__file__).read_text()
    for lock in ("package-lock.json", "requirements/run.txt"):
        yield (ROOT / lock).read_text()
    for folder in sorted(ROOT.glob("bacao/**/static")):
        for path in sorted(folder.rglob("*")):
            status = path.stat()
            yield f"{path.relative_to(ROOT)} {status.st_size} {status.st_mtime_ns}"


def _fingerprint(lines: Iterator[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _extract_emoji() -> None:
    """Write each Fluent emoji as a file of its own, `var/emoji/<name>.svg`."""
    pack = json.loads(EMOJI.read_text(encoding="utf-8"))
    folder = VAR / "emoji"
    folder.mkdir(parents=True, exist_ok=True)
    width, height = pack.get("width", 16), pack.get("height", 16)
    for name, icon in pack["icons"].items():
        box = f"0 0 {icon.get('width', width)} {icon.get('height', height)}"
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{icon["body"]}</svg>'
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")


def _collect(folder: Path) -> None:
    """Let Django collect into `folder`, in a process whose settings are read after the emoji are there."""
    ignore = [word for pattern in UNUSED for word in ("-i", pattern)]
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "collectstatic", "--noinput", "-v0", *ignore],
        env={**os.environ, "BACAO_STATIC_ROOT": str(folder)},
        check=False,
    )
    if done.returncode != 0:
        raise NotSetUp(Text("静态文件收集失败 (见上)。", "The static files could not be collected (see above)."))


def _compress(folder: Path) -> None:
    """Put a `.gz` beside each text file that gets smaller by it (WhiteNoise and nginx both serve it)."""
    from whitenoise.compress import Compressor

    compressor = Compressor(use_brotli=False, quiet=True)
    for path in sorted(folder.rglob("*")):
        if path.suffix in COMPRESSED and path.stat().st_size >= COMPRESSED_FROM_BYTES:
            compressor.compress(str(path))


def _publish(fresh: Path, inputs: str) -> None:
    """Name the tree after its content, make it the current one, drop all but the one before."""
    content = hashlib.sha256()
    for path in sorted(fresh.rglob("*")):
        if path.is_file() and path.suffix != ".gz":
            content.update(str(path.relative_to(fresh)).encode() + b"\0" + path.read_bytes())
    name = content.hexdigest()[:HASH_CHARACTERS]
    before = _read(STATIC / "current")
    if (STATIC / name).exists():
        shutil.rmtree(fresh)
    else:
        fresh.rename(STATIC / name)
    for file, text in (("current", name), ("inputs", inputs)):
        (STATIC / f"{file}.next").write_text(text)
        (STATIC / f"{file}.next").replace(STATIC / file)
    for old in STATIC.iterdir():
        if old.is_dir() and old.name not in {name, before}:
            shutil.rmtree(old)


def _read(path: Path) -> str:
    return path.read_text().strip() if path.exists() else "none"
