"""What is kept of a person: found, handed out as a file, and deleted for good."""

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from chatbot import streams
from knowledge.requests import HtmxHttpRequest
from review import audit, privacy
from review.access import MAY_WORK, desk, person
from review.sheets import download
from review.views.pages import show


@require_GET
@desk(MAY_WORK)
def people(request: HtmxHttpRequest) -> HttpResponse:
    """Look for a person by visitor id, by a website's id for them, or by e-mail address."""
    sought = request.GET.get("who", "").strip()[:254]
    found = privacy.conversations_of(person(request), sought)
    rows = list(found.order_by("-created_at")[: privacy.MOST_SHOWN + 1])
    if sought:
        audit.note(person(request), "look for a person", detail=f"{len(rows)} conversations found")
    context = {
        "sought": sought,
        "rows": rows[: privacy.MOST_SHOWN],
        "more": len(rows) > privacy.MOST_SHOWN,
        "total": found.count() if rows else 0,
    }
    return show(request, "people", context)


@require_POST
@desk(MAY_WORK)
def export(request: HtmxHttpRequest) -> HttpResponse:
    """All that is kept of a person, as a file."""
    found = privacy.conversations_of(person(request), request.POST.get("who", ""))
    audit.note(person(request), "export a person's data", detail=f"{found.count()} conversations")
    return download(privacy.export(found), f"person-{timezone.localdate():%Y-%m-%d}.json")


@require_POST
@desk(MAY_WORK)
def delete(request: HtmxHttpRequest) -> HttpResponse:
    """Delete all that is kept of a person."""
    if request.POST.get("sure") != "yes":
        messages.error(request, "Nothing was deleted: tick the box first.")
        return redirect("review:people")
    found = privacy.conversations_of(person(request), request.POST.get("who", ""))
    gone = privacy.delete_person(found, person(request))
    async_to_sync(streams.forget)(gone.reply_ids)
    messages.success(
        request,
        f"Deleted for good: {gone.conversations} conversations, {gone.questions} questions, "
        f"{len(gone.reply_ids)} answers with their traces, {gone.requests} contact requests, {gone.golden} golden "
        "questions. Wordings that somebody put into an entry are part of the knowledge now and stay.",
    )
    return redirect("review:people")
