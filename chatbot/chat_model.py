"""The language model, reached through any OpenAI-compatible server: the only place of the chat that imports openai.

The SDK waits too long, retries at will and takes a broken stream for an answer, so the deadlines, the one retry and
the judgement of what counts as an answer are ours.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

import openai
from django.conf import settings
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

from chatbot.prompts import ChatMessage
from knowledge.vector_store.circuit import Circuit

CONNECT_S = 5.0
BETWEEN_TOKENS_S = 15.0
MAX_ANSWER_BYTES = 16 * 1024
MAX_ANSWER_TOKENS = 1_000
MAX_RETRY_AFTER_S = 5.0
DEFAULT_RETRY_AFTER_S = 0.5
# A server that just failed is left alone for so long; visitors get the entry as it stands at once.
PAUSE_S = 10.0
# The finish reasons that mean "cut off": half an answer can be a wrong one.
CUT_OFF = {"length": "it grew longer than 1,000 tokens", "content_filter": "the model's content filter stopped it"}
# What a reply of the wrong shape, encoding or syntax makes the SDK raise.
_RUBBISH = (ValueError, TypeError, AttributeError, LookupError)

circuit = Circuit(PAUSE_S)


class ChatModelError(Exception):
    """No complete answer came; the message is for staff. `permanent`: it stays so until a setting changes."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason[:500])
        self.permanent = permanent


@dataclass
class Call:
    """What one call of the model came to, filled in as it goes; tokens are estimated unless the server counted them."""

    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = True
    retries: int = 0
    finish_reason: str = ""
    first_token_ms: float | None = None
    total_ms: float = 0.0


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
        raise ChatModelError("The model failed a moment ago and was not asked again yet.")
    deadlines = _Deadlines(settings.CHAT_FIRST_TOKEN_S if first_token_within_s is None else first_token_within_s)
    async with _client() as client:
        answer = _Answer()
        try:
            stream = await _open_stream(client, messages, deadlines, max_tokens)
            chunks = aiter(stream)
            while (chunk := await _next_chunk(chunks, deadlines)) is not None:
                if piece := answer.take(chunk):
                    deadlines.token_came()
                    yield piece
        except ChatModelError:
            if not answer.size:
                circuit.failed()
            raise
    answer.check()
    circuit.succeeded()


def _client() -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        api_key=settings.OPENAI_API_KEY or "none",  # local servers need no key, but the client insists on one
        base_url=settings.OPENAI_BASE_URL or None,
        max_retries=0,
        timeout=openai.Timeout(settings.CHAT_TOTAL_S, connect=CONNECT_S),
    )


class _Deadlines:
    """When waiting for the next piece must end."""

    def __init__(self, first_token_s: float) -> None:
        now = time.monotonic()
        self._end = now + settings.CHAT_TOTAL_S
        self._next = now + first_token_s
        self._waits_for = f"first word within {first_token_s:.3g} s"

    def token_came(self) -> None:
        self._next = time.monotonic() + BETWEEN_TOKENS_S
        self._waits_for = f"next word within {BETWEEN_TOKENS_S:g} s"

    def left_s(self) -> float:
        return max(min(self._next, self._end) - time.monotonic(), 0.0)

    def passed(self) -> ChatModelError:
        whole = time.monotonic() >= self._end
        missed = f"whole answer within {settings.CHAT_TOTAL_S} s" if whole else self._waits_for
        return ChatModelError(f"The model did not give its {missed}.")


class _Answer:
    """What has come so far, and whether it may count as an answer."""

    def __init__(self) -> None:
        self.size = 0
        self._finish_reason = ""

    def take(self, chunk: ChatCompletionChunk) -> str:
        """Return the chunk's text, "" where it has none; raises ChatModelError where it is too much or no chunk."""
        try:
            choice = chunk.choices[0] if chunk.choices else None
            self._finish_reason = (choice.finish_reason if choice else "") or self._finish_reason
            piece = str((choice.delta.content if choice and choice.delta else "") or "")
            self.size += len(piece.encode())
        except _RUBBISH as error:
            raise _rubbish(error) from error
        if self.size > MAX_ANSWER_BYTES:
            raise ChatModelError("The model's answer did not end: it was cut at 16 KB.")
        return piece

    def check(self) -> None:
        """Raise ChatModelError for an answer that is empty or was broken off."""
        if not self._finish_reason:
            raise ChatModelError("The model's answer broke off, or the server sent something else than an answer.")
        if self._finish_reason in CUT_OFF:
            raise ChatModelError(f"The model's answer was cut off: {CUT_OFF[self._finish_reason]}.")
        if not self.size:
            raise ChatModelError("The model gave an empty answer.")


async def _open_stream(
    client: openai.AsyncOpenAI, messages: Sequence[ChatMessage], deadlines: _Deadlines, max_tokens: int
) -> openai.AsyncStream[ChatCompletionChunk]:
    """Ask, and once more where it may help; both within the deadline for the first word."""
    try:
        return await _ask(client, messages, deadlines, max_tokens)
    except openai.APIError as error:
        pause_s = _retry_after_s(error)
        if pause_s is None or pause_s >= deadlines.left_s():
            raise _failure(error) from error
    await asyncio.sleep(pause_s)
    try:
        return await _ask(client, messages, deadlines, max_tokens)
    except openai.APIError as error:
        raise _failure(error) from error


async def _ask(
    client: openai.AsyncOpenAI, messages: Sequence[ChatMessage], deadlines: _Deadlines, max_tokens: int
) -> openai.AsyncStream[ChatCompletionChunk]:
    # OpenAI's own newer models refuse the old name of the limit; other servers may not know the new one.
    limit = "max_tokens" if settings.OPENAI_BASE_URL else "max_completion_tokens"
    request = client.chat.completions.create(
        model=settings.CHAT_MODEL,
        messages=cast(list[ChatCompletionMessageParam], list(messages)),
        stream=True,
        extra_body={limit: max_tokens},
    )
    try:
        return await asyncio.wait_for(request, deadlines.left_s())
    except TimeoutError:
        raise deadlines.passed() from None
    except _RUBBISH as error:
        raise _rubbish(error) from error


async def _next_chunk(chunks: AsyncIterator[ChatCompletionChunk], deadlines: _Deadlines) -> ChatCompletionChunk | None:
    """Return None at the end of the stream; every error is a ChatModelError."""
    try:
        return await asyncio.wait_for(anext(chunks), deadlines.left_s())
    except StopAsyncIteration:
        return None
    except TimeoutError:
        raise deadlines.passed() from None
    except openai.APIError as error:
        raise _failure(error) from error
    except _RUBBISH as error:
        raise _rubbish(error) from error


def _retry_after_s(error: openai.APIError) -> float | None:
    """Seconds after which to ask once more; None where that would not help or take too long."""
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
    return ChatModelError(
        f"The model's server refused with status {error.status_code}: {error.message[:300]}{hint}", permanent=permanent
    )


def _rubbish(error: Exception) -> ChatModelError:
    return ChatModelError(f"The model's server sent something that is no answer: {error!r}")
