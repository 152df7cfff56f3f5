"""Publishing and moderating notes, and keeping things for later."""

from bacao.notes.services.load import NoteRow, SaveRow, load_notes, load_saves
from bacao.notes.services.publish import moderate_note, publish_note
from bacao.notes.services.report import ReportRefused, TooManyReports, report_note
from bacao.notes.services.save import save_note, save_place, unsave_note, unsave_place

__all__ = [
    "NoteRow",
    "ReportRefused",
    "SaveRow",
    "TooManyReports",
    "load_notes",
    "load_saves",
    "moderate_note",
    "publish_note",
    "report_note",
    "save_note",
    "save_place",
    "unsave_note",
    "unsave_place",
]
