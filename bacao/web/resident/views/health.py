"""`/health`: is the site able to serve, for load balancers, `bacao up` and whoever is woken at night."""

from django.db import Error
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

import bacao
from bacao.discovery.queries.live import get_index_age_seconds
from bacao.discovery.queries.outbox import get_outbox_lag_seconds
from bacao.kit.queries import count_workers, get_job_lag_seconds

LAG_SECONDS_MAX = 300  # older than that, the worker is stuck or gone


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """Return what is well and what is not: 200 if all is, else 503. Without its index the site still serves."""
    at = timezone.now()
    report: dict[str, object] = {"version": bacao.__version__, "index_age_seconds": get_index_age_seconds(at)}
    try:
        lags = {
            "worker_lag_seconds": get_job_lag_seconds(at),
            "outbox_lag_seconds": get_outbox_lag_seconds(at),
        }
        report |= {"database": "ok", "workers": count_workers(at), **lags}
        well = max(lags.values()) <= LAG_SECONDS_MAX
    except Error as problem:
        report |= {"database": type(problem).__name__}
        well = False
    report["status"] = "ok" if well else "failing"
    return JsonResponse(report, status=200 if well else 503)
