"""What a call of the model comes to: how long it may take, what it has used, whether what came is an answer."""

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from chatbot.prompts import estimate_tokens

BETWEEN_TOKENS_S = 15.0
MAX_ANSWER_BYTES = 16 * 1024
MAX_ANSWER_TOKENS = 1_000
# The finish reasons that mean "cut off": half an answer can be a wrong one.
CUT_OFF = {"length": "it grew longer than it may", "content_filter": "the model's content filter stopped it"}
# What a reply of the wrong shape, encoding or syntax makes the SDK raise.
RUBBISH = (ValueError, TypeError, AttributeError, LookupError)


class ChatModelError(Exception):
    """No complete answer came; the message is for staff and has no key in it.

    `permanent`: it stays so until a setting changes. `counts`: the server is to blame, and enough of these open the
    circuit.
    """

    def __init__(self, reason: str, *, permanent: bool = False, counts: bool = True) -> None:
        for secret in filter(None, (settings.OPENAI_API_KEY, settings.EMBEDDING_API_KEY)):
            reason = reason.replace(secret, "(the key)")
        super().__init__(reason[:500])
        self.permanent = permanent
        self.counts = counts


def rubbish(error: Exception) -> ChatModelError:
    """Return the error for what is no answer at all."""
    return ChatModelError(f"The model's server sent something that is no answer: {error!r}")


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


class Deadlines:
    """When waiting for the next piece must end."""

    def __init__(self, first_token_s: float) -> None:
        now = time.monotonic()
        self._end = now + settings.CHAT_TOTAL_S
        self._next = now + first_token_s
        self._waits_for = f"first word within {first_token_s:.3g} s"

    def token_came(self) -> None:
        """From now on it is the next word that is waited for."""
        self._next = time.monotonic() + BETWEEN_TOKENS_S
        self._waits_for = f"next word within {BETWEEN_TOKENS_S:g} s"

    def left_s(self) -> float:
        """Return the seconds that are left, at least 0."""
        return max(min(self._next, self._end) - time.monotonic(), 0.0)

    def passed(self) -> ChatModelError:
        """Return the error that names the deadline which has passed."""
        whole = time.monotonic() >= self._end
        missed = f"whole answer within {settings.CHAT_TOTAL_S} s" if whole else self._waits_for
        return ChatModelError(f"The model did not give its {missed}.")


class Incoming:
    """What has come so far of one answer, kept in its call."""

    def __init__(self, call: Call, prompt: str) -> None:
        self._call = call
        self._started = time.perf_counter()
        self._said: list[str] = []
        self.size = 0
        call.prompt_tokens = estimate_tokens(prompt)

    def take(self, chunk: Any) -> str:
        """Return the chunk's text, "" where it has none; raises ChatModelError where it is too much or no chunk."""
        call = self._call
        try:
            choice = (chunk.get("choices") or [{}])[0]
            call.finish_reason = str(choice.get("finish_reason") or call.finish_reason)
            piece = str((choice.get("delta") or {}).get("content") or "")
            self.size += len(piece.encode())
            if usage := chunk.get("usage"):
                call.prompt_tokens, call.completion_tokens = (
                    int(usage["prompt_tokens"]),
                    int(usage["completion_tokens"]),
                )
                call.estimated = False
            call.model = str(chunk.get("model") or call.model)[:100]
        except RUBBISH as error:
            raise rubbish(error) from error
        if self.size > MAX_ANSWER_BYTES:
            raise ChatModelError("The model's answer did not end: it was cut at 16 KB.", counts=False)
        if piece:
            self._said.append(piece)
            if call.first_token_ms is None:
                call.first_token_ms = self._milliseconds()
        return piece

    def check(self) -> None:
        """Raise ChatModelError for an answer that is empty or was broken off."""
        reason = self._call.finish_reason
        if not reason:
            raise ChatModelError("The model's answer broke off, or the server sent something else than an answer.")
        if reason in CUT_OFF:
            raise ChatModelError(f"The model's answer was cut off: {CUT_OFF[reason]}.", counts=False)
        if not self.size:
            raise ChatModelError(f"The model gave an empty answer (it ended with “{reason[:40]}”).")

    def close(self) -> None:
        """Note what it took, also where it broke off or was stopped."""
        self._call.total_ms = self._milliseconds()
        if self._call.estimated:
            self._call.completion_tokens = estimate_tokens("".join(self._said))

    def _milliseconds(self) -> float:
        return round((time.perf_counter() - self._started) * 1000, 1)
