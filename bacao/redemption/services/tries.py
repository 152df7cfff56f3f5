"""Wrong codes are counted, so that twelve digits cannot be guessed (RD14)."""

from datetime import datetime

from bacao.kit.queries import list_tokens
from bacao.kit.services import take_token
from bacao.kit.text import Refused
from bacao.redemption.rules import sentences


class TooManyTries(Refused):
    """Too many wrong codes at this counter; scanning still works."""

    code = "too_many_tries"
    text = sentences.TOO_MANY_TRIES
    status = 429
    retry_after = 60


class TooFast(Refused):
    """More requests than anybody presses; the row stays and goes out again after `retry_after` seconds."""

    code = "too_fast"
    text = sentences.TOO_FAST
    status = 429

    def __init__(self, retry_after: int = 5) -> None:
        self.retry_after = retry_after
        super().__init__()


def check_tries(*, merchant_id: int, device: str, at: datetime) -> None:
    """Accept a typed code to be looked at. :raises TooManyTries: the counter or the merchant guessed too often"""
    if min(list_tokens(_buckets(merchant_id, device), at).values()) < 1:
        raise TooManyTries


def count_wrong_try(*, merchant_id: int, device: str, at: datetime) -> None:
    """Count a wrong code in transactions of its own: no rollback erases it."""
    for key, (capacity, refill) in _buckets(merchant_id, device).items():
        take_token(key=key, capacity=capacity, refill_per_second=refill, at=at)


def _buckets(merchant_id: int, device: str) -> dict[str, tuple[float, float]]:
    """Return (capacity, refill per second) by key: 5 a minute and 20 an hour a device, 100 an hour a merchant."""
    return {
        f"wrong-code:minute:{merchant_id}:{device}": (5, 5 / 60),
        f"wrong-code:hour:{merchant_id}:{device}": (20, 20 / 3600),
        f"wrong-code:merchant:{merchant_id}": (100, 100 / 3600),
    }
