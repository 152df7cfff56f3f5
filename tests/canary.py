"""The canary: does anybody get to see another person's own word, through whatever door? (edge.md, ED5)"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from secrets import token_hex

import httpx

Way = tuple[str, dict[str, str]]
WAYS: tuple[Way, ...] = (
    ("GET", {}),
    ("HEAD", {}),
    ("GET", {"Range": "bytes=0-400"}),
    ("GET", {"X-Forwarded-Host": "evil.example"}),
    ("GET", {"X-Original-URL": "/me", "X-Rewrite-URL": "/me"}),
)


@dataclass(frozen=True)
class Person:
    """Somebody with a word of their own in everything that is theirs; nobody has neither word nor cookie."""

    name: str
    word: str
    headers: dict[str, str]

    @classmethod
    def signed_in(cls, name: str) -> "Person":
        """Return a person whose cookie itself is the word."""
        word = f"canary{name}{token_hex(8)}"
        return cls(name, word, {"Cookie": f"sessionid={word}"})


def strangers(people: Sequence[Person]) -> list[Person]:
    """Return those who hold nothing: no cookie, an empty one, one that has run out, a token without a cookie."""
    held = [{}, {"Cookie": ""}, {"Cookie": "sessionid=gone"}, {"Authorization": f"Bearer {token_hex(8)}"}]
    return [Person(f"nobody{number}", "", headers) for number, headers in enumerate(held)]


def odd_addresses(address: str) -> list[str]:
    """Return an address and the ways of writing it that caches and applications read differently."""
    path, _, words = address.partition("?")
    head, _, tail = path.rpartition("/")
    odd = [
        path, f"{head}%2f{tail}", f"{head}//{tail}", f"{path}/..;/{tail}", path.upper(), f"{path};a.css",
        f"{path}/a.css", f"{path}%00", f"{path}%0a.css", f"{path}/.", f"/nearby/..{path}", f"/static/..{path}",
    ]  # fmt: skip
    return [f"{one}?{words}" if words else one for one in odd]


def crawl(
    client: httpx.Client, addresses: Iterable[str], people: Sequence[Person], *, seed: int, ways: Sequence[Way] = WAYS
) -> list[str]:
    """Ask for every address as everybody, in every way, in an order drawn from `seed`; return who saw what of whom."""
    everybody = [*people, *strangers(people)]
    asked = [(person, address, *way) for person in everybody for address in addresses for way in ways]
    Random(seed).shuffle(asked)
    leaks = []
    for person, address, method, headers in asked:
        client.cookies.clear()
        answer = client.request(method, address, headers={**headers, **person.headers}, follow_redirects=False)
        said = answer.text + str(answer.headers)
        leaks += [
            f"{person.name} saw the word of {other.name} at {method} {address} {headers}"
            for other in people
            if other is not person and other.word in said
        ]
    return leaks


def words_in(folder: Path, people: Sequence[Person]) -> list[str]:
    """Return which files hold somebody's word."""
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    return [f"{path} has {who.word}" for path in files for who in people if who.word.encode() in path.read_bytes()]
