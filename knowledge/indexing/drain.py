"""Draining: every entry whose index is behind its text is brought up to date, the latest edit first."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog
from django.db.models import F, QuerySet

from knowledge.embedding import (
    Embedder,
    EmbeddingError,
    EmbeddingRefusedError,
    EmbeddingSetupError,
)
from knowledge.indexing.generations import ensure_collection
from knowledge.indexing.lease import HeldLease, LeaseTakenError, hold_lease
from knowledge.indexing.survey import survey_if_changed
from knowledge.indexing.writing import Plan, index_entries, plan, remove_pending
from knowledge.models import Entry, KnowledgeBase, PendingRemoval
from knowledge.vector_store import StoreError, VectorStore
from knowledge.vectors import vectors_for

log = structlog.get_logger(__name__)
BATCH = 32


@dataclass
class DrainReport:
    """What one run did; `held_by_other` means that another process was at work and sees the same rows."""

    indexed: int = 0
    removed: int = 0
    failed: set[uuid.UUID] = field(default_factory=set)
    held_by_other: bool = False

    @property
    def worked(self) -> bool:
        """Tell whether there was anything to do."""
        return bool(self.indexed or self.removed or self.failed)


def drain(store: VectorStore, embedder: Embedder, on_batch: Callable[[int], None] | None = None) -> DrainReport:
    """Index until nothing is dirty; raises StoreError or EmbeddingError with every row as safe as before.

    `on_batch` is told how many entries each batch finished.
    """
    report = DrainReport()
    # Again after letting go: a row saved while we held the lease may have had its own drain turned away.
    while has_work(report.failed):
        try:
            with hold_lease() as lease:
                _drain_all(store, embedder, lease, report, on_batch)
        except LeaseTakenError:
            report.held_by_other = True
            return report
        except EmbeddingError as error:
            # No text is to blame, so none is set aside; but whoever looks at one must see why it waits.
            _waiting(report.failed).update(index_error=str(error)[:1_000])
            raise
    return report


def has_work(failed: set[uuid.UUID]) -> bool:
    """Tell whether anything waits for the indexer, `failed` aside."""
    return _waiting(failed).exists() or PendingRemoval.objects.exists()


def _drain_all(
    store: VectorStore,
    embedder: Embedder,
    lease: HeldLease,
    report: DrainReport,
    on_batch: Callable[[int], None] | None,
) -> None:
    for base in KnowledgeBase.objects.all():
        removals = PendingRemoval.objects.filter(knowledge_base=base)
        if not _waiting(report.failed).filter(knowledge_base=base).exists() and not removals.exists():
            continue
        try:
            collection = ensure_collection(base, store, embedder, lease)
            index = partial(index_entries, collection=collection, store=store, embedder=embedder)
            while removals.exists():
                lease.renew()
                report.removed += remove_pending(base.pk, collection, store)
            while batch := [plan(e) for e in _waiting(report.failed).filter(knowledge_base=base)[:BATCH]]:
                lease.renew()
                done = _try_batch(batch, index, report)
                report.indexed += done
                if on_batch:
                    on_batch(done)
            survey_if_changed(base, collection, store, embedder, lease)
        except StoreError:
            _embed_waiting(embedder, lease, report)
            raise


def _waiting(failed: set[uuid.UUID]) -> QuerySet[Entry]:
    return Entry.objects.to_index().exclude(pk__in=failed).prefetch_related("phrasings")


def _embed_waiting(embedder: Embedder, lease: HeldLease, report: DrainReport) -> None:
    """Make the vectors of waiting entries of all bases while the store is away: exact search answers from them."""

    def embed(plans: Sequence[Plan]) -> int:
        texts = [text for p in plans for text in p.texts]
        return len(vectors_for(embedder, texts)) if texts else 0

    waiting = list(_waiting(report.failed))
    for start in range(0, len(waiting), BATCH):
        lease.renew()
        _try_batch([plan(entry) for entry in waiting[start : start + BATCH]], embed, report)


def _try_batch(plans: Sequence[Plan], work: Callable[[Sequence[Plan]], int], report: DrainReport) -> int:
    """Do `work` on all, or on one after the other where a text among them is refused: one bad row stops nothing."""
    try:
        return work(plans)
    except EmbeddingSetupError:
        raise
    except EmbeddingRefusedError as error:
        if len(plans) == 1:
            _record_failure(plans[0], error, report)
            return 0
    return sum(_try_batch([p], work, report) for p in plans)


def _record_failure(failed: Plan, error: Exception, report: DrainReport) -> None:
    report.failed.add(failed.entry.pk)
    row = Entry.objects.filter(pk=failed.entry.pk, version=failed.entry.version)
    row.update(index_attempts=F("index_attempts") + 1, index_error=str(error)[:1_000])
    log.warning("entry_not_indexed", entry=str(failed.entry.pk), reason=str(error)[:200])
