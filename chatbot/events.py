"""What happens while a reply is made, in the words that the page, the widget and the API all read."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class Status:
    """What is being done at the moment, in plain words for the visitor."""

    text: str


@dataclass(frozen=True)
class Token:
    """A piece of the answer's Markdown, to be added to the pieces before it."""

    text: str


@dataclass(frozen=True)
class Cited:
    """A source of the finished answer; `number` is the one in its `[n]` marks."""

    number: int
    citation_id: uuid.UUID
    question: str


@dataclass(frozen=True)
class Finished:
    """The last event of every reply: `text` is the whole answer and replaces whatever tokens were shown."""

    reply_id: uuid.UUID
    status: str
    outcome: str
    text: str


Event = Status | Token | Cited | Finished
