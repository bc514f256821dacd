"""Canaries: entries that must find themselves. A broken index can count right, raise nothing and find nothing."""

import uuid
from collections.abc import Iterable

from knowledge.embedding import Embedder
from knowledge.models import Collection, Entry, KnowledgeBase
from knowledge.passages import passage_ids
from knowledge.texts import as_asked
from knowledge.vector_store import VectorStore
from knowledge.vectors import vectors_for

CANARIES = 5
QUESTION_SLOT = 1
# Entries with the same words tie with the canary, so one that scores like itself is as good.
SAME = 0.999


def choose_canaries(base: KnowledgeBase) -> list[Entry]:
    """Return a few random entries of a base that are marked as indexed; fewer where there are few."""
    indexed = (
        Entry.objects.filter(knowledge_base=base)
        .exclude(content_hash="")
        .exclude(pk__in=Entry.objects.dirty().values("pk"))
    )
    chosen = list(indexed.filter(pk__gte=uuid.uuid4()).order_by("pk")[:CANARIES])
    return chosen or list(indexed.order_by("pk")[:CANARIES])


def find_lost_canary(
    collection: Collection, store: VectorStore, embedder: Embedder, canaries: Iterable[Entry]
) -> str | None:
    """Ask for each canary by its own question; returns the question of one that is not found, or None."""
    for entry in canaries:
        vector = vectors_for(embedder, [as_asked(entry.question)])[0]
        own = set(passage_ids(entry.pk, entry.content_hash, QUESTION_SLOT + 1))
        hits = store.query(collection.name, vector, limit=10)
        if not any(hit.id in own or hit.similarity >= SAME for hit in hits):
            return entry.question
    return None
