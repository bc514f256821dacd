"""Writing a handful of entries into a collection and marking them, each by compare-and-set on what was read."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from django.utils import timezone

from knowledge.embedding import Embedder
from knowledge.models import Collection, Entry, PendingRemoval
from knowledge.passages import passage_ids, passages
from knowledge.vector_store import VectorStore
from knowledge.vectors import store_together, vectors_for


class Written(NamedTuple):
    """An entry's version whose passages are in a collection."""

    entry_id: uuid.UUID
    version: int
    content_hash: str
    passages: int


@dataclass(frozen=True)
class Plan:
    """What one entry, as it was read, needs in the index."""

    entry: Entry
    texts: list[str] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The ids its passages get; none for an entry that is not published."""
        return passage_ids(self.entry.pk, self.entry.content_hash, len(self.texts))

    @property
    def stale_ids(self) -> list[str]:
        """The ids that its earlier content had."""
        if self.entry.indexed_hash in ("", self.entry.content_hash):
            return []
        return passage_ids(self.entry.pk, self.entry.indexed_hash, self.entry.indexed_passages)

    @property
    def fresh_ids(self) -> list[str]:
        """The ids that its present content has and its indexed content had not."""
        return [] if self.entry.content_hash == self.entry.indexed_hash else self.ids

    @property
    def written(self) -> Written:
        """What to mark once the passages are in a collection."""
        return Written(self.entry.pk, self.entry.version, self.entry.content_hash, len(self.texts))

    def is_marked(self, model: str) -> bool:
        """Tell whether the row already says what `mark` would write."""
        entry = self.entry
        return (entry.indexed_hash, entry.indexed_model, entry.indexed_passages, entry.index_attempts) == (
            entry.content_hash,
            model,
            len(self.texts),
            0,
        )


def plan(entry: Entry) -> Plan:
    """Plan an entry loaded with its phrasings."""
    if not entry.content_hash:
        return Plan(entry)
    return Plan(entry, passages(entry.question, entry.answer, [p.text for p in entry.phrasings.all()]))


def write(plans: Sequence[Plan], collection: Collection, store: VectorStore, embedder: Embedder) -> None:
    """Embed what has no vector yet and upsert all passages; safe to run twice."""
    texts = [text for p in plans for text in p.texts]
    if texts:
        vectors = vectors_for(embedder, texts)
        ends = np.cumsum([len(p.texts) for p in plans])
        parts = zip(plans, np.split(vectors, ends[:-1]), strict=True)
        store_together(embedder.name, [(p.entry.content_hash, rows) for p, rows in parts if p.texts])
        store.upsert(collection.name, [i for p in plans for i in p.ids], vectors)


def mark(written: Sequence[Written], model: str) -> set[uuid.UUID]:
    """Mark entries as indexed; returns the ids of those that changed or went, which stay dirty.

    Each in a transaction of its own: whoever locks one row at a time is in nobody's deadlock.
    """
    now, raced = timezone.now(), set()
    for row in written:
        unchanged = Entry.objects.filter(pk=row.entry_id, version=row.version)
        if not unchanged.update(
            indexed_hash=row.content_hash,
            indexed_model=model,
            indexed_passages=row.passages,
            indexed_at=now,
            index_attempts=0,
            index_error="",
        ):
            raced.add(row.entry_id)
    return raced


def index_entries(plans: Sequence[Plan], collection: Collection, store: VectorStore, embedder: Embedder) -> int:
    """Write, mark, then remove what is no longer true; returns how many entries are indexed now."""
    write(plans, collection, store, embedder)
    raced = mark([p.written for p in plans], embedder.name)
    # What an editor overtook was never marked, so nobody else would know of it.
    outdated = [i for p in plans for i in (p.fresh_ids if p.entry.pk in raced else p.stale_ids)]
    if outdated:
        store.delete(collection.name, outdated)
    return len(plans) - len(raced)


def remove_pending(knowledge_base_id: uuid.UUID, collection: Collection, store: VectorStore) -> int:
    """Remove the vectors of deleted entries; returns how many entries that were."""
    rows = list(PendingRemoval.objects.filter(knowledge_base_id=knowledge_base_id)[:500])
    ids = [i for row in rows for i in passage_ids(row.entry_id, row.content_hash, row.passages)]
    if ids:
        store.delete(collection.name, ids)
    PendingRemoval.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)
