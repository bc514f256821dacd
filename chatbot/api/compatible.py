"""OpenAI's protocol, where the model is an assistant: its clients work unchanged, with a base URL of ours."""

import json
import re
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from chatbot.api import asking
from chatbot.api.access import key_of
from chatbot.api.chat_request import ChatRequest, RequestError, read_request
from chatbot.api.errors import error_response
from chatbot.api.native import STREAM_HEADERS
from chatbot.api.schemas import reply_data
from chatbot.events import Finished, Token
from chatbot.limits import LimitedError
from chatbot.models import ApiKey, Assistant, Message
from chatbot.prompts import estimate_tokens
from chatbot.questions import QuestionRefusedError
from chatbot.streams import TooManyRepliesError

# What was sent cannot be taken back in this protocol: where the guard replaces it, this stands between.
REPLACED = "\n\n---\n\n"
_MARK = re.compile(r"\[(\d{1,3}(?:, \d{1,3})*)\]")


def keyed(view: Any) -> Any:
    """Let only those in who bring a key, and turn what goes wrong into OpenAI's errors."""

    @csrf_exempt
    @wraps(view)
    async def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = await key_of(request)
        if key is None:
            return error_response(
                request, 401, "Incorrect API key provided. Staff make keys in the admin.", code="invalid_api_key"
            )
        try:
            return await view(request, key, *args, **kwargs)  # type: ignore[no-any-return]
        except RequestError as error:
            return error_response(request, error.status, str(error), code=error.code, field=error.field)
        except QuestionRefusedError as error:
            return error_response(request, 400, str(error), field="messages")
        except RequestDataTooBig:
            return error_response(request, 413, "The request is larger than 2.5 MB.")
        except LimitedError as error:
            response = error_response(request, 429, str(error), code="rate_limit_exceeded")
            response.headers["Retry-After"] = str(error.retry_after_s)
            return response
        except TooManyRepliesError:
            return error_response(request, 503, "Too many answers are being written. Try again in a minute.")

    return answer


@require_GET
@keyed
async def models(request: HttpRequest, key: ApiKey) -> HttpResponseBase:  # noqa: ARG001
    """List the key's assistant, the one model there is."""
    return JsonResponse({"object": "list", "data": [_model(key.assistant)]})


@require_GET
@keyed
async def model(request: HttpRequest, key: ApiKey, name: str) -> HttpResponseBase:  # noqa: ARG001
    """Return the key's assistant by its public key."""
    _check_model(name, key.assistant)
    return JsonResponse(_model(key.assistant))


@require_POST
@keyed
async def chat_completions(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """Answer the last user message; the turns before it are what a follow-up refers to."""
    asked = read_request(request.body)
    _check_model(asked.model, key.assistant)
    reply = await asking.ask(key, asked.question, user=asked.user, history=asked.history)
    if asked.stream:
        frames = _frames(asked, reply.pk)
        return StreamingHttpResponse(frames, content_type="text/event-stream", headers=STREAM_HEADERS)
    return JsonResponse(_completion(asked, await asking.finished(reply.pk)))


def _check_model(name: str, assistant: Assistant) -> None:
    if name not in {assistant.public_key, assistant.name}:
        raise RequestError(
            f"The model “{name[:100]}” does not exist or this key may not use it. Use {assistant.public_key}.",
            status=404,
            code="model_not_found",
            field="model",
        )


def _model(assistant: Assistant) -> dict[str, Any]:
    created = int(assistant.created_at.timestamp())
    return {"id": assistant.public_key, "object": "model", "created": created, "owned_by": "candor"}


def _completion(asked: ChatRequest, reply: Message) -> dict[str, Any]:
    data = reply_data(reply)
    message = {"role": "assistant", "content": reply.text, "refusal": None, "annotations": _annotations(reply, data)}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {
        "id": _id(reply.pk),
        "object": "chat.completion",
        "created": int(reply.created_at.timestamp()),
        "model": asked.model,
        "choices": [choice],
        "usage": _usage(asked, reply),
        "candor": _plain(data),
    }


def _annotations(reply: Message, data: dict[str, Any]) -> list[dict[str, Any]]:
    """Name the source of each mark, where it stands; a quoted entry has no marks, and is cited as a whole."""
    sources = {source["number"]: source for source in data["citations"]}
    marks = [(m.start(), m.end(), int(n)) for m in _MARK.finditer(reply.text) for n in m[1].split(", ")]
    if reply.outcome == Message.Outcome.QUOTE:
        marks = [(0, len(reply.text), number) for number in sources]
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": start,
                "end_index": end,
                "title": sources[number]["question"],
                "url": sources[number]["url"],
            },
        }
        for start, end, number in marks
        if number in sources
    ]


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """What OpenAI's protocol has no place for."""
    return {name: data[name] for name in ("id", "status", "outcome", "confidence", "support", "citations", "offers")}


def _usage(asked: ChatRequest, reply: Message) -> dict[str, int]:
    """What the model used, where one was asked; else an estimate of what was asked and answered."""
    call = reply.trace.get("call") or {}
    tokens_in = int(call.get("prompt_tokens") or estimate_tokens(asked.question))
    tokens_out = int(call.get("completion_tokens") or estimate_tokens(reply.text))
    return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}


async def _frames(asked: ChatRequest, reply_id: uuid.UUID) -> AsyncGenerator[str, None]:
    created, sent = int(time.time()), ""

    def chunk(delta: dict[str, Any], finish_reason: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        whole = {"id": _id(reply_id), "object": "chat.completion.chunk", "created": created, "model": asked.model}
        return _frame(whole | {"choices": [choice]} | more)

    yield chunk({"role": "assistant", "content": ""})
    async with aclosing(asking.events(reply_id)) as numbered:
        async for one in numbered:
            if one is None:
                yield ": still here\n\n"
            elif isinstance(one[1], Token):
                sent += one[1].text
                yield chunk({"content": one[1].text})
            elif isinstance(one[1], Finished):
                break
    reply = await asking.finished(reply_id)
    if rest := _rest(sent, reply.text):
        yield chunk({"content": rest})
    data = reply_data(reply)
    yield chunk({"annotations": _annotations(reply, data)}, "stop", candor=_plain(data))
    if asked.include_usage:
        yield _frame(
            {
                "id": _id(reply_id),
                "object": "chat.completion.chunk",
                "created": created,
                "model": asked.model,
                "choices": [],
                "usage": _usage(asked, reply),
            }
        )
    yield "data: [DONE]\n\n"


def _rest(sent: str, text: str) -> str:
    """What is still to be sent: the rest of the answer, or all of the one that takes the place of what was sent."""
    if text.startswith(sent.strip()) and sent.strip():
        return text[len(sent.lstrip()) :]
    return f"{REPLACED}{text}" if sent.strip() else text


def _frame(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, default=str)}\n\n"


def _id(reply_id: uuid.UUID) -> str:
    return f"chatcmpl-{reply_id.hex}"
