"""How far this chapter has read the news."""

from datetime import datetime

from bacao.discovery.models import OutboxMark
from bacao.kit.queries import get_news_lag_seconds


def get_outbox_lag_seconds(at: datetime) -> float:
    """Return the age of the oldest news that some reader of this chapter has not read; 0 if all is read."""
    marks = list(OutboxMark.objects.all()) or [OutboxMark()]
    return max(get_news_lag_seconds(since_tx=mark.tx, seen=mark.seen, at=at) for mark in marks)
