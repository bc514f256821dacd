"""Exact search over the vectors in SQL: the way to answer while the vector store is away or lies."""

import threading
import time
import uuid
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import Count, Max, Sum

from knowledge.embedding import Matrix
from knowledge.models import Entry
from knowledge.passages import passage_ids, passages, vector_digest
from knowledge.vector_store import Hit
from knowledge.vectors import stored_vectors

# How long a matrix with holes (entries whose vectors are still being made) is used before SQL is asked again.
INCOMPLETE_S = 2.0
_loading = threading.Lock()


@dataclass(frozen=True)
class Stamp:
    """Changes whenever a published entry of the base does, and when all are embedded again."""

    generation: str
    updated_at: datetime | None
    # A machine whose clock is behind saves an edit that is not the latest.
    versions: int | None
    entries: int


@dataclass(frozen=True)
class Snapshot:
    """Passage ids of a base's published entries and their vectors (n, d), in the same order.

    `complete` is False where some are not embedded yet.
    """

    stamp: Stamp
    loaded_at: float
    ids: list[str]
    vectors: Matrix
    complete: bool

    def holds(self, stamp: Stamp) -> bool:
        """Tell whether this is still how the base is."""
        fresh = self.complete or time.monotonic() < self.loaded_at + INCOMPLETE_S
        return fresh and self.stamp == stamp


# One for each base and model: a matrix of a hundred thousand vectors has 150 MB.
_snapshots: dict[tuple[uuid.UUID, str], Snapshot] = {}


class WrongDimensionError(Exception):
    """The question's vector has another length than those in SQL; the message says what to do."""


def search_exactly(
    knowledge_base: uuid.UUID, model: str, vector: Matrix, limit: int, *, generation: str = ""
) -> list[Hit]:
    """Return the `limit` nearest passages of the published entries as they are now, best first; WrongDimensionError.

    What is kept in memory is kept for a `generation` of the index: a model that changed under its name is in another.
    """
    snapshot = current(knowledge_base, model, generation)
    if not snapshot.ids:
        return []
    if snapshot.vectors.shape[1] != len(vector):
        raise WrongDimensionError(
            f"The embedding model {model} gives vectors of {len(vector)} numbers now, the stored ones have "
            f"{snapshot.vectors.shape[1]}. Give the new model a name of its own, or run rebuild_index --embed-again."
        )
    similarities = snapshot.vectors @ vector
    best = np.argsort(-similarities, kind="stable")[:limit]
    return [Hit(snapshot.ids[i], float(similarities[i])) for i in best]


def current(knowledge_base: uuid.UUID, model: str, generation: str) -> Snapshot:
    """Return the vectors of a base's published entries as they are now, from memory where nothing has changed."""
    published = Entry.objects.filter(knowledge_base=knowledge_base, status=Entry.Status.PUBLISHED)
    found = published.aggregate(updated_at=Max("updated_at"), versions=Sum("version"), entries=Count("pk"))
    stamp = Stamp(generation, **found)
    with _loading:
        snapshot = _snapshots.get((knowledge_base, model))
        if snapshot is None or not snapshot.holds(stamp):
            snapshot = _snapshots[knowledge_base, model] = _load(knowledge_base, model, stamp)
        return snapshot


def _load(knowledge_base: uuid.UUID, model: str, stamp: Stamp) -> Snapshot:
    published = Entry.objects.filter(knowledge_base=knowledge_base, status=Entry.Status.PUBLISHED)
    ids: list[str] = []
    digests: list[str] = []
    for entry in published.prefetch_related("phrasings"):
        texts = passages(entry.question, entry.answer, [p.text for p in entry.phrasings.all()])
        ids += passage_ids(entry.pk, entry.content_hash, len(texts))
        digests += [vector_digest(model, text) for text in texts]
    known = stored_vectors(digests)
    rows = [(i, known[d]) for i, d in zip(ids, digests, strict=True) if d in known]
    matrix = np.stack([v for _, v in rows]) if rows else np.zeros((0, 0), np.float32)
    return Snapshot(stamp, time.monotonic(), [i for i, _ in rows], matrix, complete=len(rows) == len(ids))


def forget() -> None:
    """Drop what is kept in memory (tests, benchmarks)."""
    _snapshots.clear()
