"""The index as operators handle it: rebuild it, check it, mend it. The work itself is the indexer's."""

from collections.abc import Callable

from knowledge import indexing
from knowledge.embedding import get_embedder
from knowledge.models import KnowledgeBase
from knowledge.vector_store import get_writing_store


def rebuild_index(
    base: KnowledgeBase, on_batch: Callable[[int], None] | None = None, *, embed_again: bool = False
) -> None:
    """Build the base's index anew and switch to it; answers go on meanwhile. Raises LeaseTakenError, StoreError.

    `embed_again` forgets all vectors of the model first, those of other bases too: rebuild these as well.
    """
    indexing.rebuild(base, get_writing_store(), get_embedder(), on_batch, embed_again=embed_again)


def check_index(base: KnowledgeBase) -> indexing.Finding:
    """Compare every id of the base's index with SQL and look for lost canaries; raises StoreError."""
    return indexing.examine(base, get_writing_store(), get_embedder())


def repair_index(on_batch: Callable[[int], None] | None = None) -> None:
    """Mend what `check_index` finds, in all bases, and index what waits; raises LeaseTakenError, StoreError."""
    store, embedder = get_writing_store(), get_embedder()
    indexing.tend(store, embedder, full=True)
    indexing.drain(store, embedder, on_batch)
