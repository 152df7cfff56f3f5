"""Where the house stands: its source, and the folder of everything it writes."""

import os
import platform
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WHOLE = "whole"  # a file that says that all there is to compile lies in this folder
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


def compiled_folder() -> Path:
    """Return where compiled code is kept: a folder named after the machine's type, Numba, and every source of it.

    Numba notices changes of a function's own file only, and freezes constants of others into what it keeps.
    """
    digest = sha256(f"{platform.machine()} {platform.python_version()}".encode())
    with suppress(PackageNotFoundError):
        digest.update(version("numba").encode())
    for room in ("rules", "index"):
        for path in sorted((ROOT / "bacao").glob(f"*/{room}/**/*.py")):
            digest.update(path.read_bytes())
    return Path(os.environ.get("NUMBA_CACHE_DIR") or VAR / "numba") / digest.hexdigest()[:16]
