"""A site of its own with many shops, phones and vouchers, for benches and for what is killed under load.

`prepare_environment` comes before anything of the house is imported: it decides where the house stands.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil

ROOT = Path(__file__).resolve().parent.parent


def prepare_environment(folder: Path) -> None:
    """Point this process and what it starts to a database and a folder of their own."""
    folder.chmod(0o755)  # as root, PostgreSQL runs as a user of its own
    os.environ |= {
        "BACAO_VAR": str(folder), "BACAO_SECRET_KEY": "a fleet signs with this", "BACAO_DEMO": "0",
        "DATABASE_URL": f"postgresql://postgres@/bacao?host={folder}/postgres", "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "bacao.settings", "BACAO_LOG_LEVEL": "CRITICAL",
    }  # fmt: skip


def migrate(folder: Path) -> None:
    """Set Django up over a fresh database with all tables."""
    import django
    from django.core.management import call_command

    from bacao.cli import postgres

    postgres.ensure_database(folder / "postgres", "bacao")
    django.setup()
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)


@dataclass
class Row:
    """One press: its key, and the exact bytes and headers that go out, however often."""

    key: UUID
    voucher: UUID
    headers: dict[str, str]
    body: bytes


class Seller:
    """A phone of a shop, with the codes of the vouchers that it will redeem."""

    def __init__(self, phone: Any, codes: list[Any]) -> None:
        self.phone, self.codes = phone, codes
        self.cookie = phone.http.cookies["counter"].value

    def row(self, code: Any, at: datetime) -> Row:
        """Return a press of the code that the member's phone shows at an instant."""
        from bacao.redemption.queries import get_live_code

        key, body = uuid4(), json.dumps({"token": get_live_code(code, at).token_at(at)}).encode()
        self.phone.number += 1
        headers = {
            "Content-Type": "application/json", "Cookie": f"counter={self.cookie}", "Idempotency-Key": str(key),
            "Counter-Number": str(self.phone.number),
            "Counter-Signature": self.phone.sign(key, self.phone.number, body),
        }  # fmt: skip
        return Row(key, code.voucher_id, headers, body)


def make_sellers(*, shops: int, phones_each: int, vouchers_each: int, at: datetime) -> list[Seller]:
    """Return the phones of some shops; each shop sold so many vouchers of one offer, dealt to its phones."""
    from bacao.redemption.models import Counter
    from bacao.redemption.services import ensure_codes
    from tests import factories
    from tests.redemption.phone import Phone

    sellers = []
    for number in range(shops):
        shop = factories.make_shop(f"店 {number}", f"Shop {number}")
        version = factories.make_offer_version(shop.place, at=at, funders=(("platform", 5000), ("merchant", 5000)))
        vouchers: list[Any] = []
        while len(vouchers) < vouchers_each:
            quantity = min(10, vouchers_each - len(vouchers))
            vouchers += factories.make_vouchers(version, factories.make_user(), quantity=quantity, at=at)
        codes = ensure_codes(vouchers=vouchers, at=at)
        for turn in range(phones_each):
            phone = Phone(shop).enrol()
            Counter.objects.filter(pk=phone.device).update(agreed_at=at)
            sellers.append(Seller(phone, [codes[each.pk] for each in vouchers[turn::phones_each]]))
    return sellers


@contextmanager
def running_web(*, workers: int = 1) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run granian as `bacao up` does, and give its process and port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        *(sys.executable, "-W", "ignore", "-m", "granian", "bacao.wsgi:application", "--interface", "wsgi"),
        *("--http", "1", "--no-ws", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)),
        *("--blocking-threads", "2", "--backpressure", "512", "--respawn-failed-workers", "--log-level", "critical"),
    ]
    web = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 90
        while ask(port, "GET", "/manifest") is None:
            assert time.monotonic() < until, "granian did not start"
            time.sleep(0.2)
        yield web, port
    finally:
        children = psutil.Process(web.pid).children(recursive=True)
        web.terminate()
        try:
            web.wait(20)
        except subprocess.TimeoutExpired:  # its workers were killed under it
            for child in [web, *children]:
                child.kill()
            web.wait(20)


def ask(
    port: int, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, bytes] | None:
    """Return status and bytes of one request, None where no answer came."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        link.request(method, path, body, headers or {})
        answer = link.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        link.close()
