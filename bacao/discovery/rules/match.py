"""How well a name answers a query, in points that outweigh the rest of a score (discovery.md, section 12)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from bacao.discovery.rules.tokens import is_han, normalise, runs_of, split_pinyin, syllables_of

EXACT = 12_000
PREFIX = 9_000
CONTAINS = 8_000
WORDS = 7_000
READING = 6_000  # all of it was understood: the right kind of place in the right part of town
SOUND_EXACT = 7_500
SOUND = 5_500
TEXT = 5_000  # not in its name, but in what is written about it, or on its menu
INITIALS = 4_500
FUZZY_MAX = 4_000
FUZZY_FROM = 66
FUZZY_LETTERS_FROM = 74
FUZZY_CHARACTERS_MIN = 3
JOINED_LETTERS_MIN = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query prepared once for many names: its words, and how it sounds."""

    text: str
    runs: tuple[str, ...]
    sounds: tuple[str, ...]
    is_letters: bool


@lru_cache(maxsize=256)
def prepare(query: str) -> Wanted:
    """Return a query ready for `name_points`."""
    runs = tuple(runs_of(query))
    letters = all(not is_han(run) for run in runs)
    if letters:
        joined = "".join(run for run in runs if run.isalpha())
        sounds = tuple("".join(way) for way in split_pinyin(joined)[:1])
    else:
        sounds = ("".join("".join(syllables_of(run)) if is_han(run) else run for run in runs),)
    return Wanted("".join(runs), runs, sounds, letters)


def sound_of(names: Iterable[str]) -> str:
    """Return the pinyin of the Chinese names, syllables apart by spaces, names by a bar: `lao ji shi|wu lin lu`."""
    spoken = (" ".join(" ".join(syllables_of(run)) if is_han(run) else run for run in runs_of(name)) for name in names)
    return "|".join(dict.fromkeys(sound for sound in spoken if sound))


def name_points(wanted: Wanted, names: Iterable[str], sound: str) -> int:
    """Return the points of the best of a place's names, 0 where none answers. `sound` comes from `sound_of`."""
    if not wanted.text:
        return 0
    return max((_points(wanted, name) for name in names if name), default=0) or _sound_points(wanted, sound)


def _points(wanted: Wanted, name: str) -> int:
    joined = "".join(runs_of(name))
    if joined == wanted.text:
        return EXACT
    words = normalise(name).split()
    if wanted.is_letters:
        if len(words) >= len(wanted.runs) and all(map(str.startswith, words, wanted.runs)):
            return PREFIX
        if len(wanted.text) >= JOINED_LETTERS_MIN and joined.startswith(wanted.text):
            return PREFIX  # typed without its spaces
        if all(any(word.startswith(run) for word in words) for run in wanted.runs):
            return WORDS
        return 0
    if joined.startswith(wanted.text):
        return PREFIX
    if wanted.text in joined:
        return CONTAINS
    return WORDS if all(run in joined for run in wanted.runs) else 0


def _sound_points(wanted: Wanted, sound: str) -> int:
    """Return the points for sounding alike, for the right initials, or for nearly the same letters."""
    for spoken in sound.split("|"):
        syllables = spoken.split()
        joined = "".join(syllables)
        if wanted.sounds and joined == wanted.sounds[0]:
            return SOUND_EXACT
        if wanted.sounds and len(wanted.sounds[0]) > 2 and _begins_a_syllable(wanted.sounds[0], syllables):
            return SOUND
        initials = "".join(syllable[0] for syllable in syllables)
        if wanted.is_letters and len(wanted.runs) == 1 and len(wanted.text) > 1 and wanted.text in initials:
            return INITIALS
    return 0


def _begins_a_syllable(wanted: str, syllables: list[str]) -> bool:
    """Return whether what is wanted can be heard in a row of syllables, from the beginning of one of them."""
    return any("".join(syllables[at:]).startswith(wanted) for at in range(len(syllables)))


def fuzzy_points(wanted: Wanted, names: Iterable[str], sound: str) -> int:
    """Return up to 4,000 points for a name that differs by a slip of the finger, 0 where it is another name."""
    best = 0.0
    for name in names:
        if wanted.is_letters:
            joined = fuzz.ratio(wanted.text, "".join(runs_of(name)), score_cutoff=FUZZY_LETTERS_FROM)
            best = max(best, joined, _letters_likeness(wanted.runs, normalise(name).split()))
        elif len(wanted.text) >= FUZZY_CHARACTERS_MIN:
            best = max(best, fuzz.partial_ratio(wanted.text, "".join(runs_of(name)), score_cutoff=FUZZY_FROM))
    if wanted.sounds and len(wanted.sounds[0]) > 4:
        heard = "".join(sound.replace("|", " ").split())
        best = max(best, fuzz.partial_ratio(wanted.sounds[0], heard, score_cutoff=90) - 5)
    return round(best * FUZZY_MAX / 100) if best > 0 else 0


def _letters_likeness(runs: tuple[str, ...], words: list[str]) -> float:
    """Return the mean over the query's words of the likeness to the nearest word of a name, 0 below the threshold."""
    if not runs or not words:
        return 0.0
    best = [max(fuzz.ratio(run, word) for word in words) for run in runs]
    return sum(best) / len(best) if min(best) >= FUZZY_LETTERS_FROM else 0.0
