"""Covers of notes and places: the picture somebody took, or a drawing."""

from typing import TYPE_CHECKING, Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from bacao.web.covers import Cover, draw, draw_thumbnail
from bacao.web.templatetags.bacao import local

if TYPE_CHECKING:
    from bacao.notes.models import Note
    from bacao.places.models import Place

register = template.Library()


@register.simple_tag
def cover(note: "Note", shape: str = "portrait") -> SafeString:
    """Return a note's cover (3:4): its first picture, else the drawn one; `shape="thumb"` for a small square."""
    pictures = list(note.pictures.all())
    if pictures:
        return _html("components/cover_photo.html", {"picture": pictures[0], "shape": shape})
    first = next(iter(note.note_places.all()), None)
    category = first.place.category if first else None
    emoji, tint = (category.emoji, category.tint) if category else ("sparkles", 90)
    if shape == "thumb":
        return drawn(draw_thumbnail(note.cover, emoji=emoji, tint=tint))
    return drawn(draw(note.cover, shape=shape, emoji=emoji, tint=tint, line=note.title))


@register.simple_tag
def place_cover(place: "Place", shape: str = "wide") -> SafeString:
    """Return a place's drawn cover (16:10), made from its category where it has none of its own."""
    category = place.category
    if shape == "thumb":
        return drawn(draw_thumbnail(place.cover, emoji=category.emoji, tint=category.tint))
    words = {"emoji": [category.emoji], "tint": category.tint, **place.cover}
    return drawn(draw(words, shape=shape, line=local(place, "name")))


@register.simple_tag
def drawn(cover: Cover) -> SafeString:
    """Return a drawn cover as HTML."""
    return _html("components/cover.html", {"cover": cover})


def _html(name: str, context: dict[str, Any]) -> SafeString:
    return SafeString(render_to_string(name, context))
