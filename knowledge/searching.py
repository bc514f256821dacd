"""Where a question's neighbours are looked for: in the index, or exactly where the index does not answer."""

import uuid
from collections.abc import Mapping

import structlog

from knowledge.embedding import Matrix
from knowledge.exact import search_exactly
from knowledge.vector_store import Hit, StoreError, VectorStore

log = structlog.get_logger(__name__)


class Search:
    """One question's search: in the index, or exactly where the index does not answer."""

    def __init__(
        self, collections: Mapping[uuid.UUID, str | None], model: str, vector: Matrix, store: VectorStore
    ) -> None:
        """Search the bases whose collections' names are given; None for a base that has no index."""
        self.way = "index"
        self._names, self._model, self._vector, self._store = collections, model, vector, store

    @property
    def generation(self) -> str:
        """Another one whenever an index of these bases was built anew."""
        return " ".join(sorted(filter(None, self._names.values())))

    def hits(self, limit: int) -> list[Hit]:
        """Return the best `limit` passages over all bases, best first."""
        found = [hit for base in self._names for hit in self._in_base(base, limit)]
        return sorted(found, key=lambda hit: -hit.similarity)[:limit]

    def _in_base(self, base: uuid.UUID, limit: int) -> list[Hit]:
        name = self._names[base]
        if name is not None and self.way == "index":
            try:
                if hits := self._store.query(name, self._vector, limit):
                    return hits  # nothing at all is how a broken index answers
            except StoreError as error:
                log.warning("index_not_answering", reason=str(error)[:200])
        self.way = "exact"
        return search_exactly(base, self._model, self._vector, limit, generation=name or "")
