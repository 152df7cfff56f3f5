"""Reads about what did not work: incidents, and how often it fails at a shop (RD44 to RD48, U39)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from bacao.redemption.models import Incident
from bacao.redemption.rules.incidents import FailureRate

SEEN_DAYS = 90


def find_incident(incident_id: UUID) -> Incident | None:
    """Return an incident with shop and voucher."""
    return _incidents().filter(pk=incident_id).first()


def list_incidents_of_merchant(
    merchant_id: int, *, waiting_at: datetime | None = None, limit: int = 100
) -> list[Incident]:
    """Return a merchant's incidents, newest first; with `waiting_at` those that it may still answer then."""
    rows = _incidents().filter(merchant=merchant_id)
    if waiting_at is not None:
        rows = rows.filter(answered_at=None, decided_at=None, answer_by__gt=waiting_at)
    return list(rows.order_by("-opened_at")[:limit])


def list_incidents_of_user(user_id: int, limit: int = 50) -> list[Incident]:
    """Return what somebody reported or was honoured, newest first."""
    return list(_incidents().filter(user=user_id).order_by("-opened_at")[:limit])


def list_due_incidents(at: datetime, limit: int = 500) -> list[UUID]:
    """Return the incidents whose time to be decided is over."""
    rows = Incident.objects.filter(decided_at=None, decide_by__lte=at).order_by("decide_by")
    return list(rows.values_list("pk", flat=True)[:limit])


def list_failure_rates(place_ids: Collection[int], at: datetime) -> dict[int, FailureRate]:
    """Return how often it failed at some places in 90 days (RD48), one statement.

    A failure is an incident that is not the member's doing, or a voucher that met a red screen of a kind that is not
    its own state, and no success within two minutes; both for one voucher count once.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH tried AS (
                SELECT place_id, voucher_id, recorded_at, convert_from(answer, 'UTF8')::jsonb ->> 'outcome' AS outcome
                FROM redemption_attempt
                WHERE place_id = ANY(%(places)s) AND recorded_at > %(since)s AND status IS NOT NULL
            ), red AS (
                SELECT place_id, voucher_id, min(recorded_at) AS first_at FROM tried
                WHERE voucher_id IS NOT NULL AND outcome IN ('old', 'early', 'replayed', 'forged')
                GROUP BY place_id, voucher_id
            ), failed AS (
                SELECT place_id, voucher_id FROM red WHERE NOT EXISTS (
                    SELECT FROM tried WHERE tried.voucher_id = red.voucher_id AND tried.outcome = 'redeemed'
                        AND tried.recorded_at BETWEEN red.first_at AND red.first_at + interval '2 minutes')
                UNION
                SELECT place_id, voucher_id FROM redemption_incident
                WHERE place_id = ANY(%(places)s) AND opened_at > %(since)s AND cause <> 'member'
            )
            SELECT place.id, (SELECT count(*) FROM tried WHERE tried.place_id = place.id),
                (SELECT count(*) FROM failed WHERE failed.place_id = place.id)
            FROM unnest(%(places)s) AS place (id)
            """,
            {"places": list(place_ids), "since": at - timedelta(days=SEEN_DAYS)},
        )
        return {
            place: FailureRate(max(attempts, failures), failures) for place, attempts, failures in cursor.fetchall()
        }


def _incidents() -> "QuerySet[Incident]":
    return Incident.objects.select_related("place", "voucher__order__offer_version", "user")
