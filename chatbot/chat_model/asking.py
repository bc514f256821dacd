"""Asking the model: one request, at most one retry before its first word, every wait bounded."""

import asyncio
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import openai
from django.conf import settings

from chatbot.chat_model.calls import MAX_ANSWER_TOKENS, RUBBISH, Call, ChatModelError, Deadlines, Incoming, rubbish
from chatbot.prompts import ChatMessage
from knowledge.vector_store.circuit import Circuit

CONNECT_S = 5.0
MAX_RETRY_AFTER_S = 5.0
DEFAULT_RETRY_AFTER_S = 0.5
# A server that failed so often in a row is left alone for so long; visitors get the entry as it stands at once.
FAILURES, PAUSE_S = 3, 10.0
# And so long where a setting has to change first.
PERMANENT_PAUSE_S = 60.0
# Chunks as they came: making the SDK's own objects of them took a fifth of a web process's time.
Stream = openai.AsyncStream[object]

circuit = Circuit(PAUSE_S, after=FAILURES)
# A client has its connections and certificates, which take longer to load than a model's first word.
_clients: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[tuple[str, str], openai.AsyncOpenAI]]" = (
    weakref.WeakKeyDictionary()
)
# Servers that do not know `stream_options`.
_without_usage: set[str] = set()
_END = object()


def is_configured() -> bool:
    """Tell whether a model is named and there is somewhere to reach it."""
    return bool(settings.CHAT_MODEL and (settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL))


async def complete(
    messages: Sequence[ChatMessage], *, max_tokens: int, within_s: float, call: Call | None = None
) -> str:
    """Return a whole short answer that comes within so many seconds; raises ChatModelError."""
    try:
        async with asyncio.timeout(within_s), aclosing(stream_chat(messages, call=call, max_tokens=max_tokens)) as said:
            return "".join([piece async for piece in said])
    except TimeoutError:
        raise ChatModelError(f"The model did not give a short answer within {within_s:g} s.") from None


async def stream_chat(
    messages: Sequence[ChatMessage],
    *,
    call: Call | None = None,
    max_tokens: int = MAX_ANSWER_TOKENS,
    first_token_within_s: float | None = None,
) -> AsyncGenerator[str, None]:
    """Yield the answer's pieces, none of them empty; raises ChatModelError, also after some pieces were given."""
    call = Call() if call is None else call
    call.model = settings.CHAT_MODEL
    if circuit.is_open():
        raise ChatModelError("The model failed a moment ago and was not asked again yet.", counts=False)
    deadlines = Deadlines(settings.CHAT_FIRST_TOKEN_S if first_token_within_s is None else first_token_within_s)
    incoming = Incoming(call, "".join(message["content"] for message in messages))
    try:
        stream = await _open_stream(_Request(messages, max_tokens), deadlines, call)
        chunks = aiter(stream)
        async with _closed_to_the_ground(stream, chunks):
            while (chunk := await _next_chunk(chunks, deadlines)) is not _END:
                if piece := incoming.take(chunk):
                    deadlines.token_came()
                    yield piece
        incoming.check()
    except ChatModelError as error:
        if error.counts:
            circuit.failed(at_once_for_s=PERMANENT_PAUSE_S if error.permanent else None)
        raise
    finally:
        incoming.close()
    circuit.succeeded()


def _client() -> openai.AsyncOpenAI:
    """Return this event loop's client; another one where the settings have changed."""
    loop, wanted = asyncio.get_running_loop(), (settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL)
    known = _clients.get(loop)
    if known and known[0] == wanted:
        return known[1]
    client = openai.AsyncOpenAI(
        api_key=settings.OPENAI_API_KEY or "none",  # local servers need no key, but the client insists on one
        base_url=settings.OPENAI_BASE_URL or None,
        max_retries=0,
        timeout=openai.Timeout(settings.CHAT_TOTAL_S, connect=CONNECT_S),
    )
    _clients[loop] = wanted, client
    return client


class _Request:
    """What is sent: the same at the second try."""

    def __init__(self, messages: Sequence[ChatMessage], max_tokens: int) -> None:
        # OpenAI's own newer models refuse the old name of the limit; other servers may not know the new one.
        limit = "max_tokens" if settings.OPENAI_BASE_URL else "max_completion_tokens"
        self._body = {"model": settings.CHAT_MODEL, "messages": list(messages), "stream": True, limit: max_tokens}

    async def send(self) -> Stream:
        body: dict[str, Any] = dict(self._body)
        if settings.OPENAI_BASE_URL not in _without_usage:
            body["stream_options"] = {"include_usage": True}
        return await _client().post("/chat/completions", cast_to=object, body=body, stream=True, stream_cls=Stream)


async def _open_stream(request: _Request, deadlines: Deadlines, call: Call) -> Stream:
    """Ask, and once more where it may help; both within the deadline for the first word."""
    try:
        return await _ask(request, deadlines)
    except openai.APIError as error:
        pause_s = _retry_after_s(error)
        if pause_s is None or pause_s >= deadlines.left_s():
            raise _failure(error) from error
    await asyncio.sleep(pause_s)
    call.retries = 1
    try:
        return await _ask(request, deadlines)
    except openai.APIError as error:
        raise _failure(error) from error


async def _ask(request: _Request, deadlines: Deadlines) -> Stream:
    try:
        return await asyncio.wait_for(request.send(), deadlines.left_s())
    except TimeoutError:
        raise deadlines.passed() from None
    except RUBBISH as error:
        raise rubbish(error) from error


@asynccontextmanager
async def _closed_to_the_ground(stream: Stream, chunks: AsyncIterator[object]) -> AsyncGenerator[None, None]:
    """Close the stream, and end the generators that the SDK has inside each other, which closing it leaves waiting.

    Left to the garbage collector, the end of the event loop would close them twice.
    """
    try:
        yield
    finally:
        await stream.close()
        with suppress(openai.APIError, *RUBBISH):
            while await anext(chunks, _END) is not _END:
                pass


async def _next_chunk(chunks: AsyncIterator[object], deadlines: Deadlines) -> object:
    """Return `_END` at the end of the stream; every error is a ChatModelError."""
    try:
        async with asyncio.timeout(deadlines.left_s()):
            return await anext(chunks, _END)
    except TimeoutError:
        raise deadlines.passed() from None
    except openai.APIError as error:
        raise _failure(error) from error
    except RUBBISH as error:
        raise rubbish(error) from error


def _retry_after_s(error: openai.APIError) -> float | None:
    """Seconds after which to ask once more; None where that would not help or take too long."""
    if isinstance(error, openai.BadRequestError) and "stream_options" in str(error.message):
        _without_usage.add(settings.OPENAI_BASE_URL)
        return 0.0
    if isinstance(error, openai.APIConnectionError | openai.InternalServerError):
        return DEFAULT_RETRY_AFTER_S
    if not isinstance(error, openai.RateLimitError):
        return None
    try:
        wanted = float(error.response.headers.get("retry-after", DEFAULT_RETRY_AFTER_S))
    except ValueError:  # a date: no server asks so for a few seconds
        return None
    return wanted if 0 <= wanted <= MAX_RETRY_AFTER_S else None


def _failure(error: openai.APIError) -> ChatModelError:
    if not isinstance(error, openai.APIStatusError):
        return ChatModelError(f"The model's server did not answer properly: {error}")
    permanent = error.status_code < 500 and not isinstance(error, openai.RateLimitError)
    hint = " Check CHAT_MODEL, OPENAI_BASE_URL and OPENAI_API_KEY." if permanent else ""
    said = error.message[:300].rstrip(". ")
    return ChatModelError(
        f"The model's server refused with status {error.status_code}: {said}.{hint}", permanent=permanent
    )
