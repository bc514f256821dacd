"""Fragments for the admin: badges that update by themselves, a retry, and the answer as visitors will see it."""

import uuid
from collections.abc import Sequence

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from knowledge.markdown import render as render_markdown
from knowledge.models import Entry
from knowledge.services import retry_indexing

MAX_BADGES = 200
QUICK_LOOKS = 120  # at half a second each: a minute, after which whatever keeps the entry waiting is not quick
STOP_POLLING = 286
ARRIVED = "entry-indexed"  # heard by what an entry's form shows once the entry is live


@require_GET
@never_cache
@permission_required("knowledge.view_entry", raise_exception=True)
def badge(request: HttpRequest) -> HttpResponse:
    """The badges of every `id` that has arrived; 404 where no id exists, 286 when none of them waits any more."""
    ids = _parse_ids(request.GET.getlist("id")[:MAX_BADGES])
    look = request.GET.get("look", "")
    entries = list(Entry.objects.filter(pk__in=ids))
    if not entries:
        raise Http404("There is no such entry.")
    waiting = [entry for entry in entries if entry.index_state == Entry.IndexState.WAITING]
    arrived = [entry for entry in entries if entry not in waiting]
    return _badges(request, arrived, waiting, look=int(look) if look.isdecimal() and len(look) < 6 else 0)


@require_POST
@permission_required("knowledge.change_entry", raise_exception=True)
def retry(request: HttpRequest, entry_id: uuid.UUID) -> HttpResponse:
    """Give an entry that was set aside another chance, and answer with its badge; safe to repeat."""
    retry_indexing(Entry.objects.filter(pk=entry_id))
    entry = get_object_or_404(Entry, pk=entry_id)
    waiting = [entry] if entry.index_state == Entry.IndexState.WAITING else []
    return _badges(request, [entry], waiting, look=0)


@require_POST
@permission_required("knowledge.view_entry", raise_exception=True)
def preview(request: HttpRequest) -> HttpResponse:
    """The Markdown in `answer` as visitors will see it; nothing is stored."""
    return render(request, "knowledge/_preview.html", {"html": render_markdown(request.POST.get("answer", ""))})


def _badges(request: HttpRequest, shown: Sequence[Entry], waiting: Sequence[Entry], *, look: int) -> HttpResponse:
    context = {
        "entries": shown,
        "waiting": waiting,
        "look": look + 1,
        "pause": "500ms" if look < QUICK_LOOKS else "10s",
        "may_retry": request.user.has_perm("knowledge.change_entry"),
    }
    response = render(request, "knowledge/_badges.html", context, status=200 if waiting else STOP_POLLING)
    return trigger_client_event(response, ARRIVED) if shown and not waiting else response


def _parse_ids(values: Sequence[str]) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(value) for value in values]
    except ValueError as error:
        raise Http404("There is no such entry.") from error
