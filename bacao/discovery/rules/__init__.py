"""What discovery decides from values alone: words, readings, scores."""

from bacao.discovery.rules.score import (
    WEIGHTS,
    WEIGHTS_VERSION,
    Facts,
    Hours,
    Reason,
    explain,
    median_of,
    score_terms,
)
from bacao.discovery.rules.tokens import (
    normalise,
    runs_of,
    syllables_of,
    tokens_of_name,
    tokens_of_query,
    tokens_of_text,
)
from bacao.discovery.rules.understand import Chip, Gazetteer, Known, Understood, understand

__all__ = [
    "WEIGHTS",
    "WEIGHTS_VERSION",
    "Chip",
    "Facts",
    "Gazetteer",
    "Hours",
    "Known",
    "Reason",
    "Understood",
    "explain",
    "median_of",
    "normalise",
    "runs_of",
    "score_terms",
    "syllables_of",
    "tokens_of_name",
    "tokens_of_query",
    "tokens_of_text",
    "understand",
]
