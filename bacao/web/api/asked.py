"""What somebody asks of `/nearby`, read strictly: one address for one question, and a refusal that says what to do.

Addresses are canonical, for they are the keys of the edge's cache (discovery.md, DS14): the minute is named, parameters
stand in order, those that say nothing new are left out, numbers are written one way.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote_plus

import h3
import msgspec

from bacao.discovery.index.asking import Query
from bacao.discovery.queries.serving import seed_of_filters
from bacao.discovery.rules.exploration import seed_of
from bacao.kit.text import Text

RESOLUTION = 9  # of H3: about 170 m from edge to centre
RADIUS_M, RADIUS_STEP_M, RADIUS_MAX_M = 1000, 100, 5000
PARTY_MAX, LIMIT, LIMIT_MAX, TAGS_MAX = 20, 20, 60, 4
BUDGET_MAX_MINOR = 10**8
_MINUTE = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\dZ")
_NUMBER = re.compile(r"[1-9]\d{0,5}")
_WORD = re.compile(r"\S{1,50}")


class Refusal(Exception):
    """A question that is not answered, with the HTTP status, a code for programs and a sentence to act on."""

    def __init__(self, status: int, code: str, text: Text) -> None:
        self.status, self.code, self.text = status, code, text
        super().__init__(text.en)


class Elsewhere(Exception):
    """The same question has another, canonical address. `is_now` = it names the present minute, so it will pass."""

    def __init__(self, address: str, *, is_now: bool) -> None:
        self.address, self.is_now = address, is_now
        super().__init__(address)


class Question(NamedTuple):
    """A public question: the cell, and what the index is asked. `head` = how the answer begins, up to the shops."""

    query: Query
    head: bytes


class Words(NamedTuple):
    """What a query string says: everything but the cell. `query` lies nowhere and draws nothing.

    `canonical` = how the same is said in the one right way, `lot` = what is drawn by besides the cell, `tail` = what
    the head of the answer says after the cell. `at` = the minute as it was written, None where none is named.
    """

    query: Query
    canonical: str
    lot: int
    tail: bytes
    at: str | None


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """A private question: degrees, metres, minor units; `at` as in the public address, now where it is missing."""

    latitude: float
    longitude: float
    radius_m: int = RADIUS_M
    at: str | None = None
    party: int = 1
    category: str | None = None
    tags: list[str] = []
    budget_minor: int | None = None
    limit: int = LIMIT


def bad(code: str, zh: str, en: str) -> Refusal:
    """Return a refusal of a question that is wrong in itself."""
    return Refusal(400, code, Text(zh, en))


def read_address(path: str, words: str) -> Question:
    """Return the question of a canonical address: `/nearby/<cell>` and its query string, which names a minute.

    Cells and query strings are few and asked for again and again, their combinations are many: each half is remembered.

    :raises Elsewhere: there is another address for it
    :raises Refusal: there is none
    """
    said = _words(words)
    cell, latitude, longitude = _cell(path)
    if said.canonical != words or not path.endswith(cell) or said.at is None:
        address = f"/nearby/{cell}"
        raise Elsewhere(f"{address}?{said.canonical}" if said.canonical else address, is_now=said.at is None)
    query = said.query
    asked = Query(
        latitude, longitude, query.radius_m, query.minute, query.party, query.category, query.tags, count=query.count,
        seed=seed_of(cell, said.lot),
    )  # fmt: skip
    return Question(asked, b'{"cell":"%b",%b' % (cell.encode(), said.tail))


@lru_cache(maxsize=4096)
def _words(words: str) -> Words:
    """Return what a query string says. :raises Refusal: something that is no question"""
    given = _parameters(words)
    query, at = _public_query(given), given["at"][0] if "at" in given else None
    said = {"at": at, "party": query.party, "category": query.category, "tags": sorted(query.tags)}
    return Words(query, _canonical(given), seed_of_filters(query), msgspec.json.encode(said)[1:-1], at)


def _canonical(given: dict[str, list[str]]) -> str:
    """Return the one right way to write parameters that were read without complaint."""
    default = {"limit": str(LIMIT), "party": "1", "radius_m": str(RADIUS_M)}
    pairs = [(name, value) for name in sorted(given) for value in sorted(set(given[name]))]
    return "&".join(f"{name}={quote(value, safe=':-')}" for name, value in pairs if value != default.get(name))


def with_minute(address: str, at: datetime) -> str:
    """Return a canonical address that has no minute with this one in it: `at` is the first parameter of all."""
    path, _, words = address.partition("?")
    return f"{path}?at={write_minute(at)}{'&' if words else ''}{words}"


def write_minute(at: datetime) -> str:
    """Return the minute of an instant, as addresses have it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


@lru_cache(maxsize=256)  # most people ask for the same one
def read_minute(word: str) -> int:
    """Return a minute since 1970. :raises Refusal: it is not one"""
    try:
        if _MINUTE.fullmatch(word):
            return int(datetime.fromisoformat(word).timestamp()) // 60
    except ValueError:
        pass
    raise bad("at", "at 要写成 2026-11-22T15:32Z 这样的 UTC 分钟。", "at is a minute in UTC, like 2026-11-22T15:32Z.")


def read_body(content: bytes, at: datetime) -> Query:
    """Return a private question. :raises Refusal: it cannot be read, or a number is out of range"""
    try:
        body = msgspec.json.decode(content, type=Body)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise bad("body", f"请求体读不懂：{problem}", f"The body cannot be read: {problem}") from None
    if not (-90 <= body.latitude <= 90 and -180 <= body.longitude <= 180):
        raise bad("position", "经纬度要用度数。", "latitude and longitude are degrees.")
    if not 0 < body.radius_m <= RADIUS_MAX_M:
        raise _out_of_range("radius_m", 1, RADIUS_MAX_M)
    if not 1 <= body.party <= PARTY_MAX:
        raise _out_of_range("party", 1, PARTY_MAX)
    if not 1 <= body.limit <= LIMIT_MAX:
        raise _out_of_range("limit", 1, LIMIT_MAX)
    if body.budget_minor is not None and not 0 <= body.budget_minor <= BUDGET_MAX_MINOR:
        raise _out_of_range("budget_minor", 0, BUDGET_MAX_MINOR)
    minute = read_minute(body.at) if body.at else int(at.timestamp()) // 60
    return Query(
        body.latitude, body.longitude, body.radius_m, minute, body.party, body.category, frozenset(body.tags),
        body.budget_minor, count=body.limit,
    )  # fmt: skip


def _parameters(words: str) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for word in words.split("&") if words else ():
        name, _, value = word.partition("=")
        if name not in {"at", "category", "limit", "party", "radius_m", "tag"}:
            raise bad(
                "unknown_parameter",
                f"没有参数 {name[:40]}；只有 at、category、limit、party、radius_m、tag。",
                f"There is no parameter {name[:40]}: only at, category, limit, party, radius_m and tag.",
            )
        given.setdefault(name, []).append(unquote_plus(value))
    twice = [name for name, values in given.items() if len(values) > 1 and name != "tag"]
    if twice:
        raise bad("given_twice", f"{twice[0]} 只能给一次。", f"{twice[0]} can be given once.")
    return given


@lru_cache(maxsize=16_384)
def _cell(path: str) -> tuple[str, float, float]:
    """Return the cell of a path and the degrees of its centre. :raises Refusal: it names none"""
    cell = path.removeprefix("/nearby/").lower()
    if not (h3.is_valid_cell(cell) and h3.get_resolution(cell) == RESOLUTION):
        raise bad(
            "cell",
            f"地址要写成 /nearby/<cell>，cell 是 {RESOLUTION} 级的 H3 格子。",
            f"The address is /nearby/<cell>, an H3 cell of resolution {RESOLUTION}.",
        )
    return cell, *h3.cell_to_latlng(cell)


def _public_query(given: dict[str, list[str]]) -> Query:
    tags = given.get("tag", [])
    if len(tags) > TAGS_MAX or not all(_WORD.fullmatch(word) for word in (*tags, *given.get("category", []))):
        raise bad(
            "filter", f"最多 {TAGS_MAX} 个 tag，都不能为空。", f"At most {TAGS_MAX} tags, and no filter may be empty."
        )
    radius_m = _number(given, "radius_m", RADIUS_M, RADIUS_MAX_M)
    if radius_m % RADIUS_STEP_M:
        raise bad("radius_m", f"radius_m 以 {RADIUS_STEP_M} 为步长。", f"radius_m goes in steps of {RADIUS_STEP_M}.")
    minute = read_minute(given["at"][0]) if "at" in given else 0
    party, count = _number(given, "party", 1, PARTY_MAX), _number(given, "limit", LIMIT, LIMIT_MAX)
    category = given["category"][0] if "category" in given else None
    return Query(0.0, 0.0, radius_m, minute, party, category, frozenset(tags), count=count)


def _number(given: dict[str, list[str]], name: str, default: int, most: int) -> int:
    if name not in given:
        return default
    word = given[name][0]
    if not _NUMBER.fullmatch(word) or int(word) > most:
        raise _out_of_range(name, RADIUS_STEP_M if name == "radius_m" else 1, most)
    return int(word)


def _out_of_range(name: str, least: int, most: int) -> Refusal:
    return bad(
        name, f"{name} 是 {least} 到 {most} 的整数。", f"{name} is a whole number from {least} to {most}."
    )  # fmt: skip
