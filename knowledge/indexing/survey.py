"""Surveying a base: how near its entries are to each other, and their wordings; what a near hit is worth follows.

In a base whose entries all lie close together a question that none answers lies close to some of them too.
"""

from collections.abc import Sequence
from statistics import fmean

import numpy as np
from django.db.models import QuerySet

from knowledge.embedding import Embedder, Matrix
from knowledge.entry_vectors import entry_vectors
from knowledge.models import Collection, Entry, KnowledgeBase
from knowledge.passages import parse_passage_id
from knowledge.vector_store import Hit, VectorStore

# Entries that are looked at, the same ones each time; two milliseconds each.
SAMPLE = 200
PASSAGES = 100
NEAREST = 5
# Entries more or fewer, as a share, after which a base is surveyed again.
CHANGED = 0.05
QUESTION_SLOT = 1


def survey_if_changed(base: KnowledgeBase, collection: Collection, store: VectorStore, embedder: Embedder) -> None:
    """Survey a base that has gained or lost a twentieth of its live entries since it was surveyed last."""
    entries = _live(base).count()
    before = KnowledgeBase.objects.filter(pk=base.pk).values_list("surveyed_entries", flat=True).first() or 0
    if abs(entries - before) > CHANGED * before:
        survey(base, collection, store, embedder)


def survey(base: KnowledgeBase, collection: Collection, store: VectorStore, embedder: Embedder) -> None:
    """Measure a sample of the base's live entries and keep what was found on the base; raises StoreError."""
    live = _live(base).order_by("pk")
    sample = list(live.values_list("pk", "content_hash")[:SAMPLE])
    vectors = entry_vectors(embedder.name, sample)
    crowding = [
        fmean(others)
        for (entry_id, _), rows in vectors.items()
        if (others := _nearest_others(entry_id.hex, store.query(collection.name, rows[QUESTION_SLOT], PASSAGES)))
    ]
    cohesion = [_cohesion(rows[QUESTION_SLOT:]) for rows in vectors.values() if len(rows) > QUESTION_SLOT + 1]
    KnowledgeBase.objects.filter(pk=base.pk).update(
        crowding=fmean(crowding) if crowding else None,
        cohesion=fmean(cohesion) if cohesion else None,
        surveyed_entries=live.count(),
    )


def _live(base: KnowledgeBase) -> "QuerySet[Entry]":
    return Entry.objects.filter(knowledge_base=base, status=Entry.Status.PUBLISHED).exclude(indexed_hash="")


def _nearest_others(own: str, hits: Sequence[Hit]) -> list[float]:
    """The best cosine of each of the five nearest other entries."""
    best: dict[str, float] = {}
    for hit in hits:
        entry = parse_passage_id(hit.id).entry_id.hex
        if entry != own:
            best.setdefault(entry, hit.similarity)
    return list(best.values())[:NEAREST]


def _cohesion(wordings: Matrix) -> float:
    """The mean cosine of two different wordings."""
    count = len(wordings)
    return float((np.sum(wordings @ wordings.T) - count) / (count * (count - 1)))
