"""One reply: its stream, its article, and what its reader may do with it."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.db import close_old_connections
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HTMX_STOP_POLLING

from chatbot import contexts, producing, rendering, selectors, services, streams
from chatbot.models import Message
from chatbot.places import place_of, supported
from chatbot.streams import TooManyRepliesError
from chatbot.threads import in_thread
from chatbot.tickets import TicketExpiredError
from chatbot.views.doors import Visit, is_from_here
from chatbot.views.responses import reply_id_of, see_other
from knowledge.requests import HtmxHttpRequest

STREAM_HEADERS = {
    "Cache-Control": "no-cache, no-transform",
    "Content-Encoding": "identity",
    "X-Accel-Buffering": "no",
}
FEEDBACK_LENGTH = 1_000
FEEDBACK = {"up": Message.Feedback.UP, "down": Message.Feedback.DOWN, "none": Message.Feedback.NONE}


@require_GET
async def stream(request: HttpRequest, ticket: str) -> HttpResponseBase:
    """Stream a reply while it is made; a ticket that is too old still shows what was stored."""
    try:
        reply_id = await in_thread(reply_id_of)(ticket)
        producing.ensure_started(reply_id)
    except TicketExpiredError as expired:
        done = await in_thread(rendering.done_frame)(request, expired.reply_id, _chosen(request))
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
        reply_id = await in_thread(reply_id_of)(ticket)
        producing.ensure_started(reply_id)
        streams.touch(reply_id)
    except TicketExpiredError as expired:
        reply_id = expired.reply_id
    except TooManyRepliesError:
        return HttpResponse("Too many answers are being written. Try again in a minute.", status=503)
    return await sync_to_async(_article)(request, reply_id)


@csrf_exempt  # it rests on a ticket and on no cookie
@require_POST
@vary_on_headers("HX-Request")
async def stop(request: HtmxHttpRequest, ticket: str) -> HttpResponse:
    """End a reply that is being written; a finished one stays as it is."""
    if not is_from_here(request):
        raise PermissionDenied("This request does not come from the chat itself.")
    try:
        reply_id = await in_thread(reply_id_of)(ticket)
    except TicketExpiredError as expired:
        reply_id = expired.reply_id
    await producing.stop(reply_id)
    if request.htmx:
        return HttpResponse(status=204)
    await producing.wait_for(reply_id)
    return await sync_to_async(_back_to)(request, reply_id)


@require_POST
@vary_on_headers("HX-Request")
def feedback(request: HtmxHttpRequest, visit: Visit, reply_id: uuid.UUID) -> HttpResponse:
    """Note a thumb, up, down or taken back, or the reason for one, of the visitor who got the reply."""
    judged = selectors.finished_reply_of(visit.assistant, visit.visitor.id if visit.visitor else None, reply_id)
    if judged is None:
        raise Http404("There is no such reply in your conversations.")
    reason, value = request.POST.get("reason"), FEEDBACK.get(request.POST.get("value", ""))
    if reason is not None and reason in ("", *Message.Reason.values):
        services.give_reason(judged, reason, _told(request))
    elif value is not None:
        services.give_feedback(judged, value)
    else:
        return HttpResponseBadRequest("Send up, down or none, or one of the reasons.")
    if request.htmx:
        view = contexts.reply_view(judged, judged, visit.place)
        thanked = {"place": visit.place, "reply": view, "thanked": reason is not None}
        return render(request, "chatbot/_feedback.html", thanked)
    return see_other(f"{visit.place.chat_url}#m-{judged.pk}")


def _told(request: HttpRequest) -> str:
    """What a visitor wrote beside a reason, as text and no more of it than is read."""
    text = "".join(c for c in request.POST.get("text", "")[:FEEDBACK_LENGTH] if c.isprintable() or c == "\n")
    return text.strip()


def _chosen(request: HttpRequest) -> str:
    return supported(request.GET.get("lang", "")[:20])


def _article(request: HtmxHttpRequest, reply_id: uuid.UUID) -> HttpResponse:
    found = selectors.reply_with_question(reply_id)
    if found is None:
        raise Http404("This reply is gone.")
    place = place_of(found[1].conversation, _chosen(request))
    with translation.override(place.language):
        view = contexts.reply_view(*found, place)
        status = HTMX_STOP_POLLING if request.htmx and not view.pending else 200
        return render(request, "chatbot/_reply.html", {"place": place, "reply": view}, status=status)


def _event_stream(frames: AsyncGenerator[str, None]) -> StreamingHttpResponse:
    return StreamingHttpResponse(frames, content_type="text/event-stream", headers=STREAM_HEADERS)


async def _made_events(request: HttpRequest, reply_id: uuid.UUID) -> AsyncGenerator[str, None]:
    # What the middleware read for a signed-in visitor left a connection open; the stream may last a minute.
    await sync_to_async(close_old_connections)()
    async with aclosing(rendering.page_events(request, reply_id, _last_event(request), _chosen(request))) as frames:
        async for frame in frames:
            yield frame


def _last_event(request: HttpRequest) -> int:
    number = request.headers.get("Last-Event-ID", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0


async def _only(frame: str) -> AsyncGenerator[str, None]:
    yield frame


def _back_to(request: HttpRequest, reply_id: uuid.UUID) -> HttpResponse:
    found = selectors.reply_with_question(reply_id)
    if found is None:
        raise Http404("This reply is gone.")
    return see_other(f"{place_of(found[1].conversation, _chosen(request)).chat_url}#m-{reply_id}")
