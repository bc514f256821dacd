"""Surveying a base: how near its entries are to each other, and their wordings; what a near hit is worth follows.

In a base whose entries all lie close together a question that none answers lies close to some of them too.
"""

from collections.abc import Sequence
from statistics import fmean

import numpy as np
import structlog
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from knowledge.embedding import Embedder, Matrix
from knowledge.entry_vectors import entry_vectors
from knowledge.indexing.lease import HeldLease
from knowledge.models import Collection, Entry, KnowledgeBase
from knowledge.passages import parse_passage_id
from knowledge.vector_store import Hit, StoreError, VectorStore

log = structlog.get_logger(__name__)
# Entries that are looked at, the same ones each time; two milliseconds each.
SAMPLE = 200
PASSAGES = 100
NEAREST = 5
# Entries that are new, other or gone, as a share, after which a base is surveyed again.
CHANGED = 0.05
QUESTION_SLOT = 1


def survey_if_changed(
    base: KnowledgeBase, collection: Collection, store: VectorStore, embedder: Embedder, lease: HeldLease
) -> None:
    """Survey a base of whose live entries a twentieth is new, other or gone since it was surveyed last."""
    surveyed = KnowledgeBase.objects.filter(pk=base.pk).values_list("surveyed_entries", "surveyed_at").first()
    before, at = surveyed or (0, None)  # nothing: the base was deleted a moment ago
    new = Count("pk", filter=Q(indexed_at__gt=at)) if at else Count("pk")
    now = _live(base).aggregate(entries=Count("pk"), new=new)
    if at is None or has_changed(before, now["entries"], now["new"]):
        survey(base, collection, store, embedder, lease)


def has_changed(before: int, entries: int, new: int) -> bool:
    """Tell whether a base of `entries`, `new` of them new or other since `before` were surveyed, is another now."""
    gone = before - (entries - new)
    return max(new, gone) > CHANGED * before


def survey(
    base: KnowledgeBase, collection: Collection, store: VectorStore, embedder: Embedder, lease: HeldLease
) -> None:
    """Measure a sample of the base's live entries and keep what was found on the base.

    Where the store goes away meanwhile, the base keeps what it had: nothing that was indexed is lost by that, and the
    next drain surveys again.
    """
    started, live = timezone.now(), _live(base)
    sample = list(live.order_by("pk").values_list("pk", "content_hash")[:SAMPLE])
    vectors = entry_vectors(embedder.name, sample, generation=collection.name)
    crowding = []
    try:
        for (entry_id, _), rows in vectors.items():
            lease.renew()
            others = nearest_others(entry_id.hex, store.query(collection.name, rows[QUESTION_SLOT], PASSAGES))
            crowding += [fmean(others)] if others else []
    except StoreError as error:
        log.warning("base_not_surveyed", knowledge_base=str(base.pk), reason=str(error)[:200])
        return
    cohesion = [cohesion_of(rows[QUESTION_SLOT:]) for rows in vectors.values() if len(rows) > QUESTION_SLOT + 1]
    KnowledgeBase.objects.filter(pk=base.pk).update(
        crowding=fmean(crowding) if crowding else None,
        cohesion=fmean(cohesion) if cohesion else None,
        surveyed_entries=live.count(),
        surveyed_at=started,
    )


def _live(base: KnowledgeBase) -> "QuerySet[Entry]":
    return Entry.objects.filter(knowledge_base=base, status=Entry.Status.PUBLISHED).exclude(indexed_hash="")


def nearest_others(own: str, hits: Sequence[Hit]) -> list[float]:
    """The best cosine of each of the five nearest other entries."""
    best: dict[str, float] = {}
    for hit in hits:
        entry = parse_passage_id(hit.id).entry_id.hex
        if entry != own:
            best.setdefault(entry, hit.similarity)
    return list(best.values())[:NEAREST]


def cohesion_of(wordings: Matrix) -> float:
    """The mean cosine of two different wordings."""
    count = len(wordings)
    return float((np.sum(wordings @ wordings.T) - count) / (count * (count - 1)))
