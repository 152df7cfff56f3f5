"""How far this chapter has read the news."""

from datetime import datetime

from django.db.models import Min

from bacao.discovery.models import OutboxMark
from bacao.kit.queries import get_news_lag_seconds


def get_outbox_lag_seconds(at: datetime) -> float:
    """Return the age of the oldest news that some reader of this chapter has not read; 0 if all is read."""
    return get_news_lag_seconds(since_tx=OutboxMark.objects.aggregate(first=Min("tx"))["first"] or 0, at=at)
