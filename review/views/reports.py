"""What staff read: conversations, gaps, figures and the log; each also as a file where people want one."""

import uuid

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from chatbot.selectors import position_from
from knowledge.models import KnowledgeBase
from knowledge.requests import HtmxHttpRequest
from review import audit, figures, gaps, selectors
from review.access import conversation_for, desk, person
from review.models import AuditEvent, RetentionRun
from review.sheets import csv_text, download
from review.views.pages import chosen_assistant, mine, page_number, show

LOG_PAGE = 100


@require_GET
@desk()
def conversations(request: HtmxHttpRequest) -> HttpResponse:
    """All turns, the latest first, and a search over their words."""
    assistants, page = mine(request), page_number(request)
    chosen = chosen_assistant(request, assistants)
    text = request.GET.get("q", "").strip()[:200]
    rows, has_next = selectors.conversations([chosen] if chosen else assistants, text, page)
    context = {
        "rows": rows,
        "has_next": has_next,
        "q": text,
        "number": page,
        "assistants": assistants,
        "chosen": chosen,
    }
    return show(request, "conversations", context, part="turns_list" if "q" in request.GET else "")


@require_GET
@desk()
def conversation(request: HtmxHttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """One conversation from the last turn back."""
    found = conversation_for(person(request), conversation_id)
    audit.note(person(request), "read a conversation", assistant=found.assistant, target=found.pk)
    turns, earlier = selectors.conversation_turns(found, position_from(request.GET.get("before")), most=50)
    context = {
        "conversation": found,
        "turns": turns,
        "earlier": earlier,
        "may_edit_entries": request.user.has_perm("knowledge.view_entry"),
    }
    return show(request, "conversation", context)


@require_GET
@desk()
def gaps_page(request: HtmxHttpRequest) -> HttpResponse:
    """What is missing from the knowledge, and what in it needs a hand."""
    assistants = mine(request)
    chosen = chosen_assistant(request, assistants)
    those = [chosen] if chosen else assistants
    bases = list(KnowledgeBase.objects.filter(assistants__in=[one.pk for one in those]).distinct())
    context = {
        "assistants": assistants,
        "chosen": chosen,
        "unanswered": gaps.unanswered(those),
        "unused": gaps.unused(bases),
        "past_review": gaps.past_review(bases),
        "disliked": gaps.disliked(bases),
        "pairs": gaps.pairs(bases),
        "unused_days": gaps.UNUSED_DAYS,
        "may_edit_entries": request.user.has_perm("knowledge.change_entry"),
    }
    return show(request, "gaps", context)


@require_GET
@desk()
def figures_page(request: HtmxHttpRequest) -> HttpResponse:
    """What happened in a period, per assistant or for all."""
    assistants = mine(request)
    chosen, period = chosen_assistant(request, assistants), _period(request)
    those = [chosen] if chosen else assistants
    found = figures.figures(those, period)
    if request.GET.get("format") == "csv":
        audit.note(person(request), "export figures", assistant=chosen)
        rows = [
            [row.day.isoformat(), *(getattr(row, name) for name in figures.COUNTED), row.cost] for row in found.days
        ]
        name = f"figures-{timezone.localdate():%Y-%m-%d}.csv"
        return download(csv_text(["day", *figures.COUNTED, "cost"], rows), name)
    context = {
        "assistants": assistants,
        "chosen": chosen,
        "period": period,
        "periods": figures.PERIODS,
        "figures": found,
        "top_entries": figures.top_entries(those, period),
        "top_items": figures.top_items(those),
        "fixes": figures.fixes_done(those, period),
        "budgets": figures.budgets(those),
    }
    return show(request, "figures", context)


@require_GET
@desk()
def log(request: HtmxHttpRequest) -> HttpResponse:
    """What staff did, and what was deleted in its time; with the assistants that the person may read, and none."""
    keys = [one.pk for one in mine(request)]
    events = AuditEvent.objects.filter(assistant__in=keys) | AuditEvent.objects.filter(assistant=None)
    page = page_number(request)
    begin = (page - 1) * LOG_PAGE
    rows = list(events.select_related("assistant")[begin : begin + LOG_PAGE + 1])
    context = {
        "events": rows[:LOG_PAGE],
        "has_next": len(rows) > LOG_PAGE,
        "number": page,
        "retention": RetentionRun.objects.filter(assistant__in=keys).select_related("assistant")[:20],
    }
    return show(request, "log", context)


def _period(request: HtmxHttpRequest) -> int:
    wanted = request.GET.get("days", "")
    return next((days for days in figures.PERIODS if str(days) == wanted), 30)
