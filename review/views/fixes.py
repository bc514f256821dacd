"""The fix of an item: the panel already filled in, the save, and the proof."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseLocation

from chatbot.chat_model import is_configured
from knowledge.diffs import line_diff, word_diff
from knowledge.markdown import render as render_markdown
from knowledge.models import Entry
from knowledge.requests import HtmxHttpRequest
from knowledge.services import EntryChangedError, EntryGoneError
from review import audit, corrected_answers, drafting, fixing, selectors
from review.access import MAY_WORK, desk, fix_for, item_for, person
from review.forms import FixForm
from review.impact import Change, try_out
from review.locking import ItemError
from review.models import Fix, Reasked, ReviewItem
from review.proposing import Choice, Proposal, duplicates_of, propose
from review.selectors import QueueFilter
from review.views.pages import mine, show

Kind = Fix.Kind
MOST_BREAKS = 20


@require_GET
@desk(MAY_WORK)
def panel(request: HtmxHttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """The fix of an item, filled in with the likeliest, or as the address says."""
    found = item_for(person(request), item_id)
    if not request.htmx:
        query = request.GET.copy()
        query.setdefault("kind", "")
        return redirect(f"{reverse('review:item', args=[found.pk])}?{query.urlencode()}")
    return HttpResponse(fix_panel(request, found))


def fix_panel(request: HtmxHttpRequest, item: ReviewItem) -> SafeString:
    """Render the fix of an item: what is proposed, or another kind or entry that the address names."""
    proposal = propose(item)
    kind = request.GET.get("kind", "")
    kind = kind if kind in (Kind.WORDING, Kind.EDIT, Kind.NEW) else proposal.kind
    entry = _entry_named(item, request.GET.get("entry", "")) or proposal.entry
    entry = entry or (proposal.choices[0].entry if proposal.choices else None)
    if kind != Kind.NEW and entry is None:
        kind = Kind.NEW
    return _panel(request, item, proposal, _filled(Kind(kind), proposal, entry), entry)


def _filled(kind: Fix.Kind, proposal: Proposal, entry: Entry | None) -> dict[str, Any]:
    if kind == Kind.NEW or entry is None:
        return {"kind": Kind.NEW, "question": proposal.question, "phrasings": "\n".join(proposal.other_wordings)}
    if kind == Kind.WORDING:
        return {"kind": kind, "entry": entry.pk, "phrasings": "\n".join(proposal.wordings)}
    phrasings = "\n".join(p.text for p in entry.phrasings.all())
    words = {"question": entry.question, "answer": entry.answer, "phrasings": phrasings}
    return {"kind": kind, "entry": entry.pk, "expected_version": entry.version, **words}


def _panel(
    request: HtmxHttpRequest,
    item: ReviewItem,
    proposal: Proposal,
    values: dict[str, Any],
    entry: Entry | None,
    **more: Any,
) -> SafeString:
    context = {
        "item": item,
        "proposal": proposal,
        "values": values,
        "entry": entry,
        "kinds": [(kind, label, key) for kind, label, key in KINDS if kind == Kind.NEW or proposal.choices],
        "bases": list(item.assistant.knowledge_bases.order_by("name")),
        "has_model": is_configured(),
        "similar": selectors.similar_items(item) if item.state == ReviewItem.State.OPEN else [],
        "query": QueueFilter.read(request.GET).query,
        **more,
    }
    return render_to_string("review/_fix.html", context, request)


KINDS = [
    (Kind.WORDING, "Add a wording", "w"),
    (Kind.EDIT, "Edit the entry", "e"),
    (Kind.NEW, "New entry", "n"),
]


@require_POST
@desk(MAY_WORK)
def save(request: HtmxHttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Save a fix and go on to its proof; what is refused is shown again with all that was typed."""
    found, user = item_for(person(request), item_id), person(request)
    form = FixForm(request.POST)
    if not form.is_valid():
        return _again(request, found, errors=_errors(form))
    correction = form.correction()
    near = [] if form.cleaned_data["confirmed"] else _near(found, correction)
    if near:
        return _again(request, found, duplicates=near)
    breaks = [] if correction.reason else _breaks(found, correction)
    if breaks:
        return _again(request, found, breaks=breaks)
    try:
        made = fixing.fix(found, correction, user, note=form.cleaned_data["note"])
    except EntryChangedError as error:
        return _again(request, found, errors=[str(error)], theirs=_theirs(correction), status=409)
    except (ItemError, EntryGoneError) as error:
        return _again(request, found, errors=[str(error)], status=409)
    except ValidationError as error:
        return _again(request, found, errors=error.messages)
    url = _next_url(request, made)
    return HttpResponseLocation(url, target="#panes", swap="outerHTML") if request.htmx else redirect(url)


def _next_url(request: HtmxHttpRequest, made: Fix) -> str:
    """Where one goes on after a fix: to the next item, with the proof above it; to the proof where nothing is left."""
    wanted = QueueFilter.read(request.GET)
    following = next(iter(selectors.queue(person(request), mine(request), wanted).items), None)
    if following is None:
        return reverse("review:fix", args=[made.pk])
    return f"{reverse('review:item', args=[following.pk])}?{urlencode({'fix': str(made.pk)})}&{wanted.query}".rstrip(
        "&"
    )


def _near(item: ReviewItem, correction: fixing.Correction) -> list[Choice]:
    return duplicates_of(item, correction.question) if correction.kind == Kind.NEW else []


def _breaks(item: ReviewItem, correction: fixing.Correction) -> list[Change]:
    """Golden questions that the correction would break; none where nothing can be looked up now."""
    edit = fixing.planned(item, correction)
    if edit is None or edit.entry is None:
        return []
    found = try_out([edit], [edit.entry.knowledge_base_id])
    return found.breaks[:MOST_BREAKS] if found else []


def _theirs(correction: fixing.Correction) -> dict[str, Any]:
    """What somebody else made of the entry meanwhile, beside what was typed here."""
    entry = Entry.objects.filter(pk=correction.entry_id).first() if correction.entry_id else None
    if entry is None:
        return {}
    phrasings = [p.text for p in entry.phrasings.all()]
    return {
        "version": entry.version,
        "question": word_diff(entry.question, correction.question),
        "phrasings": line_diff(phrasings, list(correction.phrasings)),
        "answer": word_diff(entry.answer, correction.answer),
    }


def _again(request: HtmxHttpRequest, item: ReviewItem, *, status: int = 422, **more: Any) -> HttpResponse:
    item.refresh_from_db()
    entry = _entry_named(item, request.POST.get("entry", ""))
    panel = _panel(request, item, propose(item), request.POST.dict(), entry, **more)
    if request.htmx:
        return HttpResponse(panel, status=status)
    context = {
        "item": item,
        "view": selectors.item_view(item),
        "page": selectors.queue(person(request), mine(request), QueueFilter.read(request.GET)),
        "wanted": QueueFilter.read(request.GET),
        "marks": ReviewItem.Mark.choices,
        "panel": panel,
        "mine": True,
    }
    return show(request, "item", context, status=status)


def _errors(form: FixForm) -> list[str]:
    return [f"{name.capitalize()}: {error}" for name, errors in form.errors.items() for error in errors]


def _entry_named(item: ReviewItem, entry_id: str) -> Entry | None:
    try:
        key = uuid.UUID(entry_id)
    except ValueError:
        return None
    bases = item.assistant.knowledge_bases.values("pk")
    return Entry.objects.filter(pk=key, knowledge_base__in=bases).prefetch_related("phrasings").first()


@require_POST
@desk(MAY_WORK)
def difference(request: HtmxHttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """What the typed words change about the entry; nothing is stored."""
    item = item_for(person(request), item_id)
    entry = _entry_named(item, request.POST.get("entry", ""))
    if entry is None:
        return HttpResponse("")
    typed = [line.strip() for line in request.POST.get("phrasings", "").splitlines() if line.strip()]
    context = {
        "question": word_diff(entry.question, request.POST.get("question", "")[:1_000]),
        "phrasings": line_diff([p.text for p in entry.phrasings.all()], typed),
        "answer": word_diff(entry.answer, request.POST.get("answer", "")[:20_000].replace("\r\n", "\n")),
    }
    return render(request, "review/_difference.html", context)


@require_POST
@desk(MAY_WORK)
def draft(request: HtmxHttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """A model's draft of the answer, for a person to read; nothing is stored."""
    item = item_for(person(request), item_id)
    question = request.POST.get("question", "").strip()[:500] or item.title
    try:
        text, failure = drafting.draft_answer(item, question), ""
    except drafting.DraftError as error:
        text, failure = request.POST.get("answer", ""), str(error)
    return render(request, "review/_answer_field.html", {"answer": text, "drafted": not failure, "failure": failure})


@require_GET
@desk()
def proof(request: HtmxHttpRequest, fix_id: uuid.UUID) -> HttpResponse:
    """A fix with its questions before and after; it looks again by itself until all are asked."""
    made, wanted = fix_for(person(request), fix_id), QueueFilter.read(request.GET)
    context = {"fix": made, "proofs": proofs_of(made), "wanted": wanted}
    if request.GET.get("part") == "proof":
        return render(request, "review/_proof.html", context | {"may_work": request.user.has_perm(MAY_WORK)})
    page = selectors.queue(person(request), mine(request), wanted)
    return show(request, "fix", context | {"page": page, "next_item": next(iter(page.items), None)}, part="fix_panes")


def proofs_of(made: Fix) -> list[dict[str, Any]]:
    """Return each question of a fix with what it got and what it gets."""
    rows = made.reasked.select_related("reply__conversation", "reply__asked", "golden")
    return [
        {
            "row": row,
            "question": row.reply.asked.text if hasattr(row.reply, "asked") else "",
            "before": render_markdown(row.reply.text),
            "after": render_markdown(row.text) if row.outcome else "",
            "email": corrected_answers.address_of(row.reply.conversation) if row.outcome else "",
        }
        for row in rows
    ]


@require_POST
@desk(MAY_WORK)
def undo(request: HtmxHttpRequest, fix_id: uuid.UUID) -> HttpResponse:
    """Take a fix back."""
    made = fix_for(person(request), fix_id)
    try:
        fixing.undo(made, person(request))
    except (ItemError, ValidationError, EntryChangedError) as error:
        messages.error(request, " ".join(error.messages) if isinstance(error, ValidationError) else str(error))
    else:
        messages.success(request, "Undone: the entry, the golden questions and the item are as they were.")
    return redirect("review:fix", made.pk)


@require_POST
@desk(MAY_WORK)
def send(request: HtmxHttpRequest, fix_id: uuid.UUID, proof_id: uuid.UUID) -> HttpResponse:
    """Send the corrected answer to the visitor who asked."""
    made = fix_for(person(request), fix_id)
    rows = Reasked.objects.select_related("reply__conversation__assistant")
    row = get_object_or_404(rows, pk=proof_id, fix=made)
    try:
        corrected_answers.send(row)
    except corrected_answers.SendError as error:
        messages.error(request, str(error))
    else:
        audit.note(person(request), "send a corrected answer", assistant=made.assistant, target=row.pk)
        messages.success(request, "Sent.")
    return redirect("review:fix", made.pk)
