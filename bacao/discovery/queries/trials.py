"""What is believed of new places: the posteriors that lots are drawn from (insight.md, section 12)."""

from django.db.models import Max

from bacao.discovery.models import Posterior


def list_posteriors(version: int | None = None) -> dict[int, tuple[int, int, bool]]:
    """Return (arrivals, hundredths examined, owed) by place id, as of a version or the last: a place's latest row."""
    rows = Posterior.objects.all() if version is None else Posterior.objects.filter(version__lte=version)
    latest = rows.order_by("place_id", "-version").distinct("place_id")
    return {
        place_id: (arrivals, examined, owed)
        for place_id, arrivals, examined, owed in latest.values_list(
            "place_id", "arrivals", "examined_hundredths", "owed"
        )
    }


def get_posterior_version() -> int:
    """Return the version of the newest posterior, 0 where there is none."""
    return Posterior.objects.aggregate(last=Max("version"))["last"] or 0
