"""Practice leaves a dated row and nothing else (RD51)."""

from collections.abc import Sequence
from datetime import datetime

from bacao.redemption.models import Counter, Drill
from bacao.redemption.queries import find_clerk


def drill(*, counter: Counter, clerk_id: int | None, steps: Sequence[str], seconds: int, at: datetime) -> Drill:
    """Write that somebody practised on a device."""
    clerk = find_clerk(clerk_id, counter.merchant_id) if clerk_id else None
    return Drill.objects.create(
        merchant_id=counter.merchant_id, counter=counter, clerk=clerk, steps=list(steps), seconds=seconds, drilled_at=at
    )
