"""Who changed what: the rows that triggers kept, read as a story (bulk updates and SQL included)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from pghistory.core import event_models

from bacao.accounts.queries import list_users_by_id
from bacao.web.desk import words

if TYPE_CHECKING:
    from bacao.accounts.models import User

_LONG = 160


@dataclass(frozen=True, slots=True)
class Difference:
    """One column before and after."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One update or delete; `who` is None where a job or a command did it, `where` is the page it came from."""

    at: datetime
    kind: str
    who: "User | None"
    where: str
    differences: tuple[Difference, ...]


def is_tracked(model: type[models.Model]) -> bool:
    """Return whether changes of a table are kept."""
    return bool(event_models(tracks_model=model))


def list_changes(model: type[models.Model], key: Any, now: models.Model | None, limit: int = 100) -> list[Change]:
    """Return the changes of one row, latest first. `now` = the row as it is, None if it was deleted.

    Each event holds the row as it was before, so what it became is the next later event, or the row itself.
    """
    found: Any = next(iter(event_models(tracks_model=model)), None)
    if not found:
        return []
    events = list(found.objects.filter(pgh_obj_id=key).select_related("pgh_context").order_by("-pgh_id")[:limit])
    people = list_users_by_id({who for event in events if (who := _context(event).get("user"))})
    columns = [column for column in model._meta.concrete_fields if hasattr(found, column.attname)]
    changes, after = [], now
    for event in events:
        context = _context(event)
        changes.append(
            Change(
                at=event.pgh_created_at,
                kind=event.pgh_label,
                who=people.get(context.get("user", 0)),
                where=str(context.get("url", "")),
                differences=tuple(_differences(columns, event, after)),
            )
        )
        after = event
    return changes


def _context(event: Any) -> dict[str, Any]:
    """Return what is known of the request behind an event; nothing for a job or a command."""
    return event.pgh_context.metadata if event.pgh_context else {}


def _differences(
    columns: Iterable["models.Field[Any, Any]"], before: models.Model, after: models.Model | None
) -> Iterable[Difference]:
    """Yield the columns that differ; all of them where the row is gone."""
    for column in columns:
        old, new = getattr(before, column.attname), getattr(after, column.attname) if after else None
        if old != new:
            yield Difference(str(column.verbose_name), _shown(old), _shown(new) if after else "")


def _shown(value: Any) -> str:
    """Return a value as one short line."""
    text = "" if value is None else words.value(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"
