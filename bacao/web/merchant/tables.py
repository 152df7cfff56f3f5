"""Tables as files: UTF-8 with a mark that spreadsheets understand, amounts as plain numbers, words made harmless."""

import csv
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> HttpResponse:
    """Return a download; the first line names the columns."""
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(answer, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return answer


def yuan(minor: int | None) -> str:
    """Return minor units as a number with two decimals, an empty cell for none: -1855 -> -18.55."""
    if minor is None:
        return ""
    whole, cents = divmod(abs(minor), 100)
    return f"{'-' if minor < 0 else ''}{whole}.{cents:02d}"


def word(text: object) -> str:
    """Return a text that no spreadsheet takes for a formula: somebody may be called `=1+1`."""
    said = "" if text is None else str(text)
    return f"'{said}" if said.startswith(FORMULA_STARTS) else said
