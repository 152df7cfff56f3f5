"""`bacao index`: keeps the index of what is here and now in step with the database, until it is stopped."""

import argparse
import time

from bacao.cli.say import say
from bacao.kit.text import Text

LOOK_SECONDS = 0.5
WAIT_SECONDS = 1.0
CHECK_SECONDS = 60.0


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `bacao index`."""
    parser = subparsers.add_parser("index", help="keep the here-and-now index in step with the database")
    parser.add_argument("--once", action="store_true", help="bring it up to date and end")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Publish the index and follow the news twice a second. Whatever goes wrong ends it: `bacao up` starts it again.

    One builder a city: a second one waits until the first is gone.
    """
    import django

    django.setup()
    from bacao.discovery.services.builder import LOCK
    from bacao.kit.bulk import sole_holder

    while True:
        with sole_holder(LOCK) as held:
            if held:
                return _build(once=arguments.once)
        time.sleep(WAIT_SECONDS)


def _build(*, once: bool) -> int:
    import structlog
    from django.utils import timezone

    from bacao.discovery.index.reader import Reader
    from bacao.discovery.queries.live import get_index_folder
    from bacao.discovery.services.builder import Builder
    from bacao.discovery.services.checking import check_prices

    log = structlog.get_logger("bacao.discovery")
    began, builder, reader = time.monotonic(), Builder(get_index_folder()), Reader(get_index_folder())
    builder.open(at=timezone.now())
    seconds = time.monotonic() - began
    say(
        Text(
            f"索引: {builder.places} 家店, {seconds:.1f} 秒",
            f"index: {builder.places} places in {seconds:.1f} s",
        )
    )
    checked = time.monotonic()
    while not once:
        time.sleep(LOOK_SECONDS)
        builder.tick(at=timezone.now())
        if time.monotonic() - checked >= CHECK_SECONDS:
            checked = time.monotonic()
            try:
                check_prices(builder, reader, at=timezone.now())
            except Exception:  # the index goes on without being checked
                log.exception("price check")
    return 0
