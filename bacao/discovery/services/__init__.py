"""Writes of discovery: everything here is derived and can be written again."""

from bacao.discovery.services.documents import index_note, index_place
from bacao.discovery.services.following import ensure_built, follow_outbox, forget_old_news, rebuild_search
from bacao.discovery.services.standing import refresh_standings, refresh_usual_amounts
from bacao.discovery.services.trials import begin_trials, refresh_posteriors

__all__ = [
    "begin_trials",
    "ensure_built",
    "follow_outbox",
    "forget_old_news",
    "index_note",
    "index_place",
    "rebuild_search",
    "refresh_posteriors",
    "refresh_standings",
    "refresh_usual_amounts",
]
