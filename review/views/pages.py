"""What all pages of the desk have: the sections that somebody may see, and a page or its part."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from chatbot.models import Assistant
from knowledge.requests import HtmxHttpRequest
from review.access import MAY_WORK, assistants_of, person

SECTIONS = [
    ("queue", "Queue"),
    ("conversations", "Conversations"),
    ("golden", "Golden questions"),
    ("gaps", "Gaps"),
    ("figures", "Figures"),
    ("people", "People"),
    ("log", "Log"),
]


def show(
    request: HtmxHttpRequest, name: str, context: dict[str, Any], *, part: str = "", status: int = 200
) -> HttpResponse:
    """Render `review/name.html`, or for htmx `review/_part.html`; a part alone where only that was asked for."""
    context = {"sections": SECTIONS, "may_work": request.user.has_perm(MAY_WORK), **context}
    if part and request.htmx and not request.htmx.history_restore_request:
        return render(request, f"review/_{part}.html", context, status=status)
    return render(request, f"review/{name}.html", context, status=status)


def chosen_assistant(request: HtmxHttpRequest, assistants: list[Assistant]) -> Assistant | None:
    """Return the assistant that the address names, if it is one of these; None for all of them."""
    wanted = request.GET.get("assistant", "")
    return next((one for one in assistants if str(one.pk) == wanted), None)


def mine(request: HtmxHttpRequest) -> list[Assistant]:
    """Return the assistants whose conversations the person may read."""
    return assistants_of(person(request))


def page_number(request: HtmxHttpRequest) -> int:
    """Return the page that the address names; 1 for nonsense."""
    text = request.GET.get("page", "")
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 6 else 1
