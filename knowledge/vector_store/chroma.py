"""The vector store in Chroma, reached over HTTP: the only module that imports chromadb.

Chroma's client waits for ever, so every call here is bounded; its server breaks in ways of its own, so every error
becomes one of ours and a circuit breaker keeps visitors from waiting for a dead server one after the other.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
from chromadb.api.collection_configuration import CreateCollectionConfiguration
from chromadb.api.fastapi import FastAPI
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings, System
from chromadb.errors import NotFoundError
from django.conf import settings

from knowledge.embedding import Matrix
from knowledge.vector_store.base import CollectionMissingError, Hit, StoreUnavailableError
from knowledge.vector_store.circuit import Circuit

T = TypeVar("T")
PAUSE_S = 5.0
WRITE_TIMEOUT_S = 30.0
READ_BATCH = 20_000
# Chroma takes what was written into its index at the next read, at a cost that grows with the square of what waits and
# blocks everybody: 10,000 vectors written in one go made one later call take 32 s, and 0.3 ms each in steps of 200.
WRITE_BATCH = 200
# sync_threshold: a kill during a sync can break a store, so syncs should be rare (the default is 1,000); but every
# write costs 9 microseconds for each vector not yet synced. See docs/decisions/0003-chroma-is-a-cache.md.
CONFIGURATION: CreateCollectionConfiguration = {
    "hnsw": {
        "space": "cosine",
        "ef_construction": 200,
        "ef_search": 128,
        "max_neighbors": 32,
        "sync_threshold": 10_000,
    }
}


class _BoundedApi(FastAPI):
    """Chroma's HTTP API with a limit on every silence; against a server that drips there is none."""

    def limit(self, timeout_s: float) -> "_BoundedApi":
        """Give up after `timeout_s` seconds of silence; Chroma's own client never does."""
        self._session.timeout = httpx.Timeout(timeout_s)
        return self


class ChromaStore:
    """Keeps the contract of `VectorStore`. Opens its connection at the first call: safe to make before a fork."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._api: _BoundedApi | None = None
        self._collections: dict[str, Collection] = {}
        self._circuit = Circuit(PAUSE_S)

    def create(self, collection: str) -> None:
        """Make an empty collection; one that exists is left as it is."""
        self._call(
            lambda api: api.create_collection(collection, configuration=CONFIGURATION, get_or_create=True),
            collection,
        )

    def drop(self, collection: str) -> None:
        """Remove a collection; none of that name is fine."""
        self._collections.pop(collection, None)
        try:
            self._call(lambda api: api.delete_collection(collection), collection)
        except CollectionMissingError:
            return

    def names(self) -> set[str]:
        """Return the names of all collections."""
        return self._call(lambda api: {model.name for model in api.list_collections()})

    def upsert(self, collection: str, ids: Sequence[str], vectors: Matrix) -> None:
        """Write vectors in steps of 200, each made searchable, replacing those whose id is there."""
        for start in range(0, len(ids), WRITE_BATCH):
            some = list(ids[start : start + WRITE_BATCH])
            self._on(collection, partial(_upsert, ids=some, vectors=vectors[start : start + WRITE_BATCH]))
            self.query(collection, vectors[start], limit=1)

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove ids in steps of 200; those not there are ignored."""
        for start in range(0, len(ids), WRITE_BATCH):
            self._on(collection, partial(_delete, ids=list(ids[start : start + WRITE_BATCH])))

    def query(self, collection: str, vector: Matrix, limit: int) -> list[Hit]:
        """Return up to `limit` nearest vectors, best first."""
        return self._on(collection, partial(_query, vector=vector, limit=limit))

    def count(self, collection: str) -> int:
        """Return how many vectors the collection claims to have."""
        return self._on(collection, lambda found: found.count())

    def ids(self, collection: str) -> set[str]:
        """Return every id in the collection, read in pages of 20,000."""
        found: set[str] = set()
        while True:
            before = len(found)
            page = self._on(collection, partial(_page, offset=before))
            found |= page
            # A page that brings nothing new would come again for ever.
            if len(page) < READ_BATCH or len(found) == before:
                return found

    def _on(self, name: str, use: Callable[[Collection], T]) -> T:
        def run(api: _BoundedApi) -> T:
            if name not in self._collections:
                self._collections[name] = Collection(api, api.get_collection(name), embedding_function=None)
            return use(self._collections[name])

        return self._call(run, name)

    def _call(self, run: Callable[[_BoundedApi], T], collection: str = "") -> T:
        if self._circuit.is_open():
            raise StoreUnavailableError("Chroma did not answer a moment ago; not asked again yet.")
        try:
            result = run(self._connect())
        except NotFoundError as error:
            self._collections.pop(collection, None)
            self._circuit.succeeded()
            raise CollectionMissingError(collection) from error
        except Exception as error:  # rubbish can fail in any way, in Chroma's client as well as here
            raise self._unavailable(error) from error
        self._circuit.succeeded()
        return result

    def _connect(self) -> _BoundedApi:
        if self._api is None:
            url = urlsplit(self._url)
            system = System(
                Settings(
                    chroma_api_impl="chromadb.api.fastapi.FastAPI",
                    chroma_server_host=url.hostname,
                    chroma_server_http_port=url.port or (443 if url.scheme == "https" else 8000),
                    chroma_server_ssl_enabled=url.scheme == "https",
                    anonymized_telemetry=False,
                )
            )
            self._api = system.instance(_BoundedApi).limit(self._timeout_s)
        return self._api

    def _unavailable(self, error: Exception) -> StoreUnavailableError:
        self._circuit.failed()
        return StoreUnavailableError(f"Chroma at {self._url} did not answer properly: {error!r}"[:500])


def _upsert(found: Collection, *, ids: list[str], vectors: Matrix) -> None:
    found.upsert(ids=ids, embeddings=vectors)


def _delete(found: Collection, *, ids: list[str]) -> None:
    found.delete(ids=ids)


def _query(found: Collection, *, vector: Matrix, limit: int) -> list[Hit]:
    reply = found.query(query_embeddings=vector[None, :], n_results=limit, include=["distances"])
    distances = reply["distances"] or []
    return [Hit(i, 1.0 - d) for i, d in zip(reply["ids"][0], distances[0], strict=True)]


def _page(found: Collection, *, offset: int) -> set[str]:
    return set(found.get(limit=READ_BATCH, offset=offset, include=[])["ids"])


def get_store() -> ChromaStore:
    """Return this process's store for CHROMA_URL for answering people: it gives up soon."""
    return _store(settings.CHROMA_URL, settings.CHROMA_TIMEOUT_MS / 1000)


def get_writing_store() -> ChromaStore:
    """Return this process's store for CHROMA_URL for the indexer, whose calls may take longer."""
    return _store(settings.CHROMA_URL, WRITE_TIMEOUT_S)


@cache
def _store(url: str, timeout_s: float) -> ChromaStore:
    return ChromaStore(url, timeout_s=timeout_s)
