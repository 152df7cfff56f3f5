"""What a query means: places of the city, kinds of shop, a price, a party (discovery.md, DS16).

The longest known name wins; what is left over is searched as words. Each thing understood is a chip, and knows the
query without itself, so that it can be taken back.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from bacao.discovery.rules.tokens import is_han, normalise, runs_of, syllables_of
from bacao.kit.text import Text

AREA_KINDS = ("district", "street", "station")

PRICE_PATTERNS = (
    re.compile(
        r"(?:人均|每人|预算)?\s*(?:不超过|不到|低于|少于|<=?)\s*[¥$]?\s*(?P<amount>\d{1,5})\s*(?:元|块钱?|rmb)?"
    ),
    re.compile(r"(?:人均|每人|预算)?\s*[¥$]?\s*(?P<amount>\d{1,5})\s*(?:元|块钱?|rmb)?\s*(?:以下|以内|之内|内)"),
    re.compile(
        r"\b(?:under|below|less than|up to|max|within)\s*(?:rmb|cny|¥|\$)?\s*(?P<amount>\d{1,5})(?:\s*(?:rmb|yuan))?\b"
    ),
)
PARTY_PATTERNS = (
    re.compile(r"(?P<party>\d{1,2}|[一两二三四五六七八九十])\s*(?:个人|人)(?!均)(?:用餐|吃|聚餐|餐)?"),
    re.compile(r"\bfor (?P<party>\d{1,2}|one|two|three|four|five|six|eight|ten)(?: people| persons)?\b"),
    re.compile(r"\b(?:party|table) of (?P<party>\d{1,2})\b"),
)
OPEN_PATTERN = re.compile(r"(?:正在|还在|现在)(?:营业|开门|开着)的?|营业中|还开着的?|\bopen now\b")
NUMBERS = {
    **{sign: number for number, sign in enumerate("一二三四五六七八九十", 1)}, "两": 2,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10,
}  # fmt: skip
FILLERS = re.compile(
    r"附近有?的?|周边的?|这里|哪里有?|有什么|有没有|推荐|好吃的?|好玩的?|的$|^的|[,，。.!！?？;；、]"
    r"|\b(?:near|nearby|around|in|at|on|the|a|an|best|good|some|me|here|places?|shops?)\b"
)
SUFFIXES = ("商圈", "街区", "地铁站", "店", "馆", "厅", "铺", "屋")
PARTICLES = "的在里边内外有吃喝玩买去找和或店馆街路站附近"
WORDS_JOINED_MAX = 5


class Known(NamedTuple):
    """A name of the city: a district, street, station or category, with every word people have for it."""

    kind: str
    code: str
    label: Text
    words: tuple[str, ...]
    latitude: float | None = None
    longitude: float | None = None
    parent: str = ""


class Chip(NamedTuple):
    """One thing understood; `without` is the query with it taken out."""

    kind: str
    code: str
    label: Text
    without: str


@dataclass(frozen=True, slots=True)
class Understood:
    """A query read: filters, and `rest`, the words left to search for."""

    rest: str
    chips: tuple[Chip, ...] = ()
    area: Known | None = None
    category: Known | None = None
    price_minor: int | None = None
    party: int | None = None
    open_now: bool = False


@dataclass(slots=True)
class Gazetteer:
    """The city's names, filed for the longest match."""

    known: list[Known]
    by_word: dict[str, Known] = field(init=False)
    by_sound: dict[str, Known] = field(init=False)
    longest: int = field(init=False)

    def __post_init__(self) -> None:
        self.by_word, self.by_sound = {}, {}
        for entry in self.known:
            for word in spellings(entry.words):
                self.by_word.setdefault(word, entry)
            for word in entry.words:
                for run in (run for run in runs_of(word) if is_han(run) and len(run) > 1):
                    self.by_sound.setdefault("".join(syllables_of(run)), entry)
        self.longest = max(map(len, self.by_word), default=0)

    def find(self, word: str) -> Known | None:
        """Return what is called `word` (normalised), by spelling, or by sound if it is written in letters."""
        joined = word.replace(" ", "")
        return self.by_word.get(word) or (self.by_sound.get(joined) if joined.isascii() and len(joined) > 3 else None)

    def suggest(self, text: str) -> list[Known]:
        """Return the names that contain `text`, or sound as if they began with it; those that begin with it first."""
        wanted = normalise(text)
        sound = wanted.replace(" ", "")
        found = [
            (not word.startswith(wanted), len(word), position, entry)
            for position, entry in enumerate(self.known)
            for word in map(normalise, entry.words)
            if wanted in word
        ]
        if wanted.isascii():
            found += [
                (True, len(spoken), 0, entry) for spoken, entry in self.by_sound.items() if spoken.startswith(sound)
            ]
        ranked = sorted(found, key=lambda match: match[:3])
        return list({(entry.kind, entry.code): entry for *_, entry in ranked}.values()) if wanted else []


def spellings(words: Iterable[str]) -> set[str]:
    """Return the ways to write a name: as given, without 店 or 馆, and in English one for many."""
    found: set[str] = set()
    for word in (normalise(word) for word in words if word):
        found.add(word)
        if word.isascii():
            found.add(word.removesuffix("s"))
            found.add(word + "s")
            found |= {word.replace(" road", " rd"), word.replace(" rd", " road")}
        found |= {word.removesuffix(suffix) for suffix in SUFFIXES if len(word.removesuffix(suffix)) > 1}
    return found


def understand(text: str, gazetteer: Gazetteer) -> Understood:
    """Return what `text` asks for. Amounts become minor units; at most one area and one category are read."""
    query = normalise(text)
    taken: list[tuple[int, int, str, object]] = []
    price = _first_match(PRICE_PATTERNS, query, "amount")
    if price:
        taken.append((*price[0], "price", int(price[1]) * 100))
    party = _first_match(PARTY_PATTERNS, query, "party")
    if party and (size := NUMBERS.get(party[1]) or (int(party[1]) if party[1].isdigit() else 0)):
        taken.append((*party[0], "party", size))
    if found := OPEN_PATTERN.search(query):
        taken.append((*found.span(), "open", True))
    taken += [(start, end, _group(entry), entry) for start, end, entry in _names_in(query, gazetteer, taken)]
    first: dict[str, tuple[int, int, object]] = {}
    for start, end, kind, value in sorted(taken, key=lambda found: found[0] - found[1]):
        first.setdefault(kind, (start, end, value))
    return _assemble(query, _without_torn_words(query, first))


def _without_torn_words(query: str, first: dict[str, tuple[int, int, object]]) -> dict[str, tuple[int, int, object]]:
    """Drop names that leave one lonely character of their stretch: 面包 in 面包树 is not a bakery."""
    kept = dict(first)
    for stretch in re.finditer(r"[^\x00-\x7f]+", query):
        inside = {kind: part for kind, part in first.items() if stretch.start() <= part[0] < stretch.end()}
        names = [kind for kind, part in inside.items() if isinstance(part[2], Known)]
        left = _cut(query, [(start, end) for start, end, _ in first.values()] + _outside(stretch.span(), query))
        if names and len(left) == 1 and left not in PARTICLES:
            for kind in names:
                del kept[kind]
    return kept


def _outside(span: tuple[int, int], query: str) -> list[tuple[int, int]]:
    return [(0, span[0]), (span[1], len(query))]


def _assemble(query: str, first: dict[str, tuple[int, int, object]]) -> Understood:
    """Return the reading of `query` whose parts are `first`: kind -> (start, end, value)."""
    chips = tuple(
        Chip(*_name_of(kind, value), _cut(query, [(start, end)]))
        for kind, (start, end, value) in sorted(first.items(), key=lambda item: item[1][0])
    )
    rest = _cut(query, [(start, end) for start, end, _ in first.values()])
    area, category = (first[kind][2] if kind in first else None for kind in ("area", "category"))
    price, party = (first[kind][2] if kind in first else None for kind in ("price", "party"))
    return Understood(
        rest=" ".join(FILLERS.sub(" ", rest).split()) if first else rest,
        chips=chips,
        area=area if isinstance(area, Known) else None,
        category=category if isinstance(category, Known) else None,
        price_minor=price if isinstance(price, int) else None,
        party=party if isinstance(party, int) else None,
        open_now="open" in first,
    )


def _first_match(patterns: Iterable[re.Pattern[str]], query: str, group: str) -> tuple[tuple[int, int], str] | None:
    for pattern in patterns:
        if found := pattern.search(query):
            return found.span(), found[group]
    return None


def _group(entry: Known) -> str:
    return "area" if entry.kind in AREA_KINDS else entry.kind


def _names_in(
    query: str, gazetteer: Gazetteer, taken: list[tuple[int, int, str, object]]
) -> list[tuple[int, int, Known]]:
    """Return the names found in `query`, longest first where they overlap, outside what is `taken`."""
    spans = [
        (start, end, entry)
        for start, end in _candidate_spans(query, gazetteer.longest)
        if (entry := gazetteer.find(query[start:end]))
    ]
    used = [(start, end) for start, end, _, _ in taken]
    found = []
    for start, end, entry in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        if all(end <= first or last <= start for first, last in used):
            used.append((start, end))
            found.append((start, end, entry))
    return found


def _candidate_spans(query: str, longest: int) -> Iterable[tuple[int, int]]:
    """Yield stretches that could be a name: pieces of Chinese, and whole words of letters, several in a row."""
    for run in re.finditer(r"[^\x00-\x7f]+", query):
        if run.end() - run.start() == 1:  # 面 alone is noodles; inside a word it may be anything
            yield run.span()
        for start in range(run.start(), run.end()):
            for end in range(start + 2, min(run.end(), start + longest) + 1):
                yield start, end
    words = [match.span() for match in re.finditer(r"[\x21-\x7e]+", query)]
    for first in range(len(words)):
        for last in range(first, min(first + WORDS_JOINED_MAX, len(words))):
            yield words[first][0], words[last][1]


def _name_of(kind: str, value: object) -> tuple[str, str, Text]:
    """Return the kind, code and label of a chip."""
    if isinstance(value, Known):
        return value.kind, value.code, value.label
    if kind == "price" and isinstance(value, int):
        return kind, str(value), Text(f"人均 ¥{value // 100} 以内", f"up to ¥{value // 100} a head")
    if kind == "party":
        return kind, str(value), Text(f"{value} 人", f"for {value}")
    return kind, "now", Text("此刻营业", "open now")


def _cut(query: str, spans: list[tuple[int, int]]) -> str:
    """Return `query` without the characters of `spans`."""
    kept = [sign if not any(start <= at < end for start, end in spans) else " " for at, sign in enumerate(query)]
    return " ".join("".join(kept).split())
