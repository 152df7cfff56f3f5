"""Callbacks on their way, outside of any web request."""

from django.utils import timezone
from procrastinate.contrib.django import app

from bacao.sandbox import services


@app.task(name="sandbox.deliver_notice")
def deliver_notice(notice_id: str) -> None:
    """Call a merchant back."""
    services.deliver_notice(notice_id=notice_id, at=timezone.now())
