"""What goes into answering and what comes out, beside the events: questions, beginnings and drafts."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from chatbot.deciding import Policy
from chatbot.models import Message
from chatbot.prompts import Exchange
from chatbot.standing import Listed


@dataclass(frozen=True)
class Asked:
    """A question with what is needed to answer it; `history` oldest first, `entry_id` if a certain entry was chosen."""

    question: str
    knowledge_bases: tuple[uuid.UUID, ...]
    no_answer_text: str
    history: tuple[Exchange, ...] = ()
    entry_id: uuid.UUID | None = None
    assistant_id: uuid.UUID | None = None
    conversation_id: uuid.UUID | None = None
    policy: Policy = field(default_factory=Policy)
    tone: str = ""
    instructions: str = ""
    language: str = ""


@dataclass(frozen=True)
class Writing:
    """A model begins to write from these sources: what there is to store if it is stopped before there is a draft."""

    sources: tuple[Listed, ...]
    trace: dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """A whole reply, not stored yet; `failure` says to staff why it is not what it should be.

    `support` is how far the sources carry a written answer, 0 to 1; None for every other reply.
    """

    outcome: Message.Outcome
    text: str
    sources: tuple[Listed, ...] = ()
    offers: tuple[Listed, ...] = ()
    failure: str = ""
    trace: dict[str, Any] = field(default_factory=dict)
    support: float | None = None
