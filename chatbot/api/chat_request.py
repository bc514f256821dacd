"""Reading a chat completion's request: what counts is the last question, what it refers to, and how to answer."""

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chatbot.prompts import MAX_TURNS, Exchange

MOST_MESSAGES = 1_000
USER_LENGTH = 100


class RequestError(Exception):
    """The request cannot be answered; the message says what to do, `field` which part of it is meant."""

    def __init__(
        self, message: str, *, status: int = 400, code: str = "invalid_value", field: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.field = field


@dataclass(frozen=True)
class ChatRequest:
    """A request that can be answered; what it says of temperature, tools and the like is not heeded."""

    model: str
    question: str
    history: tuple[Exchange, ...]
    user: str
    stream: bool
    include_usage: bool


def read_request(body: bytes) -> ChatRequest:
    """Return the request in a body; raises RequestError."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError("The body is not valid JSON.", code="invalid_json") from error
    if not isinstance(data, dict):
        raise RequestError("Send a JSON object with “model” and “messages”.", code="invalid_json")
    model, user, options = data.get("model"), data.get("user") or "", data.get("stream_options") or {}
    if not isinstance(model, str) or not model:
        raise RequestError("“model” is missing: name the assistant.", code="missing_required_parameter", field="model")
    if data.get("n") not in (None, 1):
        raise RequestError("There is one answer: leave out “n”, or set it to 1.", field="n")
    if not isinstance(user, str) or len(user) > USER_LENGTH:
        raise RequestError(f"“user” is a text of at most {USER_LENGTH} characters.", field="user")
    if not isinstance(options, dict):
        raise RequestError("“stream_options” is an object.", field="stream_options")
    question, history = _conversation(data.get("messages"))
    return ChatRequest(model, question, history, user, data.get("stream") is True, options.get("include_usage") is True)


def _conversation(messages: Any) -> tuple[str, tuple[Exchange, ...]]:
    """Return the last question and the pairs of question and answer before it, oldest first."""
    if not isinstance(messages, list) or not messages:
        raise RequestError(
            "“messages” is a list with at least one message of the user.",
            code="missing_required_parameter",
            field="messages",
        )
    if len(messages) > MOST_MESSAGES:
        raise RequestError(f"“messages” has more than {MOST_MESSAGES:,}: send the last ones.", field="messages")
    said = [pair for place, message in enumerate(messages) if (pair := _message(message, place)) is not None]
    if not said or said[-1][0] != "user":
        raise RequestError("The last message is the user's question.", field="messages")
    earlier = pairwise(said[:-1])
    pairs = [Exchange(one[1], other[1]) for one, other in earlier if (one[0], other[0]) == ("user", "assistant")]
    return said[-1][1], tuple(pairs[-MAX_TURNS:])


def _message(message: Any, place: int) -> tuple[str, str] | None:
    """Return who says what; None for what only instructs a model."""
    field = f"messages[{place}]"
    if not isinstance(message, dict) or message.get("role") not in {"system", "developer", "user", "assistant", "tool"}:
        raise RequestError(f"{field} needs a role: system, developer, user, assistant or tool.", field=field)
    if message["role"] not in {"user", "assistant"}:
        return None
    content = message.get("content")
    if content is None and message["role"] == "assistant":
        return None
    return message["role"], _text(content, f"{field}.content")


def _text(content: Any, field: str) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [None]
    texts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in parts]
    if not all(isinstance(text, str) for text in texts):
        raise RequestError(f"{field} is a text, or a list of text parts: nothing else can be asked.", field=field)
    return "\n".join(filter(None, texts))
