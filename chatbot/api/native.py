"""Our own API: ask, judge, read again. Its description is at /api/docs."""

import json
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse, StreamingHttpResponse
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from chatbot import producing, selectors, services
from chatbot.api import asking
from chatbot.api.access import key_of
from chatbot.api.errors import error_response
from chatbot.api.schemas import Error, Feedback, History, Question, Reply, reply_data
from chatbot.events import Cited, Event, Finished, Status, Token
from chatbot.limits import LimitedError
from chatbot.models import ApiKey, Message
from chatbot.questions import QuestionRefusedError
from chatbot.streams import TooManyRepliesError
from chatbot.threads import in_thread

STREAM_HEADERS = {
    "Cache-Control": "no-cache, no-transform",
    "Content-Encoding": "identity",
    "X-Accel-Buffering": "no",
}
EVENT_NAMES: dict[type[Event], str] = {Status: "status", Token: "token", Cited: "citation", Finished: "done"}
MOST_TURNS = 100
VALUES = {"up": Message.Feedback.UP, "down": Message.Feedback.DOWN, "none": Message.Feedback.NONE}


class KeyAuth(HttpBearer):
    """A key that staff made for one assistant in the admin."""

    async def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:  # noqa: ARG002
        """Return the key; None is a 401."""
        return await key_of(request)


class KeyedRequest(HttpRequest):
    """A request that was let in."""

    auth: ApiKey


api = NinjaAPI(
    title="Candor",
    version="1",
    description="Ask an assistant, judge its answers, read a conversation again. One key asks one assistant.",
    auth=KeyAuth(),
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url="/docs",
    default_router=Router(tags=["Questions and answers"]),
)
ERRORS = {401: Error, 404: Error, 422: Error, 429: Error, 503: Error}


@api.post("/ask", response={200: Reply, **ERRORS}, summary="Ask a question")
async def ask(request: KeyedRequest, data: Question) -> Any:
    """Answer in one piece, or as events where `stream` is true or the request accepts `text/event-stream`."""
    conversation = None
    if data.conversation_id:
        conversation = await in_thread(selectors.api_conversation)(request.auth.assistant, data.conversation_id)
        if conversation is None:
            raise HttpError(404, "This key has no such conversation.")
    reply = await asking.ask(
        request.auth, data.question, user=data.user, conversation=conversation, entry_id=data.entry_id
    )
    if data.stream or "text/event-stream" in request.headers.get("Accept", ""):
        return _stream(reply.pk, 0)
    return reply_data(await asking.finished(reply.pk))


@api.get("/replies/{uuid:reply_id}", response={200: Reply, **ERRORS}, summary="Read a reply again")
async def read_reply(request: KeyedRequest, reply_id: uuid.UUID) -> Any:
    """Return a reply as it is now, pending or finished."""
    return reply_data(await _mine(request, reply_id))


@api.get("/replies/{uuid:reply_id}/events", summary="Follow a reply", response={200: None, **ERRORS})
async def follow_reply(request: KeyedRequest, reply_id: uuid.UUID) -> Any:
    """Stream a reply's events, those after `Last-Event-ID` where it is sent: none is lost or doubled."""
    await _mine(request, reply_id)
    last = request.headers.get("Last-Event-ID", "")
    return _stream(reply_id, int(last) if last.isascii() and last.isdigit() and len(last) < 10 else 0)


@api.post("/replies/{uuid:reply_id}/stop", response={200: Reply, **ERRORS}, summary="Stop a reply")
async def stop_reply(request: KeyedRequest, reply_id: uuid.UUID) -> Any:
    """End a reply that is being written; what was written stays. A finished one is returned as it is."""
    await _mine(request, reply_id)
    await producing.stop(reply_id)
    return reply_data(await asking.finished(reply_id))


@api.post("/replies/{uuid:reply_id}/feedback", response={200: Reply, **ERRORS}, summary="Judge a reply")
async def judge_reply(request: KeyedRequest, reply_id: uuid.UUID, data: Feedback) -> Any:
    """Note whether an answer helped."""
    reply = await _mine(request, reply_id)
    if reply.status == Message.Status.PENDING:
        raise HttpError(422, "This reply is not finished yet. Judge it when it is.")
    await in_thread(services.give_feedback)(reply, VALUES[data.value])
    return reply_data(reply)


@api.get("/conversations/{uuid:conversation_id}", response={200: History, **ERRORS}, summary="Read a conversation")
async def read_conversation(
    request: KeyedRequest, conversation_id: uuid.UUID, before: int | None = None, limit: int = 20
) -> Any:
    """Return the last turns of a conversation, or those before a position, at most 100."""
    conversation = await in_thread(selectors.api_conversation)(request.auth.assistant, conversation_id)
    if conversation is None:
        raise HttpError(404, "This key has no such conversation.")
    most = min(max(limit, 1), MOST_TURNS)
    page = await in_thread(selectors.turns_before)(conversation, before, most)
    turns = [{"position": q.position, "question": q.text, "reply": reply_data(r) if r else None} for q, r in page.turns]
    return {"conversation_id": conversation.pk, "turns": turns, "before": page.before}


async def _mine(request: KeyedRequest, reply_id: uuid.UUID) -> Message:
    reply = await in_thread(selectors.api_reply)(request.auth.assistant, reply_id)
    if reply is None:
        raise HttpError(404, "This key has no such reply.")
    return reply


def _stream(reply_id: uuid.UUID, after: int) -> StreamingHttpResponse:
    return StreamingHttpResponse(_frames(reply_id, after), content_type="text/event-stream", headers=STREAM_HEADERS)


async def _frames(reply_id: uuid.UUID, after: int) -> AsyncGenerator[str, None]:
    ended = False
    async with aclosing(asking.events(reply_id, after)) as numbered:
        async for one in numbered:
            if one is None:
                yield ": still here\n\n"
                continue
            number, event = one
            ended = isinstance(event, Finished)
            data = reply_data(await asking.stored(reply_id)) if ended else asdict(event)
            yield f"id: {number}\nevent: {EVENT_NAMES[type(event)]}\ndata: {json.dumps(data, default=str)}\n\n"
    if not ended:
        # Whoever has seen the last event and asks again is told once more that it was the last.
        data = reply_data(await asking.finished(reply_id))
        yield f"event: done\ndata: {json.dumps(data, default=str)}\n\n"


@api.exception_handler(AuthenticationError)
def _unknown_key(request: HttpRequest, _: AuthenticationError) -> JsonResponse:
    return error_response(request, 401, "Send a key of this site: Authorization: Bearer cnd_… (staff make them).")


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> JsonResponse:
    message = str(error)
    if message.startswith("Cannot parse request body"):
        message = "The body is not valid JSON."
    return error_response(request, error.status_code, message)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> JsonResponse:
    first = error.errors[0]
    place = [str(part) for part in first["loc"] if part not in {"body", "data", "path", "query"}]
    field = ".".join(place) or None
    message = f"{field}: {first['msg']}." if field else f"{first['msg']}."
    return error_response(request, 422, message, field=field)


@api.exception_handler(QuestionRefusedError)
def _question_refused(request: HttpRequest, error: QuestionRefusedError) -> JsonResponse:
    return error_response(request, 422, str(error), field="question")


@api.exception_handler(LimitedError)
def _limited(request: HttpRequest, error: LimitedError) -> JsonResponse:
    response = error_response(request, 429, str(error))
    response.headers["Retry-After"] = str(error.retry_after_s)
    return response


@api.exception_handler(TooManyRepliesError)
def _busy(request: HttpRequest, _: TooManyRepliesError) -> JsonResponse:
    return error_response(request, 503, "Too many answers are being written. Try again in a minute.")


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, _: RequestDataTooBig) -> JsonResponse:
    return error_response(request, 413, "The request is larger than 2.5 MB.")


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, _: Http404) -> JsonResponse:
    return error_response(request, 404, "There is nothing at this address.")
