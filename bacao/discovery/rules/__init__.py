"""What discovery decides from values alone: words, readings, scores."""

from bacao.discovery.rules.figures import BASKET, BILL, USUAL, Figures
from bacao.discovery.rules.match import READING, TEXT, Wanted, fuzzy_points, name_points, prepare, sound_of
from bacao.discovery.rules.score import (
    VALUE_POINTS_MAX,
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
from bacao.discovery.rules.understand import AREA_KINDS, Chip, Gazetteer, Known, Understood, understand
from bacao.discovery.rules.words import CATEGORY_WORDS

__all__ = [
    "AREA_KINDS",
    "BASKET",
    "BILL",
    "CATEGORY_WORDS",
    "READING",
    "TEXT",
    "USUAL",
    "VALUE_POINTS_MAX",
    "WEIGHTS",
    "WEIGHTS_VERSION",
    "Chip",
    "Facts",
    "Figures",
    "Gazetteer",
    "Hours",
    "Known",
    "Reason",
    "Understood",
    "Wanted",
    "explain",
    "fuzzy_points",
    "median_of",
    "name_points",
    "normalise",
    "prepare",
    "runs_of",
    "score_terms",
    "sound_of",
    "syllables_of",
    "tokens_of_name",
    "tokens_of_query",
    "tokens_of_text",
    "understand",
]
