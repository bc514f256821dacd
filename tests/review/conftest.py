"""The desk's cast: an assistant that knows four things, Stan who reads what is said to it, Sue of another team who must
not, and visitors whose questions were answered on the production path.
"""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from chatbot import replies, services
from chatbot.answering import Draft, answer
from chatbot.models import Assistant, Message
from knowledge import entry_vectors, exact, indexing, rehearsal
from knowledge.embedding import get_embedder
from knowledge.models import Entry, KnowledgeBase
from knowledge.services import save_entry
from knowledge.vector_store import MemoryStore
from review import collecting, impact
from review.models import ReviewItem
from tests.people import client_of, let_read, make_person

ENTRIES = {
    "When are you open?": ("We are open Monday to Friday, 9 to 17.", ["opening hours"]),
    "How do I return something I bought?": ("Send it back within 30 days. Postage is free.", ["send goods back"]),
    "Where can I park my car?": ("Behind the shop there are 12 free parking spaces.", ["is there parking"]),
    "Which cards do you take?": ("We take Visa and Mastercard.", ["can I pay by card"]),
}


class _Store(MemoryStore):
    """Shared by the indexer and retrieval of one test."""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    made = _Store()
    monkeypatch.setattr("knowledge.retrieval.shelf.get_store", lambda: made)
    return made


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    forget()
    yield
    forget()


def forget() -> None:
    """Drop what processes keep in memory between questions."""
    for module in (exact, entry_vectors, rehearsal, impact):
        module.forget()


@pytest.fixture
def index(db: None, store: MemoryStore) -> Callable[[], None]:
    """What the worker does after an edit: afterwards every entry is live."""

    def drain() -> None:
        indexing.drain(store, get_embedder())

    return drain


@pytest.fixture
def base(db: None, index: Callable[[], None]) -> KnowledgeBase:
    made = KnowledgeBase.objects.create(name="Shop", slug="shop")
    for question, (text, phrasings) in ENTRIES.items():
        entry = Entry(knowledge_base=made, question=question, answer=text, status=Entry.Status.PUBLISHED)
        save_entry(entry, phrasings=phrasings)
    index()
    return made


@pytest.fixture
def assistant(base: KnowledgeBase) -> Assistant:
    made = Assistant.objects.create(name="Ada", is_default=True, no_answer_text="Ask us at the desk.")
    made.knowledge_bases.add(base)
    let_read(made)
    return made


@pytest.fixture
def stan(assistant: Assistant) -> User:
    return make_person("stan", "Staff")


@pytest.fixture
def desk(stan: User) -> Client:
    """Stan's browser."""
    return client_of(stan)


@pytest.fixture
def stranger(assistant: Assistant) -> Client:
    """The browser of Sue, who works at the desk of another assistant."""
    team = Group.objects.create(name="Other team")
    team.permissions.set(Group.objects.get(name="Staff").permissions.all())
    other = Assistant.objects.create(name="Bob")
    other.readers.add(team)
    return client_of(make_person("sue", "Other team"))


def ask(assistant: Assistant, question: str, visitor: uuid.UUID | None = None, **circumstances: Any) -> Message:
    """Ask as a visitor does; returns the finished reply."""
    _, reply = services.ask(
        assistant=assistant,
        visitor_id=visitor or uuid.uuid4(),
        question=question,
        circumstances=services.Circumstances(**circumstances),
    )
    asked = replies.claim(reply.pk)
    assert asked

    async def make() -> Draft:
        return [step async for step in answer(asked, may_write=False) if isinstance(step, Draft)][-1]

    replies.store(reply.pk, async_to_sync(make)())
    return Message.objects.get(pk=reply.pk)


def decline(assistant: Assistant, question: str, visitor: uuid.UUID | None = None) -> Message:
    """A question with an honest no for an answer, whatever retrieval would say."""
    _, reply = services.ask(assistant=assistant, visitor_id=visitor or uuid.uuid4(), question=question)
    Message.objects.filter(pk=reply.pk).update(
        status=Message.Status.DECLINED,
        outcome=Message.Outcome.DECLINE,
        text="Ask us at the desk.",
        finished_at=timezone.now(),
        claimed_at=timezone.now(),
        confidence=0.05,
    )
    return Message.objects.get(pk=reply.pk)


def thumb_down(reply: Message, reason: str = "") -> None:
    """What a visitor does with a bad answer."""
    services.give_feedback(reply, Message.Feedback.DOWN)
    if reason:
        services.give_reason(reply, reason, "")


def only_item() -> ReviewItem:
    """Take everything in; there is one item then."""
    collecting.collect()
    return ReviewItem.objects.get(state=ReviewItem.State.OPEN)
