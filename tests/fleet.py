"""A site of its own with many shops, phones and vouchers, for benches and for what is killed under load.

`prepare_environment` comes before anything of the house is imported: it decides where the house stands.
"""

import atexit
import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from bacao.cli.processes import Child, Kept

LOOK_SECONDS = 0.2
ROOT = Path(__file__).resolve().parent.parent


def prepare_environment(folder: Path) -> None:
    """Point this process and what it starts to a database and a folder of their own, which goes with the process."""
    folder.chmod(0o755)  # as root, PostgreSQL runs as a user of its own
    (folder / "static" / "dev").mkdir(parents=True)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ |= {
        "BACAO_VAR": str(folder), "BACAO_SECRET_KEY": "a fleet signs with this", "BACAO_DEMO": "0",
        "DATABASE_URL": f"postgresql://postgres@/bacao?host={folder}/postgres", "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "bacao.settings", "BACAO_LOG_LEVEL": "CRITICAL",
    }  # fmt: skip


@contextmanager
def migrated_postgres(folder: Path) -> "Iterator[Child]":
    """Run a PostgreSQL of its own in `folder`, its database with all tables and nobody in it, and set Django up.

    Migrating takes long and always ends the same, so what it ends with is kept until the migrations change.
    """
    import django

    from bacao.cli.postgres import running

    django.setup()
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    kept = ROOT / "var" / "fleet" / _digest_of_migrations()
    if not kept.exists():
        _keep_migrated(folder, kept)
    subprocess.run(["cp", "-a", kept, folder / "postgres"], check=True)
    with running(folder / "postgres") as server:
        assert server is not None, "nobody else runs one there"
        yield server


def _digest_of_migrations() -> str:
    files = sorted(ROOT.glob("bacao/*/migrations/*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _keep_migrated(folder: Path, kept: Path) -> None:
    """Migrate a cluster in `folder`, and move it to `kept`."""
    from django.core.management import call_command
    from django.db import connection

    from bacao.cli.postgres import ensure_database, running

    with running(folder / "postgres", careless=True):
        ensure_database(folder / "postgres", "bacao")
        call_command("migrate", verbosity=0)
        connection.close()
    shutil.rmtree(kept.parent, ignore_errors=True)  # of earlier migrations
    kept.parent.mkdir(parents=True)
    subprocess.run(["mv", folder / "postgres", kept], check=True)  # keeps owners, from one disk to another too


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


def make_sellers(*, shops: int, phones_each: int, vouchers_each: int, at: datetime, told: bool = False) -> list[Seller]:
    """Return the phones of some shops; each shop sold so many vouchers of one offer, dealt to its phones.

    `told` = the ends of the vouchers' chains are kept, as they are wherever a phone was told of them.
    """
    from bacao.kit.models import RateBucket
    from bacao.redemption.models import Counter
    from tests import factories
    from tests.redemption.phone import Phone

    sellers = []
    for number in range(shops):
        shop = factories.make_shop(f"店 {number}", f"Shop {number}")
        codes = sell_codes(shop, vouchers_each, at=at, told=told)
        for turn in range(phones_each):
            RateBucket.objects.all().delete()  # a place lets few phones ask at a time
            phone = Phone(shop).enrol()
            Counter.objects.filter(pk=phone.device).update(agreed_at=at)
            sellers.append(Seller(phone, codes[turn::phones_each]))
    return sellers


def sell_codes(shop: Any, number: int, *, at: datetime, told: bool = False) -> list[Any]:
    """Return the codes of so many vouchers of one new offer of a shop."""
    from bacao.redemption.models import VoucherCode
    from bacao.redemption.queries import keep_days
    from bacao.redemption.services import ensure_codes
    from tests import factories

    version = factories.make_offer_version(shop.place, at=at, funders=(("platform", 5000), ("merchant", 5000)))
    vouchers: list[Any] = []
    while len(vouchers) < number:
        quantity = min(10, number - len(vouchers))
        vouchers += factories.make_vouchers(version, factories.make_user(), quantity=quantity, at=at)
    codes = ensure_codes(vouchers=vouchers, at=at)
    if told:
        VoucherCode.objects.bulk_update(keep_days(codes.values(), at), ["anchor_day", "anchors"])
    return [codes[each.pk] for each in vouchers]


@contextmanager
def running_web(folder: Path, *, workers: int = 1) -> "Iterator[tuple[Kept, int]]":
    """Run granian as `bacao up` does, started again when it ends, and give it and its port."""
    from bacao.cli.processes import Kept, start
    from bacao.cli.up import serving

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [*serving("127.0.0.1", port, workers=workers), "--log-level", "critical", "--no-access-log"]
    over = threading.Event()

    def keep(web: Kept) -> None:
        while not over.wait(LOOK_SECONDS):
            web.look()

    # In a group of its own, all of which ends: a worker that outlives its server keeps the caller's pipes open.
    with Kept(lambda: start("web", command, log=folder / "log" / "web.log")) as web:
        keeper = threading.Thread(target=keep, args=(web,))
        keeper.start()
        try:
            until = time.monotonic() + 90
            while ask(port, "GET", "/manifest") is None:
                assert time.monotonic() < until, "granian did not start"
                time.sleep(0.2)
            yield web, port
        finally:
            over.set()
            keeper.join()


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
