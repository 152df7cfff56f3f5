"""Serves the counter's modules as they are, without the site around them, for a browser that plays till_cases.js."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {
    "/js/": ROOT / "bacao/web/static/js",
    "/vendor/uqr/": ROOT / "node_modules/uqr/dist",
    "/vendor/noble/": ROOT / "node_modules/@noble/ed25519",
    "/vendor/zxing/": ROOT / "node_modules/zxing-wasm/dist",
    "/tests/": ROOT / "tests/redemption",
}


class Handler(SimpleHTTPRequestHandler):
    """Serves a few folders, and an empty page for every other address."""

    def translate_path(self, path: str) -> str:
        for prefix, folder in FOLDERS.items():
            if path.startswith(prefix):
                return str(folder / path.removeprefix(prefix).partition("?")[0])
        return str(ROOT / "tests/redemption/till.html")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    """Serve while the block runs; yields the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def run(page: Page, case: str, *words: object) -> Any:
    """Play a case of till_cases.js and return what it saw."""
    script = "async ([name, words]) => (await import('/tests/till_cases.js'))[name](...words)"
    return page.evaluate(script, [case, list(words)])
