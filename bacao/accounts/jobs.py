"""Nightly housekeeping of sign-in."""

from datetime import UTC, datetime, timedelta

from django.core.management import call_command
from procrastinate.contrib.django import app

from bacao.accounts.services import delete_old_codes


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="accounts.forget", pass_context=False)
def forget_old_codes(timestamp: int) -> None:
    """Forget sign-in codes a day after they expired, and sessions that ended."""
    delete_old_codes(before=datetime.fromtimestamp(timestamp, UTC) - timedelta(days=1))
    call_command("clearsessions")
