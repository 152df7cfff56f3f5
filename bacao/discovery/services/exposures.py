"""The exposure log: a served list costs its request one append; a thread copies what gathers (DS10, insight.md, 5).

The queue is bounded. Where it is full the list is served all the same and counted as lost, so nobody ever waits for
the log, and everybody can see how much of it is missing.
"""

import atexit
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError, close_old_connections, connection, transaction

from bacao.discovery.models import Draw, Exposure
from bacao.discovery.rules import WEIGHTS_VERSION
from bacao.discovery.rules.exploration import Lot
from bacao.discovery.rules.exposure import (
    CERTAIN,
    POLICY_VERSION,
    TRIED,
    Slate,
    examine_probability,
    propensities,
    slate_hash,
    unit_of,
)
from bacao.discovery.services.trials import count_examined

QUEUE_MAX = 10_000  # lists
BATCH_MAX = 500
WRITE_SECONDS = 1.0
CONSENT = "personal_ranking"
NOBODY = 0
COLUMNS = (
    "request_id", "slot", "surface", "served_at", "unit_id", "shop_id", "offer_group", "epoch", "arm", "bucket",
    "holdout_basis_points", "is_ghost", "examine_probability", "policy_version", "propensity", "slate_hash",
    "eligibility", "consent_scope", "weights_version", "index_base", "index_delta",
)  # fmt: skip
log = structlog.get_logger("bacao.discovery")


class ExposureQueue:
    """Lists that were served and are not written yet. `lost` = how many found no room."""

    def __init__(self, most: int = QUEUE_MAX) -> None:
        self.most = most
        self.lost = 0
        self._slates: deque[Slate] = deque()

    def put(self, slate: Slate) -> bool:
        """Keep a list for the next batch; False where there is no room. Never waits."""
        if len(self._slates) >= self.most:
            self.lost += 1
            return False
        self._slates.append(slate)
        return True

    def write(self) -> int:
        """Copy what gathered into the table, oldest first; return how many lists. What fails to be written stays.

        :raises DatabaseError: the database does not take it now
        """
        written = 0
        while self._slates:
            batch = [self._slates[i] for i in range(min(BATCH_MAX, len(self._slates)))]
            try:
                _copy(batch)
            except IntegrityError:  # it was committed although the answer never came; whoever reads it twice is lost
                log.warning("exposures twice", lists=len(batch))
            for _ in batch:
                self._slates.popleft()
            written += len(batch)
        return written

    def __len__(self) -> int:
        return len(self._slates)


exposures = ExposureQueue()


def log_exposure(*, slate: Slate) -> bool:
    """Log a served list, soon; False where the queue is full."""
    return exposures.put(slate)


def count_shown(*, surface: str, served_ms: int, shop_ids: Sequence[int]) -> bool:
    """Count what was shown to somebody of whom nothing is kept: for what new places were promised, and no row of it."""
    return exposures.put(Slate(uuid4(), NOBODY, surface, served_ms, shop_ids, (0, 0)))


def pseudonym_of(*, user_id: int) -> int:
    """Return the pseudonym under which a person's exposures are kept."""
    return unit_of(user_id, secret=settings.SECRET_KEY)


def write_exposures(*, until: Event | None = None) -> Thread:
    """Start the thread that writes the queue once a second, and at the end of the process; a web server calls it."""
    thread = Thread(target=_follow, args=(until or Event(),), name="exposures", daemon=True)
    thread.start()
    atexit.register(_write_quietly)
    return thread


def _follow(until: Event) -> None:
    while not until.wait(WRITE_SECONDS):
        if exposures:
            close_old_connections()
            _write_quietly()


def _write_quietly() -> None:
    try:
        exposures.write()
    except DatabaseError as problem:
        log.warning("exposures wait", lists=len(exposures), problem=type(problem).__name__)


def _copy(slates: list[Slate]) -> None:
    statement = f"COPY {Exposure._meta.db_table} ({', '.join(COLUMNS)}) FROM STDIN"
    with transaction.atomic(), connection.cursor() as cursor, connection.wrap_database_errors:
        with cursor.cursor.copy(statement) as rows:
            for row in (row for slate in slates if slate.unit_id for row in _rows(slate)):
                rows.write_row(row)
        Draw.objects.bulk_create(_draw(slate, slate.lot) for slate in slates if slate.unit_id and slate.lot)
        count_examined(_examined(slates))


def _draw(slate: Slate, lot: Lot) -> Draw:
    served_at = datetime.fromtimestamp(slate.served_ms / 1000, UTC)
    return Draw(slate.request_id, served_at, lot.posterior, lot.seed, lot.shop_ids.tolist(), lot.base.tolist())


def _examined(slates: Iterable[Slate]) -> dict[int, float]:
    """Return how often each place was looked at, by how likely its slots are."""
    times: dict[int, float] = {}
    for slate in slates:
        for slot, shop_id in enumerate(slate.shop_ids):
            times[shop_id] = times.get(shop_id, 0.0) + examine_probability(slot)
    return times


def _rows(slate: Slate) -> Iterator[tuple[Any, ...]]:
    served_at, whole = datetime.fromtimestamp(slate.served_ms / 1000, UTC), slate_hash(slate.shop_ids)
    drawn = propensities(slate)
    for slot, shop_id in enumerate(slate.shop_ids):
        yield (
            slate.request_id, slot, slate.surface, served_at, slate.unit_id, shop_id, "", 0, Exposure.Arm.NONE.value, 0,
            0, False, examine_probability(slot), POLICY_VERSION, drawn.get(shop_id, CERTAIN), whole,
            TRIED if shop_id in drawn else "", CONSENT, WEIGHTS_VERSION,
            *slate.number,
        )  # fmt: skip
