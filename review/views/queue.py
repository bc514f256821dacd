"""The queue, an item of it, and everything that is done with one."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseLocation

from knowledge.requests import HtmxHttpRequest
from review import audit, fixing, queueing, selectors
from review.access import MAY_WORK, desk, fix_for, item_for, person
from review.forms import FilterForm, MarkForm
from review.locking import ItemError, lock, release
from review.models import ReviewItem, SavedFilter
from review.selectors import QueueFilter
from review.views.fixes import fix_panel, proofs_of
from review.views.pages import mine, show


@require_GET
@desk()
def queue(request: HtmxHttpRequest) -> HttpResponse:
    """What deserves a look, the worst first."""
    wanted = QueueFilter.read(request.GET)
    return show(request, "queue", _queue_context(request, wanted), part="queue")


@require_GET
@desk()
def item(request: HtmxHttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """An item between the queue and its fix."""
    found, wanted = item_for(person(request), item_id), QueueFilter.read(request.GET)
    context = _item_context(request, found, wanted) | _last_fix(request)
    if "kind" in request.GET and not request.htmx:
        context |= {"panel": fix_panel(request, found)}
    return show(request, "item", context, part="panes")


@require_POST
@desk(MAY_WORK)
def lock_item(request: HtmxHttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Take an item, or say who has it."""
    found, user = item_for(person(request), item_id), person(request)
    was_mine = found.locked_by_id == user.pk and found.is_locked
    if found.state == ReviewItem.State.OPEN and lock(found, user) and not was_mine:
        audit.note(user, "work on an item", assistant=found.assistant, target=found.pk)
    return render(request, "review/_lock.html", {"item": found, "mine": found.locked_by_id == user.pk})


@require_POST
@desk(MAY_WORK)
def release_item(request: HtmxHttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Let others have it."""
    found = item_for(person(request), item_id)
    release(found, person(request))
    audit.note(person(request), "leave an item", assistant=found.assistant, target=found.pk)
    return _on(request, reverse("review:queue"))


@require_POST
@desk(MAY_WORK)
def assign(request: HtmxHttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Give an item to a colleague, to oneself, or back to all."""
    found, user = item_for(person(request), item_id), person(request)
    wanted = request.POST.get("to", "")
    found.assigned_to = selectors.colleagues(found.assistant).filter(username=wanted).first() if wanted else None
    if wanted and found.assigned_to is None:
        return _refuse(request, found, "This person may not read the assistant’s conversations.")
    found.save(update_fields=["assigned_to"])
    what = f"assign to {wanted}" if wanted else "unassign"
    audit.note(user, what[:40], assistant=found.assistant, target=found.pk)
    return _on(request, _item_url(found, request))


@require_POST
@desk(MAY_WORK)
def mark(request: HtmxHttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """End an item without a correction, and go on to the next."""
    found, user = item_for(person(request), item_id), person(request)
    form = MarkForm(request.POST)
    if not form.is_valid():
        return _refuse(request, found, " ".join(str(error) for errors in form.errors.values() for error in errors))
    following = selectors.neighbours(_page(request, QueueFilter.read(request.GET)), found)[1]
    how = ReviewItem.Mark(form.cleaned_data["mark"])
    try:
        fixing.mark(found, how, user, note=form.cleaned_data["note"])
    except (ItemError, ValidationError) as error:
        return _refuse(request, found, " ".join(error.messages) if isinstance(error, ValidationError) else str(error))
    messages.success(request, f"Marked: {how.label.lower()}.", extra_tags=reverse("review:unmark", args=[found.pk]))
    return _on(request, _item_url(following, request) if following else reverse("review:queue"))


@require_POST
@desk(MAY_WORK)
def unmark(request: HtmxHttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Put a marked item back, with what its mark had brought."""
    found, user = item_for(person(request), item_id), person(request)
    try:
        scope = found.fixes.filter(status__in=("waiting", "done"), kind="scope").first()
        if scope:
            fixing.undo(scope, user)
        else:
            fixing.unmark(found, user)
    except ItemError as error:
        messages.error(request, str(error))
    return _on(request, _item_url(found, request))


@require_POST
@desk(MAY_WORK)
def join(request: HtmxHttpRequest, item_id: uuid.UUID, other_id: uuid.UUID) -> HttpResponse:
    """Make two items that mean the same one."""
    user = person(request)
    found, other = item_for(user, item_id), item_for(user, other_id)
    if found.assistant_id != other.assistant_id or found.pk == other.pk:
        raise Http404("There are no such two items.")
    queueing.join(found, other)
    audit.note(user, "join", assistant=found.assistant, target=found.pk, detail=f"with {other_id}")
    return _on(request, _item_url(found, request))


@require_POST
@desk()
def save_filter(request: HtmxHttpRequest) -> HttpResponse:
    """Keep a view of the queue under a name; the same name again replaces it."""
    user = person(request)
    known = SavedFilter.objects.filter(user=user, name=request.POST.get("name", "").strip()).first()
    form = FilterForm(request.POST, instance=known or SavedFilter(user=user))
    if form.is_valid():
        kept = form.save()
        audit.note(user, "keep a view", target=kept.pk)
        return redirect(f"{reverse('review:queue')}?{kept.query}")
    messages.error(request, "Give the view a name of up to 60 letters.")
    return redirect("review:queue")


@require_POST
@desk()
def delete_filter(request: HtmxHttpRequest, filter_id: uuid.UUID) -> HttpResponse:
    """Forget a view."""
    if SavedFilter.objects.filter(user=person(request), pk=filter_id).delete()[0]:
        audit.note(person(request), "forget a view", target=filter_id)
    return redirect("review:queue")


def _queue_context(request: HtmxHttpRequest, wanted: QueueFilter) -> dict[str, Any]:
    assistants = mine(request)
    return {
        "page": selectors.queue(person(request), assistants, wanted),
        "wanted": wanted,
        "assistants": assistants,
        "reasons": selectors.REASONS,
        "states": ReviewItem.State.choices,
        "saved": SavedFilter.objects.filter(user=person(request)),
    }


def _page(request: HtmxHttpRequest, wanted: QueueFilter) -> selectors.QueuePage:
    return selectors.queue(person(request), mine(request), wanted)


def _item_context(request: HtmxHttpRequest, found: ReviewItem, wanted: QueueFilter) -> dict[str, Any]:
    page = _page(request, wanted)
    before, after = selectors.neighbours(page, found)
    return {
        "page": page,
        "wanted": wanted,
        "item": found,
        "view": selectors.item_view(found, request.GET.get("question", "")),
        "previous_item": before,
        "next_item": after,
        "marks": ReviewItem.Mark.choices,
        "mine": found.locked_by_id == person(request).pk,
        "colleagues": selectors.colleagues(found.assistant),
        "may_edit_entries": request.user.has_perm("knowledge.view_entry"),
    }


def _last_fix(request: HtmxHttpRequest) -> dict[str, Any]:
    """The fix that was saved before, whose proof stands above the next item."""
    try:
        made = fix_for(person(request), uuid.UUID(request.GET.get("fix", "")))
    except (ValueError, Http404):
        return {}
    return {"fix": made, "proofs": proofs_of(made)}


def _refuse(request: HtmxHttpRequest, found: ReviewItem, reason: str) -> HttpResponse:
    """Show the item as it is now, with the reason, and what was typed."""
    found.refresh_from_db()
    context = _item_context(request, found, QueueFilter.read(request.GET)) | {
        "refusal": reason,
        "typed_note": request.POST.get("note", ""),
    }
    return show(request, "item", context, part="panes", status=422)


def _item_url(found: ReviewItem, request: HtmxHttpRequest) -> str:
    query = QueueFilter.read(request.GET).query
    return reverse("review:item", args=[found.pk]) + (f"?{query}" if query else "")


def _on(request: HtmxHttpRequest, url: str) -> HttpResponse:
    """Go on to a page: as its part where htmx asks."""
    return HttpResponseLocation(url, target="#panes", swap="outerHTML") if request.htmx else redirect(url)
