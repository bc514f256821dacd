"""What the native API takes and gives."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from chatbot.api.asking import source_url
from chatbot.models import Citation, Message

User = Annotated[str, StringConstraints(max_length=100)]


class Question(Schema):
    """A question to the key's assistant."""

    question: str = Field(description="As a person would ask it.", examples=["How long does delivery take?"])
    conversation_id: uuid.UUID | None = Field(None, description="Goes on with this conversation.")
    user: User = Field("", description="Your own name for who asks; their limits are counted by it.")
    entry_id: uuid.UUID | None = Field(None, description="The offer that was chosen: `question` is its question.")
    stream: bool = Field(False, description="Answer with server-sent events.")


class Source(Schema):
    """An entry that the answer rests on, in the words it had."""

    number: int = Field(description="The one in the answer's marks: [1].")
    question: str
    text: str
    entry_id: uuid.UUID | None
    version: int
    similarity: float
    url: str = Field(description="A page that shows it, good for 30 days.")


class Offer(Schema):
    """An entry that may be meant: ask its question with its `entry_id`."""

    entry_id: uuid.UUID | None
    question: str


class Reply(Schema):
    """An answer, or an honest no."""

    id: uuid.UUID
    conversation_id: uuid.UUID
    status: Literal["pending", "answered", "declined", "stopped", "failed"]
    outcome: Literal["quote", "write", "clarify", "decline", ""]
    answer: str = Field(description="Markdown.")
    confidence: float | None = Field(description="Probability that the first entry found answers the question.")
    support: float | None = Field(description="Of a written answer: how far its sources carry it, 0 to 1.")
    citations: list[Source]
    offers: list[Offer]
    feedback: Literal["up", "down", "none"]
    created_at: datetime


class Turn(Schema):
    """A question and its reply."""

    position: int
    question: str
    reply: Reply | None


class History(Schema):
    """Turns of a conversation, oldest first."""

    conversation_id: uuid.UUID
    turns: list[Turn]
    before: int | None = Field(description="Ask for `before` this for the turns before these; null: there are none.")


class Feedback(Schema):
    """What the person thinks of an answer; the last word counts."""

    value: Literal["up", "down", "none"]


class Problem(Schema):
    """What is wrong, and what to do next."""

    code: str
    message: str
    field: str | None = None


class Error(Schema):
    """Every error has this form."""

    error: Problem


FEEDBACK = {Message.Feedback.UP: "up", Message.Feedback.DOWN: "down", Message.Feedback.NONE: "none"}


def reply_data(reply: Message) -> dict[str, object]:
    """Return a reply as `Reply` has it; its citations loaded."""
    citations = list(reply.citations.all())
    return {
        "id": reply.pk,
        "conversation_id": reply.conversation_id,
        "status": reply.status,
        "outcome": reply.outcome,
        "answer": reply.text,
        "confidence": reply.confidence,
        "support": reply.support,
        "citations": [_source(c) for c in citations if c.kind == Citation.Kind.SOURCE],
        "offers": [
            {"entry_id": c.entry_id, "question": c.question} for c in citations if c.kind == Citation.Kind.OFFER
        ],
        "feedback": FEEDBACK[Message.Feedback(reply.feedback)],
        "created_at": reply.created_at,
    }


def _source(citation: Citation) -> dict[str, object]:
    return {
        "number": citation.number,
        "question": citation.question,
        "text": citation.quoted_text,
        "entry_id": citation.entry_id,
        "version": citation.entry_version,
        "similarity": citation.similarity,
        "url": source_url(citation),
    }
