"""Where the house stands: its source, and the folder of everything it writes."""

import os
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VAR = Path(os.environ.get("BACAO_VAR") or ROOT / "var").resolve()


def make_secret(path: Path) -> bytes:
    """Return the 32 secret bytes kept at `path`, made when they are first asked for."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(os.urandom(32).hex())
        with suppress(FileExistsError):  # two processes may start at once; the first one's secret counts
            path.hardlink_to(fresh)
        fresh.unlink()
    return bytes.fromhex(path.read_text())
