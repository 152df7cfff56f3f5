"""Words for searching: what a name, a text and a query are cut into (discovery.md, DS16).

Bigrams find, words rank. A token's first letters say what it is:

| token | of | example |
|---|---|---|
| bare | characters, pairs of characters, words, English words | `武`, `武康`, `买手店`, `coffee` |
| `p:` | pinyin of two neighbours | `p:wukang` |
| `i:` | initials of two neighbours | `i:wk` |
| `t:` | three letters of an English word | `t:cof` |
| `c:` `d:` `s:` `x:` `n:` | category, district, street, grid cell, number of a place | `c:cafe` |
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
RUN = re.compile(f"[{HAN}]+|[a-z0-9]+")
WORD_CHARACTERS_MAX = 6
SYLLABLE_LETTERS_MAX = 6
INITIALS_MAX = 8
TOKEN_BYTES_MAX = 60

Cutter = Callable[[str], Iterable[str]]


def normalise(text: str) -> str:
    """Return `text` in lower case, full width narrowed, accents dropped, white space single.

    >>> normalise("ＬＵＬＩ　Café")
    'luli cafe'
    """
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).casefold()
    return " ".join("".join(part for part in parts if not unicodedata.combining(part)).replace("'", "").split())


def runs_of(text: str) -> list[str]:
    """Return the runs of Chinese characters and of letters or figures, in order, normalised."""
    return RUN.findall(normalise(text))


def is_han(run: str) -> bool:
    """Return whether a run from `runs_of` is Chinese."""
    return run[0] >= "\u3400"


def pairs(parts: Iterable[str]) -> Iterator[str]:
    """Yield neighbours joined: a b c -> ab, bc."""
    return (first + second for first, second in pairwise(parts))


def syllables_of(han: str) -> list[str]:
    """Return the pinyin of a Chinese run, one toneless syllable a character: 武林路 -> wu lin lu."""
    from pypinyin import lazy_pinyin  # half a second of dictionaries: only who needs it loads it

    return [syllable.replace("ü", "v") for syllable in lazy_pinyin(han)]


@lru_cache(maxsize=1)
def known_syllables() -> frozenset[str]:
    """Return the syllables of the 3,755 most common characters (the first level of GB 2312)."""
    common = bytes(byte for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF) for byte in (row, cell))
    return frozenset(syllables_of(common.decode("gb2312", errors="ignore"))) | {"lv", "nv"}


def split_pinyin(letters: str, *, limit: int = 4) -> list[list[str]]:
    """Return at most `limit` ways to read letters as pinyin: xian -> [xian], [xi, an]; fewest syllables first."""
    known = known_syllables()
    ways: list[list[list[str]]] = [[[]]]
    for end in range(1, len(letters) + 1):
        found = [
            [*way, letters[start:end]]
            for start in range(max(0, end - SYLLABLE_LETTERS_MAX), end)
            if letters[start:end] in known
            for way in ways[start]
        ]
        ways.append(sorted(found, key=len)[:limit])
    return ways[-1] if letters else []


def _pinyin_tokens(syllables: list[str]) -> set[str]:
    """Return the pairs of syllables and of their initials."""
    sounds = {f"p:{pair}" for pair in pairs(syllables)}
    return sounds | {f"i:{pair}" for pair in pairs(syllable[0] for syllable in syllables)}


def _letters_tokens(word: str) -> set[str]:
    """Return three-letter pieces of an English word, with its beginning marked."""
    marked = f"_{word}"
    return {f"t:{marked[at : at + 3]}" for at in range(len(marked) - 2)}


def _keep(tokens: Iterable[str]) -> set[str]:
    return {token for token in tokens if token and len(token.encode()) <= TOKEN_BYTES_MAX}


def tokens_of_name(*names: str, cut: Cutter | None = None) -> set[str]:
    """Return every token by which a name may be asked for, all its languages together."""
    tokens: set[str] = set()
    for run in (run for name in names for run in runs_of(name)):
        if is_han(run):
            tokens |= {*run, *pairs(run), *_pinyin_tokens(syllables_of(run)), *(cut(run) if cut else ())}
        else:
            tokens |= {run, *_letters_tokens(run)}
    return _keep(tokens)


def tokens_of_text(text: str, *, cut: Cutter | None = None) -> set[str]:
    """Return the tokens of running text: words and pairs only, so that a note does not match by sound."""
    tokens: set[str] = set()
    for run in runs_of(text):
        tokens |= {*pairs(run), *(cut(run) if cut else ())} if is_han(run) else {run}
    return _keep(tokens)


def tokens_of_query(text: str) -> tuple[list[str], list[str]]:
    """Return what a query asks for: (tokens each of which should be there, tokens that forgive typing errors).

    A word that ends in `*` matches by its beginning. The first list is one for "all of these", the second for "as
    many as possible".
    """
    strict: list[str] = []
    loose: list[str] = []
    for run in runs_of(text):
        if is_han(run):
            strict += pairs(run) if len(run) > 1 else [run]
            loose += [*run, *(f"p:{pair}" for pair in pairs(syllables_of(run)))]
            loose += [run] if 2 < len(run) <= WORD_CHARACTERS_MAX else []
        else:
            strict.append(f"{run}*")
            loose += sorted(_letters_tokens(run)) if len(run) > 2 else []
    return list(dict.fromkeys(strict)), [*dict.fromkeys([*loose, *_sounds_of_query(text)])]


def _sounds_of_query(text: str) -> list[str]:
    """Return the tokens of a query typed in letters, read as pinyin or as initials: "wulin lu", "wll"."""
    letters = [run for run in runs_of(text) if run.isascii() and run.isalpha()]
    tokens: list[str] = []
    joined = "".join(letters)
    for way in split_pinyin(joined):
        tokens += [f"p:{pair}" for pair in pairs(way)]
    for word in letters:
        if 2 <= len(word) <= INITIALS_MAX and not tokens:
            tokens += [f"i:{pair}" for pair in pairs(word)]
    return tokens
