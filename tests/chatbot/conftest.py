"""A small knowledge base, really embedded, an assistant that knows it, and the visitors of all the chat's tests.

Alice has asked something; Bob has not and must see nothing of hers.
"""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
import uvicorn
from django.core.signing import get_cookie_signer
from django.test import AsyncClient, Client
from django.utils import timezone

from chatbot import chat_model, services
from chatbot.api_keys import create_key
from chatbot.models import Assistant, Message
from chatbot.visitors import COOKIE, SALT
from config.asgi import application
from knowledge.embedding import get_embedder
from knowledge.lexical import index_words
from knowledge.models import Entry, KnowledgeBase
from knowledge.passages import content_hash, passages
from knowledge.vectors import vectors_for
from tests.conftest import free_port
from tests.people import let_read

OPENING = ("When are you open?", "We are open **Monday to Friday, 9 to 17**.")
RETURNS = ("How do I return something I bought?", "Send it back within *30 days*. Postage is free.")
PARKING = ("Where can I park my car?", "Behind the shop there are 12 free parking spaces.")


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser."""

    id: uuid.UUID

    @property
    def cookies(self) -> dict[str, str]:
        """What the browser sends."""
        return {COOKIE: get_cookie_signer(salt=COOKIE + SALT).sign(str(self.id))}

    def client(self) -> Client:
        """The browser, for pages that answer at once."""
        client = Client()
        client.cookies.load(self.cookies)
        return client

    def async_client(self) -> AsyncClient:
        """The browser, for replies that are made in the background."""
        client = AsyncClient()
        client.cookies.load(self.cookies)
        return client


def make_entry(base: KnowledgeBase, question: str, answer: str) -> Entry:
    """A published entry whose vectors are known, so that it is found at once."""
    vectors_for(get_embedder(), passages(question, answer, []))
    made = Entry.objects.create(
        knowledge_base=base,
        question=question,
        answer=answer,
        status=Entry.Status.PUBLISHED,
        version=1,
        content_hash=content_hash(question, answer, []),
    )
    index_words([(made, [])])
    return made


def edit_entry(entry: Entry, answer: str) -> None:
    """What an editor's save leaves behind."""
    vectors_for(get_embedder(), passages(entry.question, answer, []))
    Entry.objects.filter(pk=entry.pk).update(
        answer=answer,
        version=entry.version + 1,
        content_hash=content_hash(entry.question, answer, []),
        updated_at=timezone.now(),
    )
    index_words([(Entry.objects.get(pk=entry.pk), [])])


def unpublish_entry(entry: Entry) -> None:
    """Take an entry back."""
    Entry.objects.filter(pk=entry.pk).update(status=Entry.Status.ARCHIVED, updated_at=timezone.now())


def asked_by(assistant: Assistant, visitor: Visitor, question: str, entry: Entry | None = None) -> Message:
    """The pending reply to a question."""
    return services.ask(
        assistant=assistant, visitor_id=visitor.id, question=question, entry_id=entry.pk if entry else None
    )[1]


@pytest.fixture
def base(db: None) -> KnowledgeBase:
    return KnowledgeBase.objects.create(name="Shop", slug="shop")


@pytest.fixture
def opening(base: KnowledgeBase) -> Entry:
    return make_entry(base, *OPENING)


@pytest.fixture
def returns(base: KnowledgeBase) -> Entry:
    return make_entry(base, *RETURNS)


@pytest.fixture
def parking(base: KnowledgeBase) -> Entry:
    return make_entry(base, *PARKING)


@pytest.fixture
def assistant(base: KnowledgeBase, opening: Entry, returns: Entry, parking: Entry) -> Assistant:
    made = Assistant.objects.create(
        name="Ada", is_default=True, no_answer_text="Ask us at the desk.", mode=Assistant.Mode.WRITE
    )
    made.knowledge_bases.add(base)
    let_read(made)
    return made


@pytest.fixture
def alice() -> Visitor:
    return Visitor(uuid.uuid4())


@pytest.fixture
def bob() -> Visitor:
    return Visitor(uuid.uuid4())


@pytest.fixture(autouse=True)
def _closed_circuit() -> Iterator[None]:
    chat_model.circuit.succeeded()
    yield
    chat_model.circuit.succeeded()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The product on a port of its own, in a thread: it shares the tests' database."""
    port = free_port()
    config = uvicorn.Config(application, port=port, lifespan="off", log_level="warning", ws="none")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        threading.Event().wait(0.02)
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join()


@pytest.fixture
def secret(assistant: Assistant) -> str:
    return create_key(assistant, "Website")[1]


@pytest.fixture
def api(server: str, secret: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server, headers={"Authorization": f"Bearer {secret}"}, timeout=20) as client:
        yield client
