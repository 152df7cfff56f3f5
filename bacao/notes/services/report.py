"""Readers say that a note should not be there (U44)."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from bacao.kit.services import take_token
from bacao.kit.text import Refused, Text
from bacao.notes.models import Note, NoteReport
from bacao.notes.rules import REPORT_LENGTH

if TYPE_CHECKING:
    from bacao.accounts.models import User

REPORTS_AT_ONCE, SECONDS_A_REPORT = 10, 600.0


class ReportRefused(Refused):
    """A report without a reason, or on one's own note."""

    code = "report_refused"
    text = Text("请选择一个原因。", "Choose a reason.")
    status = 422


class TooManyReports(Refused):
    """Somebody reports faster than anybody reads."""

    code = "too_many_reports"
    text = Text("你举报得太快了，请 10 分钟后再试。", "That was a lot of reports. Try again in 10 minutes.")
    status = 429


def report_note(*, note: Note, user: "User", reason: str, words: str = "", at: datetime) -> bool:
    """Tell the moderators about a note, once a person; returns False where this person did before.

    Reports hide nothing by themselves: a crowd that dislikes a shop must not silence it.

    :raises ReportRefused: no reason was chosen, or the note is one's own
    :raises TooManyReports: ten at once, then one in ten minutes
    """
    if reason not in NoteReport.Reason.values:
        raise ReportRefused
    if note.author_id == user.pk:
        raise ReportRefused(Text("这是你自己的笔记。", "This note is your own."))
    key = f"note-report:{user.pk}"
    if not take_token(key=key, capacity=REPORTS_AT_ONCE, refill_per_second=1 / SECONDS_A_REPORT, at=at):
        raise TooManyReports
    with transaction.atomic():
        _, is_new = NoteReport.objects.get_or_create(
            note=note,
            user=user,
            defaults={"reason": reason, "words": " ".join(words.split())[:REPORT_LENGTH], "reported_at": at},
        )
    return is_new
