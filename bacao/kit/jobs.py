"""Housekeeping: of the jobs themselves, and of token buckets."""

from datetime import timedelta

from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from bacao.kit import services

FAILED_JOBS_KEPT_HOURS = 30 * 24
IDLE_BUCKETS_KEPT_DAYS = 7  # long after the slowest of them is full again


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="retry_stalled_jobs", pass_context=True)
async def retry_stalled_jobs(context: JobContext, timestamp: int) -> None:
    """Hand the jobs of a worker that died to another: every job may run twice and must not mind."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        try:
            await manager.retry_job(job)
        except UniqueViolation:  # the same job was asked for again meanwhile: that one does the work
            await manager.finish_job(job, status=Status.FAILED, delete_job=True)


@app.periodic(cron="17 4 * * *")
@app.task(queueing_lock="forget_old_jobs", pass_context=True)
async def forget_old_jobs(context: JobContext, timestamp: int) -> None:
    """Drop what is left of jobs that ended long ago; successful ones are dropped at once."""
    await context.app.job_manager.delete_old_jobs(
        nb_hours=FAILED_JOBS_KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


@app.periodic(cron="47 4 * * *")
@app.task(queueing_lock="forget_idle_buckets", pass_context=False)
def forget_idle_buckets(timestamp: int) -> None:
    """Forget who knocked long ago: the keys of token buckets name people and addresses."""
    services.delete_idle_buckets(before=timezone.now() - timedelta(days=IDLE_BUCKETS_KEPT_DAYS))
