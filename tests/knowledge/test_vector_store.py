"""The contract of a vector store, kept by the one in memory and by a real Chroma; and a Chroma that is down or lies."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from knowledge.embedding import Matrix
from knowledge.vector_store import (
    ChromaStore,
    CollectionMissingError,
    MemoryStore,
    StoreUnavailableError,
    VectorStore,
)
from knowledge.vector_store import chroma as chroma_module
from knowledge.vector_store.circuit import Circuit
from tests.knowledge.embedding_server import Act, hanging, refuses, says_html, says_json, serving

ChromaAt = Callable[[str, float], ChromaStore]
TIMEOUT_S = 0.4
UP, RIGHT, DOWN = (np.array(v, np.float32) for v in ([0, 1, 0], [1, 0, 0], [0, -1, 0]))


@pytest.fixture(params=["memory", pytest.param("chroma", marks=pytest.mark.chroma)])
def any_store(request: pytest.FixtureRequest) -> VectorStore:
    if request.param == "memory":
        return MemoryStore()
    real: VectorStore = request.getfixturevalue("chroma")
    return real


@pytest.fixture
def name(any_store: VectorStore, collection_name: str) -> str:
    any_store.create(collection_name)
    return collection_name


def circle(number: int) -> Matrix:
    """Unit vectors all round a circle."""
    angles = np.linspace(0, 2 * np.pi, number, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1).astype(np.float32)


# The contract


def test_a_collection_is_made_once_and_making_it_again_keeps_what_is_in_it(any_store: VectorStore, name: str) -> None:
    any_store.upsert(name, ["a"], UP[None])
    any_store.create(name)
    assert any_store.ids(name) == {"a"}


def test_a_dropped_collection_is_gone_and_dropping_it_again_is_fine(any_store: VectorStore, name: str) -> None:
    assert name in any_store.names()
    any_store.drop(name)
    any_store.drop(name)
    assert name not in any_store.names()


def test_a_collection_made_again_under_its_name_is_empty(any_store: VectorStore, name: str) -> None:
    any_store.upsert(name, ["a"], UP[None])
    any_store.drop(name)
    any_store.create(name)
    assert any_store.ids(name) == set()


def test_an_id_written_twice_has_its_last_vector(any_store: VectorStore, name: str) -> None:
    any_store.upsert(name, ["a"], UP[None])
    any_store.upsert(name, ["a"], RIGHT[None])
    assert any_store.count(name) == 1
    assert any_store.query(name, RIGHT, 1)[0].similarity == pytest.approx(1, abs=1e-5)


def test_deleting_removes_what_is_there_and_ignores_what_is_not(any_store: VectorStore, name: str) -> None:
    any_store.upsert(name, ["a", "b"], np.stack([UP, RIGHT]))
    any_store.delete(name, ["a", "never-there"])
    any_store.delete(name, ["a"])
    assert any_store.ids(name) == {"b"}
    assert [hit.id for hit in any_store.query(name, UP, 5)] == ["b"]


def test_hits_come_best_first_and_similarity_is_the_cosine(any_store: VectorStore, name: str) -> None:
    any_store.upsert(name, ["right", "down", "up"], np.stack([RIGHT, DOWN, UP]))
    hits = any_store.query(name, UP, 5)
    assert [hit.id for hit in hits] == ["up", "right", "down"]
    assert [hit.similarity for hit in hits] == pytest.approx([1, 0, -1], abs=1e-5)


def test_no_more_hits_come_than_were_asked_for(any_store: VectorStore, name: str) -> None:
    any_store.upsert(name, [str(n) for n in range(20)], circle(20))
    assert len(any_store.query(name, UP, 7)) == 7


def test_an_empty_collection_has_no_hits_no_ids_and_counts_zero(any_store: VectorStore, name: str) -> None:
    assert (any_store.query(name, UP, 3), any_store.ids(name), any_store.count(name)) == ([], set(), 0)


def test_450_vectors_are_all_written_found_and_deleted(any_store: VectorStore, name: str) -> None:
    ids, vectors = [str(n) for n in range(450)], circle(450)
    any_store.upsert(name, ids, vectors)
    assert any_store.count(name) == 450
    assert any_store.ids(name) == set(ids)
    assert all(any_store.query(name, vectors[n], 1)[0].id == str(n) for n in (0, 199, 200, 449))
    any_store.delete(name, ids[:420])
    assert any_store.ids(name) == set(ids[420:])


USES: dict[str, Callable[[VectorStore], object]] = {
    "upsert": lambda store: store.upsert("missing", ["a"], UP[None]),
    "delete": lambda store: store.delete("missing", ["a"]),
    "query": lambda store: store.query("missing", UP, 1),
    "count": lambda store: store.count("missing"),
    "ids": lambda store: store.ids("missing"),
}


@pytest.mark.parametrize("use", USES)
def test_every_use_of_a_missing_collection_says_that_it_is_missing(any_store: VectorStore, use: str) -> None:
    with pytest.raises(CollectionMissingError):
        USES[use](any_store)


# Chroma alone


@pytest.mark.chroma
def test_a_collection_that_another_process_made_again_is_found_at_the_second_try(
    chroma: ChromaStore, chroma_at: ChromaAt, chroma_url: str, collection_name: str
) -> None:
    chroma.create(collection_name)
    chroma.upsert(collection_name, ["a"], UP[None])
    other = chroma_at(chroma_url, 30)
    other.drop(collection_name)
    other.create(collection_name)
    with pytest.raises(CollectionMissingError):
        chroma.count(collection_name)
    assert chroma.count(collection_name) == 0


@pytest.mark.chroma
def test_every_page_of_ids_is_read(chroma: ChromaStore, collection_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma_module, "READ_BATCH", 10)
    chroma.create(collection_name)
    chroma.upsert(collection_name, [str(n) for n in range(35)], circle(35))
    assert chroma.ids(collection_name) == {str(n) for n in range(35)}


CALLS: dict[str, Callable[[VectorStore], object]] = USES | {
    "create": lambda store: store.create("c"),
    "drop": lambda store: store.drop("c"),
    "names": lambda store: store.names(),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_chroma_that_is_down_is_unavailable_in_every_call(chroma_at: ChromaAt, call: str) -> None:
    with hanging() as url:
        pass
    with pytest.raises(StoreUnavailableError, match="did not answer"):
        CALLS[call](chroma_at(url, TIMEOUT_S))


def test_a_chroma_that_hangs_costs_one_timeout_and_the_next_call_nothing(chroma_at: ChromaAt) -> None:
    with hanging() as url:
        store = chroma_at(url, TIMEOUT_S)
        first, second = (seconds(lambda: CALLS["query"](store)) for _ in range(2))
    assert TIMEOUT_S * 0.9 < first < TIMEOUT_S + 0.6
    assert second < 0.05


def seconds(call: Callable[[], object]) -> float:
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError):
        call()
    return time.monotonic() - started


COLLECTION: dict[str, Any] = {
    "id": "12345678-1234-5678-1234-567812345678",
    "name": "missing",
    "configuration_json": {},
    "metadata": None,
    "dimension": 3,
    "tenant": "default_tenant",
    "database": "default_database",
    "version": 0,
    "log_position": 0,
}


def collection_then(rubbish: object) -> Act:
    """A Chroma that knows the collection and answers its use with rubbish."""
    return lambda request: says_json(rubbish if request else COLLECTION)(request)


RUBBISH: dict[str, Act] = {
    "html": says_html,
    "500": refuses(500),
    "503": refuses(503),
    "a list": says_json([]),
    "nothing": says_json(None),
    "an empty body": lambda _: (200, "application/json", b""),
    "bad UTF-8": lambda _: (200, "application/json", b"\xff\xfe"),
    "an empty object": collection_then({}),
    "empty rows": collection_then({"ids": [], "distances": []}),
    "no distances": collection_then({"ids": [["a"]], "distances": None}),
    "a distance of null": collection_then({"ids": [["a"]], "distances": [[None]]}),
    "too few distances": collection_then({"ids": [["a", "b"]], "distances": [[0.1]]}),
    "a text for a distance": collection_then({"ids": [["a"]], "distances": [["near"]]}),
}


@pytest.mark.parametrize("rubbish", RUBBISH)
def test_rubbish_from_chroma_is_unavailable_and_nothing_else(chroma_at: ChromaAt, rubbish: str) -> None:
    with serving(RUBBISH[rubbish]) as server, pytest.raises(StoreUnavailableError):
        CALLS["query"](chroma_at(server.url, 5))


@pytest.mark.parametrize("rubbish", [says_html, refuses(500), collection_then({}), collection_then({"ids": None})])
def test_rubbish_instead_of_ids_is_unavailable_too(chroma_at: ChromaAt, rubbish: Act) -> None:
    with serving(rubbish) as server, pytest.raises(StoreUnavailableError):
        CALLS["ids"](chroma_at(server.url, 5))


def test_a_chroma_that_sends_the_same_page_for_ever_is_not_read_for_ever(
    chroma_at: ChromaAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma_module, "READ_BATCH", 2)
    with serving(collection_then({"ids": ["a", "b"], "included": []})) as server:
        assert chroma_at(server.url, 5).ids("missing") == {"a", "b"}


def test_rubbish_opens_the_circuit_and_a_missing_collection_does_not(chroma_at: ChromaAt) -> None:
    missing = says_json({"error": "NotFoundError", "message": "Collection does not exist"}, 404)
    with serving(missing, missing, refuses(500)) as server:
        store = chroma_at(server.url, 5)
        for error in (CollectionMissingError, CollectionMissingError, StoreUnavailableError, StoreUnavailableError):
            with pytest.raises(error):
                store.count("missing")
        assert len(server.requests) == 3


# The circuit


def test_an_open_circuit_lets_one_caller_try_after_the_pause_and_a_success_closes_it() -> None:
    circuit = Circuit(0.05)
    circuit.failed()
    assert circuit.is_open()
    time.sleep(0.06)
    assert [circuit.is_open(), circuit.is_open()] == [False, True]
    circuit.succeeded()
    assert not circuit.is_open()
