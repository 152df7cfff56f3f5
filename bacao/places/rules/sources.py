"""Whose data a place is made of, and what its licence asks to be shown."""

from typing import NamedTuple

from bacao.kit.text import Text


class Source(NamedTuple):
    """A source that asks for attribution: the line to show and where it leads."""

    code: str
    label: Text
    url: str


SOURCES = {
    "osm": Source(
        "osm",
        Text("© OpenStreetMap 贡献者，ODbL", "© OpenStreetMap contributors, ODbL"),
        "https://www.openstreetmap.org/copyright",
    )
}
