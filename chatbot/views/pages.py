"""The chat page and what is asked and left on it: parse, call a service or a selector, render."""

import uuid

from asgiref.sync import sync_to_async
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from chatbot import contexts, limits, producing, replies, selectors, services
from chatbot.addresses import client_address
from chatbot.limits import LimitedError
from chatbot.models import Assistant, Citation, Conversation, Message
from chatbot.questions import QuestionRefusedError, clean_question
from chatbot.streams import TooManyRepliesError
from chatbot.threads import in_thread
from chatbot.tickets import read_source_ticket
from chatbot.views.responses import assistant_of, chat_url, see_other
from chatbot.visitors import remember_visitor, visitor_id
from knowledge.requests import HtmxHttpRequest


@require_GET
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Show the default assistant's chat, or what to do where there is no assistant."""
    assistant = selectors.default_assistant()
    if assistant is None:
        return render(request, "chatbot/no_assistant.html")
    return _chat_page(request, assistant)


@require_GET
@never_cache
@vary_on_headers("HX-Request")
def chat(request: HtmxHttpRequest, key: str) -> HttpResponse:
    """Show one assistant's chat with the visitor's conversation: its end, or what was said before a position."""
    assistant, before = assistant_of(key), selectors.position_from(request.GET.get("before"))
    if before is None or not request.htmx or request.htmx.history_restore_request:
        return _chat_page(request, assistant, before=before)
    conversation = selectors.open_conversation(assistant, visitor_id(request))
    return render(request, "chatbot/_earlier.html", {"assistant": assistant, **_turns(conversation, before)})


@require_POST
@vary_on_headers("HX-Request")
async def ask(request: HtmxHttpRequest, key: str) -> HttpResponseBase:
    """Take a question: an exchange that streams for htmx, the finished page without it."""
    assistant = await sync_to_async(assistant_of)(key)
    typed = request.POST.get("question", "")
    try:
        question = clean_question(typed)
    except QuestionRefusedError as error:
        return await sync_to_async(_refused)(request, assistant, typed, str(error))
    visitor = visitor_id(request) or uuid.uuid4()
    try:
        await limits.atake(str(visitor), client_address(request))
    except LimitedError as error:
        refused = await sync_to_async(_refused)(request, assistant, typed, str(error), status=429)
        refused.headers["Retry-After"] = str(error.retry_after_s)
        return refused
    asked, pending = await sync_to_async(services.ask)(
        assistant=assistant, visitor_id=visitor, question=question, entry_id=_uuid(request.POST.get("entry", ""))
    )
    if request.htmx:
        response = await sync_to_async(_exchange)(request, assistant, asked, pending)
    else:
        await _wait_for(asked, pending)
        response = see_other(f"{chat_url(assistant)}#m-{pending.pk}")
    if visitor_id(request) is None:
        remember_visitor(response, visitor)
    return response


@require_POST
@vary_on_headers("HX-Request")
def start_over(request: HtmxHttpRequest, key: str) -> HttpResponse:
    """End the visitor's conversation and show an empty page."""
    assistant = assistant_of(key)
    visitor = visitor_id(request)
    if visitor:
        services.start_over(assistant=assistant, visitor_id=visitor)
    if request.htmx:
        return HttpResponseClientRedirect(chat_url(assistant))
    return see_other(chat_url(assistant))


@require_GET
@never_cache
def source(request: HttpRequest, citation_id: uuid.UUID) -> HttpResponse:
    """Show an entry as it was quoted to this visitor, and what became of it since."""
    return _source_page(request, selectors.source_for(visitor_id(request), request.user, citation_id))


@require_GET
@never_cache
def cited(request: HttpRequest, ticket: str) -> HttpResponse:
    """Show a source to whoever holds a ticket for it: the API hands them out."""
    citation_id = read_source_ticket(ticket)
    return _source_page(request, selectors.source_by_id(citation_id) if citation_id else None)


def _source_page(request: HttpRequest, citation: Citation | None) -> HttpResponse:
    if citation is None:
        raise Http404("There is no such source in your conversations.")
    return render(request, "chatbot/source.html", {"source": contexts.source_page(citation)})


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _chat_page(
    request: HttpRequest,
    assistant: Assistant,
    *,
    before: int | None = None,
    typed: str = "",
    form_error: str = "",
    status: int = 200,
) -> HttpResponse:
    conversation = selectors.open_conversation(assistant, visitor_id(request))
    context = {
        "assistant": assistant,
        "conversation": conversation,
        **_turns(conversation, before),
        "typed": typed,
        "form_error": form_error,
        "notice": contexts.model_notice(getattr(request.user, "is_staff", False)),
    }
    return render(request, "chatbot/chat.html", context, status=status)


def _turns(conversation: Conversation | None, before: int | None) -> dict[str, object]:
    if conversation is None:
        return {"turns": [], "earlier": None, "before": None}
    page = selectors.turns_before(conversation, before)
    return {"turns": [contexts.turn_of(*turn) for turn in page.turns], "earlier": page.before, "before": before}


async def _wait_for(asked: Message, pending: Message) -> None:
    try:
        producing.ensure_started(pending.pk, (asked, pending))
        await producing.wait_for(pending.pk)
    except TooManyRepliesError as error:
        await in_thread(replies.fail)(pending.pk, str(error))


def _refused(
    request: HtmxHttpRequest, assistant: Assistant, typed: str, form_error: str, *, status: int = 422
) -> HttpResponse:
    if not request.htmx:
        return _chat_page(request, assistant, typed=typed, form_error=form_error, status=status)
    context = {"assistant": assistant, "typed": typed, "form_error": form_error}
    return render(request, "chatbot/_ask_form.html", context, status=status)


def _exchange(request: HttpRequest, assistant: Assistant, asked: Message, pending: Message) -> HttpResponse:
    turn = contexts.Turn(asked, contexts.reply_view(asked, pending))
    return render(request, "chatbot/_exchange.html", {"assistant": assistant, "turn": turn})
