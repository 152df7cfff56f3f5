"""Saying that a note should not be there."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bacao.kit.text import Refused, Text
from bacao.notes.queries import get_note
from bacao.notes.rules import REPORT_LENGTH
from bacao.notes.services import report_note
from bacao.web.requests import PageRequest
from bacao.web.templatetags.bacao import t

REASONS = {
    "advert": Text("广告，或没写明的合作", "An advert, or a partnership that is not said"),
    "untrue": Text("内容不实", "It is not true"),
    "rude": Text("辱骂或歧视", "It is rude or hateful"),
    "stolen": Text("抄袭或盗图", "Words or pictures are stolen"),
    "private": Text("泄露了别人的隐私", "It gives away private matters"),
    "other": Text("其他", "Something else"),
}


@login_required
@require_http_methods(["GET", "POST"])
def note_report(request: PageRequest, note_id: int) -> HttpResponse:
    """Ask for a reason and pass it to the moderators."""
    try:
        note = get_note(note_id)
    except ObjectDoesNotExist:
        raise Http404 from None
    if note.state != "published":
        raise Http404
    assert request.user.is_authenticated
    context = {"note": note, "reasons": REASONS, "words_length": REPORT_LENGTH}
    if request.method == "GET":
        return render(request, "resident/note_report.html", context)
    reason, words = request.POST.get("reason", ""), request.POST.get("words", "")
    try:
        is_new = report_note(note=note, user=request.user, reason=reason, words=words, at=request.at)
    except Refused as refused:
        context |= {"refused": refused, "reason": reason, "words": words}
        return render(request, "resident/note_report.html", context, status=refused.status)
    thanks = t("收到，运营会来看。", "Thank you; a moderator will look at it.")
    messages.success(request, thanks if is_new else t("你之前举报过了，还在处理。", "You reported this before."))
    return redirect("resident:note", note_id)
