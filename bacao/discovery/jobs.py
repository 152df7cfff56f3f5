"""Background shells of discovery."""

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from bacao.discovery.services import (
    follow_outbox,
    forget_old_news,
    refresh_posteriors,
    refresh_standings,
    refresh_usual_amounts,
)


@app.periodic(cron="* * * * * */5")
@app.task(queueing_lock="discovery.follow_outbox")
def follow_news(timestamp: int) -> None:
    """Keep search and standings in step with what changed."""
    follow_outbox(at=datetime.now(UTC))


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="discovery.refresh_posteriors")
def learn(timestamp: int) -> None:
    """Let new places draw from what was seen of them since, and let trials end."""
    refresh_posteriors(at=datetime.now(UTC))


@app.periodic(cron="41 3 * * *")
@app.task(queueing_lock="discovery.refresh_standings")
def refresh_nightly(timestamp: int) -> None:
    """Count standings again, for arrivals grow older than 30 days without any news of it; forget old news."""
    refresh_standings(at=datetime.now(UTC))
    refresh_usual_amounts()
    forget_old_news(at=datetime.now(UTC))
