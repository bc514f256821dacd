"""What a question reads of a knowledge base: as it is in the database, or as it would be after an edit.

`retrieve` asks nothing but this, so that a rehearsal of an edit is the same retrieval on other rows.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from knowledge.embedding import Matrix
from knowledge.entry_vectors import Version, entry_vectors
from knowledge.lexical.tables import SQL_WORDS, WordTable
from knowledge.models import Entry, KnowledgeBase
from knowledge.ranking import Memory
from knowledge.retrieval.joining import Places, nearest_entries
from knowledge.retrieval.rows import Hashes, read_bases, read_entries, read_hashes
from knowledge.searching import Search
from knowledge.vector_store import VectorStore, get_store


class Finder(Protocol):
    """One question's search by meaning."""

    @property
    def way(self) -> str:
        """Which way of searching answered, as in `Retrieval`."""
        ...

    @property
    def generation(self) -> str:
        """Another one whenever an index of these bases was built anew."""
        ...

    def near(self, passages: int, entries: int) -> tuple[Places, int]:
        """Return the nearest entries among the `passages` nearest passages, and how many passages there were."""
        ...


class Shelf(Protocol):
    """Knowledge bases with their entries, for one retrieval or many."""

    words: WordTable

    def memory(self, vector: Matrix) -> Memory | None:
        """Return what was reckoned for this question before; None where each is asked once."""
        ...

    def bases(self, ids: Sequence[uuid.UUID], model: str) -> Mapping[uuid.UUID, KnowledgeBase]:
        """Return knowledge bases by id, each with the name of its collection by `model`."""
        ...

    def finder(self, bases: Mapping[uuid.UUID, KnowledgeBase], model: str, vector: Matrix) -> Finder:
        """Return a search for the neighbours of a question's vector."""
        ...

    def hashes(self, ids: Collection[uuid.UUID], bases: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Hashes]:
        """Return the hashes of those entries that may be said now."""
        ...

    def vectors(
        self, model: str, versions: Collection[Version], dimension: int, generation: str
    ) -> Mapping[Version, Matrix]:
        """Return the vectors of entries in these versions, without those of another dimension."""
        ...

    def entries(
        self, ids: Collection[uuid.UUID], bases: Mapping[uuid.UUID, KnowledgeBase]
    ) -> Mapping[uuid.UUID, Entry]:
        """Return entries that may be said now, with their base."""
        ...


class SqlShelf:
    """Everything as it is in the database and the vector store."""

    words: WordTable = SQL_WORDS

    def __init__(self, store: VectorStore | None = None) -> None:
        self._store = store

    def memory(self, vector: Matrix) -> Memory | None:  # noqa: ARG002
        """Remember nothing: a question is asked once."""
        return None

    def bases(self, ids: Sequence[uuid.UUID], model: str) -> Mapping[uuid.UUID, KnowledgeBase]:
        """Read knowledge bases."""
        return read_bases(ids, model)

    def finder(self, bases: Mapping[uuid.UUID, KnowledgeBase], model: str, vector: Matrix) -> Finder:
        """Search in the store, and exactly where it does not answer."""
        collections = {base: found.collection for base, found in bases.items()}
        return _Near(Search(collections, model, vector, self._store or get_store()))

    def hashes(self, ids: Collection[uuid.UUID], bases: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Hashes]:
        """Read hashes."""
        return read_hashes(ids, bases)

    def vectors(
        self, model: str, versions: Collection[Version], dimension: int, generation: str
    ) -> Mapping[Version, Matrix]:
        """Read vectors, or remember them."""
        return entry_vectors(model, versions, dimension, generation=generation)

    def entries(
        self, ids: Collection[uuid.UUID], bases: Mapping[uuid.UUID, KnowledgeBase]
    ) -> Mapping[uuid.UUID, Entry]:
        """Read entries."""
        return read_entries(ids, bases)


class _Near:
    """A search whose hits are grouped by their entries."""

    def __init__(self, search: Search) -> None:
        self._search = search

    @property
    def way(self) -> str:
        return self._search.way

    @property
    def generation(self) -> str:
        return self._search.generation

    def near(self, passages: int, entries: int) -> tuple[Places, int]:
        found = self._search.hits(passages)
        return nearest_entries(found, entries), len(found)
