"""The baseline of a rebuild: the same vectors through Chroma's own client, written in turns with it.

In turns, so that whatever else the machine does slows both; on a server of its own, so that neither sees the other.
"""

import time
from collections.abc import Sequence

from chromadb.api import ClientAPI

from knowledge.embedding import Matrix
from knowledge.vector_store.chroma import CONFIGURATION

# Vectors in one call: the fastest of 200, 500, 1,000 and 2,000. See docs/benchmarks.md.
RAW_BATCH = 1_000


class Twin:
    """Follows a build that tells it how far it is; `ends` is how many vectors the first 1, 2, 3 … entries have."""

    def __init__(self, client: ClientAPI, vectors: Matrix, ends: Sequence[int]) -> None:
        self.seconds = 0.0
        self._vectors, self._ends = vectors, ends
        self._entries = self._written = 0
        self._collection = client.create_collection("raw", configuration=CONFIGURATION, embedding_function=None)

    def follow(self, entries: int) -> None:
        """Write what the build has written by now, where it fills a step."""
        started = time.perf_counter()
        self._entries += entries
        while self._ends[self._entries - 1] - self._written >= RAW_BATCH:
            self._write()
        self.seconds += time.perf_counter() - started

    def finish(self) -> None:
        """Write the rest and leave Chroma nothing to catch up on: without a query a later write pays for this one."""
        started = time.perf_counter()
        while self._written < len(self._vectors):
            self._write()
        self._collection.upsert(ids=[f"{0:051}"], embeddings=self._vectors[:1])
        self._collection.query(query_embeddings=self._vectors[:1], n_results=1, include=["distances"])
        self.seconds += time.perf_counter() - started

    def _write(self) -> None:
        part = self._vectors[self._written : self._written + RAW_BATCH]
        ids = [f"{i:051}" for i in range(self._written, self._written + len(part))]  # as long as the product's own
        self._collection.upsert(ids=ids, embeddings=part)
        self._collection.query(query_embeddings=part[:1], n_results=1, include=["distances"])
        self._written += len(part)
