"""What most tests of knowledge begin with: a base, a store in memory, an embedder of words, and an empty memory."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from knowledge import entry_vectors, exact
from knowledge.models import KnowledgeBase
from knowledge.vector_store import ChromaStore
from tests.knowledge.factories import MeddledStore, WordEmbedder, make_base


@pytest.fixture
def base(db: None) -> KnowledgeBase:
    return make_base()


@pytest.fixture
def store() -> MeddledStore:
    return MeddledStore()


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch, embedder: WordEmbedder) -> WordEmbedder:
    """Retrieval embeds questions by their words, as the tests' indexer does."""
    monkeypatch.setattr("knowledge.retrieval.asking.get_embedder", lambda: embedder)
    return embedder


@pytest.fixture
def chroma_at() -> Iterator[Callable[[str, float], ChromaStore]]:
    """Makes a store for an address and a timeout in seconds; the connections are closed after the test."""
    made: list[ChromaStore] = []

    def make(url: str, timeout_s: float) -> ChromaStore:
        made.append(ChromaStore(url, timeout_s=timeout_s))
        return made[-1]

    yield make
    for store in made:
        if store._api is not None:
            store._api._session.close()


@pytest.fixture
def chroma(chroma_url: str, chroma_at: Callable[[str, float], ChromaStore]) -> ChromaStore:
    return chroma_at(chroma_url, 30)


@pytest.fixture
def collection_name() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    exact.forget()
    entry_vectors.forget()
    yield
    exact.forget()
    entry_vectors.forget()
