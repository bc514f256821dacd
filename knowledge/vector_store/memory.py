"""A vector store in this process's memory: exact, empty at start, for tests of what stands on a vector store."""

from collections.abc import Sequence

import numpy as np

from knowledge.embedding import Matrix
from knowledge.vector_store.base import CollectionMissingError, Hit, StoreUnavailableError


class MemoryStore:
    """Keeps the contract of `VectorStore` in plain dictionaries."""

    def __init__(self) -> None:
        self._collections: dict[str, dict[str, Matrix]] = {}

    def create(self, collection: str) -> None:
        """Make an empty collection; one that exists is left as it is."""
        self._collections.setdefault(collection, {})

    def drop(self, collection: str) -> None:
        """Remove a collection; none of that name is fine."""
        self._collections.pop(collection, None)

    def names(self) -> set[str]:
        """Return the names of all collections."""
        return set(self._collections)

    def upsert(self, collection: str, ids: Sequence[str], vectors: Matrix) -> None:
        """Write vectors, replacing those whose id is there."""
        self._get(collection).update(zip(ids, vectors, strict=True))

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove ids; those not there are ignored."""
        vectors = self._get(collection)
        for passage_id in ids:
            vectors.pop(passage_id, None)

    def query(self, collection: str, vector: Matrix, limit: int) -> list[Hit]:
        """Return up to `limit` nearest vectors, best first."""
        vectors = self._get(collection)
        if not vectors:
            return []
        rows = np.stack(list(vectors.values()))
        if rows.shape[1] != len(vector):
            raise StoreUnavailableError(f"The question has {len(vector)} dimensions, the collection {rows.shape[1]}.")
        similarities = rows @ vector
        hits = [Hit(i, float(s)) for i, s in zip(vectors, similarities, strict=True)]
        return sorted(hits, key=lambda hit: -hit.similarity)[:limit]

    def count(self, collection: str) -> int:
        """Return how many vectors the collection has."""
        return len(self._get(collection))

    def ids(self, collection: str) -> set[str]:
        """Return every id in the collection."""
        return set(self._get(collection))

    def _get(self, collection: str) -> dict[str, Matrix]:
        try:
            return self._collections[collection]
        except KeyError:
            raise CollectionMissingError(collection) from None
