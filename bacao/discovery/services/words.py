"""Cutting Chinese text into words, with the city's own names kept whole (DS16)."""

import logging
from collections.abc import Callable, Iterable
from functools import lru_cache

from django.conf import settings

from bacao.discovery.queries import list_names
from bacao.discovery.rules import runs_of

GAZETTEER_FREQUENCY = 100_000
RUNS_KEPT = 20_000  # addresses and dishes repeat a lot

Cutter = Callable[[str], Iterable[str]]


def get_cutter() -> Cutter:
    """Return a function that cuts a run of characters into words; made again when the city's names change."""
    return _cutter(tuple(list_names()))


@lru_cache(maxsize=1)
def _cutter(names: tuple[str, ...]) -> Cutter:
    """Return jieba's search cut with `names` in its dictionary. Takes most of a second: only indexing needs it."""
    import jieba

    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = str(settings.VAR)  # its cache of the dictionary is not for a folder everybody may write to
    jieba.setLogLevel(logging.WARNING)
    for run in {run for name in names for run in runs_of(name)}:
        tokenizer.add_word(run, GAZETTEER_FREQUENCY)

    @lru_cache(maxsize=RUNS_KEPT)
    def cut(run: str) -> tuple[str, ...]:
        return tuple(tokenizer.cut_for_search(run))

    return cut
