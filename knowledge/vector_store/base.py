"""The contract of a vector store: named collections of ids and unit vectors, and nothing else.

No texts: what is deleted must be gone, and Chroma's log keeps what it was given.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from knowledge.embedding import Matrix


class StoreError(Exception):
    """The store did not do what was asked."""


class StoreUnavailableError(StoreError):
    """The store is down, slow or answers rubbish: it may work later."""


class CollectionMissingError(StoreError):
    """The store is there and does not have this collection."""


class Hit(NamedTuple):
    """A stored vector near the one asked for; `similarity` is the cosine, higher is better."""

    id: str
    similarity: float


class VectorStore(Protocol):
    """Every method raises StoreUnavailableError or CollectionMissingError, and waits a few seconds for an answer."""

    def create(self, collection: str) -> None:
        """Make an empty collection; one that exists is left as it is."""

    def drop(self, collection: str) -> None:
        """Remove a collection; none of that name is fine."""

    def names(self) -> set[str]:
        """Return the names of all collections."""

    def upsert(self, collection: str, ids: Sequence[str], vectors: Matrix) -> None:
        """Write vectors of shape (len(ids), dimension), replacing those whose id is there."""

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove ids; those not there are ignored."""

    def query(self, collection: str, vector: Matrix, limit: int) -> list[Hit]:
        """Return up to `limit` nearest vectors, best first."""

    def count(self, collection: str) -> int:
        """Return how many vectors the collection claims to have; no proof that they can be found."""

    def ids(self, collection: str) -> set[str]:
        """Return every id in the collection."""
