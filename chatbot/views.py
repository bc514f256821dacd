"""The chat page, its fragments and its event stream: parse, call a service or a selector, render."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HTMX_STOP_POLLING, HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from chatbot import contexts, limits, producing, rendering, replies, selectors, services
from chatbot.addresses import client_address
from chatbot.limits import LimitedError
from chatbot.models import Assistant, Message
from chatbot.questions import QuestionRefusedError, clean_question
from chatbot.streams import TooManyRepliesError
from chatbot.threads import in_thread
from chatbot.tickets import TicketExpiredError, read_ticket
from chatbot.visitors import remember_visitor, visitor_id

STREAM_HEADERS = {
    "Cache-Control": "no-cache, no-transform",
    "Content-Encoding": "identity",
    "X-Accel-Buffering": "no",
}
FEEDBACK = {"up": Message.Feedback.UP, "down": Message.Feedback.DOWN, "none": Message.Feedback.NONE}


class HtmxHttpRequest(HttpRequest):
    """A request that went through django-htmx's middleware."""

    htmx: HtmxDetails


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
def chat(request: HttpRequest, key: str) -> HttpResponse:
    """Show one assistant's chat with the visitor's conversation."""
    return _chat_page(request, _assistant(key))


@require_POST
@vary_on_headers("HX-Request")
async def ask(request: HtmxHttpRequest, key: str) -> HttpResponseBase:
    """Take a question: an exchange that streams for htmx, the finished page without it."""
    assistant = await sync_to_async(_assistant)(key)
    typed = request.POST.get("question", "")
    try:
        question = clean_question(typed)
    except QuestionRefusedError as error:
        return await sync_to_async(_refused)(request, assistant, typed, str(error))
    visitor = visitor_id(request) or uuid.uuid4()
    try:
        await in_thread(limits.take)(str(visitor), client_address(request))
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
        await _wait_for(pending)
        response = _see_other(f"{_chat_url(assistant)}#m-{pending.pk}")
    if visitor_id(request) is None:
        remember_visitor(response, visitor)
    return response


@require_GET
async def stream(request: HttpRequest, ticket: str) -> HttpResponseBase:
    """Stream a reply while it is made; a ticket that is too old still shows what was stored."""
    try:
        reply_id = await in_thread(_reply_id)(ticket)
        producing.ensure_started(reply_id)
    except TicketExpiredError as expired:
        done = await in_thread(rendering.done_frame)(request, expired.reply_id)
        if done is None:
            raise Http404("This reply is gone.") from None
        return _event_stream(_only(done))
    except TooManyRepliesError:
        return HttpResponse("Too many answers are being written. Try again in a minute.", status=503)
    return _event_stream(_made_events(request, reply_id))


@require_GET
@never_cache
@vary_on_headers("HX-Request")
async def reply(request: HtmxHttpRequest, ticket: str) -> HttpResponse:
    """Return a reply's article and see to it that it is made; with 286 htmx stops polling."""
    try:
        reply_id = await in_thread(_reply_id)(ticket)
        producing.ensure_started(reply_id)
    except TicketExpiredError as expired:
        reply_id = expired.reply_id
    except TooManyRepliesError:
        return HttpResponse("Too many answers are being written. Try again in a minute.", status=503)
    return await sync_to_async(_article)(request, reply_id)


@require_POST
@vary_on_headers("HX-Request")
def feedback(request: HtmxHttpRequest, reply_id: uuid.UUID) -> HttpResponse:
    """Note a thumb, up, down or taken back, of the visitor who got the reply."""
    judged = selectors.finished_reply_of(visitor_id(request), reply_id)
    if judged is None:
        raise Http404("There is no such reply in your conversations.")
    value = FEEDBACK.get(request.POST.get("value", ""))
    if value is None:
        return HttpResponseBadRequest("Send up, down or none.")
    services.give_feedback(judged, value)
    if request.htmx:
        return render(request, "chatbot/_feedback.html", {"reply": judged})
    return _see_other(f"{_chat_url(judged.conversation.assistant)}#m-{judged.pk}")


@require_POST
@vary_on_headers("HX-Request")
def start_over(request: HtmxHttpRequest, key: str) -> HttpResponse:
    """End the visitor's conversation and show an empty page."""
    assistant = _assistant(key)
    visitor = visitor_id(request)
    if visitor:
        services.start_over(assistant=assistant, visitor_id=visitor)
    if request.htmx:
        return HttpResponseClientRedirect(_chat_url(assistant))
    return _see_other(_chat_url(assistant))


@require_GET
@never_cache
def source(request: HttpRequest, citation_id: uuid.UUID) -> HttpResponse:
    """Show an entry as it was quoted to this visitor, and what became of it since."""
    citation = selectors.source_for(visitor_id(request), request.user, citation_id)
    if citation is None:
        raise Http404("There is no such source in your conversations.")
    return render(request, "chatbot/source.html", {"source": contexts.source_page(citation)})


def _assistant(key: str) -> Assistant:
    assistant = selectors.assistant_by_key(key)
    if assistant is None:
        raise Http404("There is no assistant at this address.")
    return assistant


def _reply_id(ticket: str) -> uuid.UUID:
    reply_id = read_ticket(ticket)
    if reply_id is None or not replies.exists(reply_id):
        raise Http404("There is no such reply.")
    return reply_id


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _chat_page(
    request: HttpRequest, assistant: Assistant, *, typed: str = "", form_error: str = "", status: int = 200
) -> HttpResponse:
    conversation = selectors.open_conversation(assistant, visitor_id(request))
    context = {
        "assistant": assistant,
        "conversation": conversation,
        "turns": contexts.turns(selectors.messages_of(conversation)) if conversation else [],
        "typed": typed,
        "form_error": form_error,
        "notice": contexts.model_notice(getattr(request.user, "is_staff", False)),
    }
    return render(request, "chatbot/chat.html", context, status=status)


async def _wait_for(pending: Message) -> None:
    try:
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


def _article(request: HtmxHttpRequest, reply_id: uuid.UUID) -> HttpResponse:
    found = selectors.reply_with_question(reply_id)
    if found is None:
        raise Http404("This reply is gone.")
    view = contexts.reply_view(*found)
    context = {"assistant": view.message.conversation.assistant, "reply": view}
    status = HTMX_STOP_POLLING if request.htmx and not view.pending else 200
    return render(request, "chatbot/_reply.html", context, status=status)


def _chat_url(assistant: Assistant) -> str:
    return reverse("chatbot:chat", args=[assistant.public_key])


def _see_other(url: str) -> HttpResponse:
    return HttpResponseRedirect(url, status=303)


def _event_stream(frames: AsyncGenerator[str, None]) -> StreamingHttpResponse:
    return StreamingHttpResponse(frames, content_type="text/event-stream", headers=STREAM_HEADERS)


async def _made_events(request: HttpRequest, reply_id: uuid.UUID) -> AsyncGenerator[str, None]:
    # What the middleware read for a signed-in visitor left a connection open; the stream may last a minute.
    await sync_to_async(close_old_connections)()
    async with aclosing(rendering.page_events(request, reply_id, _last_event(request))) as frames:
        async for frame in frames:
            yield frame


def _last_event(request: HttpRequest) -> int:
    number = request.headers.get("Last-Event-ID", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0


async def _only(frame: str) -> AsyncGenerator[str, None]:
    yield frame
