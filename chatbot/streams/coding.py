"""Events as JSON and back: what Redis keeps is read by processes of another version too, and is never unpickled."""

import json
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from chatbot.events import Cited, Event, Finished, Status, Token

_READERS: dict[str, Callable[[dict[str, Any]], Event]] = {
    "Status": lambda data: Status(str(data["text"])),
    "Token": lambda data: Token(str(data["text"])),
    "Cited": lambda data: Cited(int(data["number"]), uuid.UUID(data["citation_id"]), str(data["question"])),
    "Finished": lambda data: Finished(
        uuid.UUID(data["reply_id"]), str(data["status"]), str(data["outcome"]), str(data["text"])
    ),
}


def encode(event: Event) -> str:
    """Return an event as one line of JSON."""
    return json.dumps({"kind": type(event).__name__, **asdict(event)}, default=str)


def decode(line: str | bytes) -> Event | None:
    """Return the event; None for one that this version does not know."""
    try:
        data = json.loads(line)
        return _READERS[data.pop("kind")](data)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
