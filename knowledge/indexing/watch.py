"""Watching the index: is every entry in it, is nothing else in it, can it be found? And mending what is not so."""

import uuid
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from knowledge.embedding import Embedder
from knowledge.indexing.canaries import choose_canaries, find_lost_canary
from knowledge.indexing.generations import VerificationError, build, drop_unused
from knowledge.indexing.lease import HeldLease, hold_lease
from knowledge.models import Collection, Entry, KnowledgeBase, StoreHealth
from knowledge.passages import parse_passage_id, passage_ids
from knowledge.vector_store import CollectionMissingError, StoreError, VectorStore
from knowledge.vectors import forget_unused_vectors

log = structlog.get_logger(__name__)
SET_ASIDE = "set-aside"


@dataclass(frozen=True)
class Finding:
    """What is wrong with the index of one knowledge base; all empty when nothing is."""

    base: KnowledgeBase
    collection: Collection | None
    missing: frozenset[str] = frozenset()
    extra: frozenset[str] = frozenset()
    broken: str = ""
    waiting: int = 0
    failed: int = 0

    @property
    def ok(self) -> bool:
        """Tell whether every published entry is in the index, nothing else is, and it can be found."""
        return not (self.missing or self.extra or self.broken or self.waiting or self.failed)


def examine(base: KnowledgeBase, store: VectorStore, embedder: Embedder, *, full: bool = True) -> Finding:
    """Compare the index with SQL; without `full` the ids are compared only where the counts differ."""
    dirty = Entry.objects.dirty().filter(knowledge_base=base)
    failed = Entry.objects.failed().filter(knowledge_base=base).count()
    found = _compare(base, store, embedder, full=full)
    return replace(found, waiting=dirty.count() - failed, failed=failed)


def _compare(base: KnowledgeBase, store: VectorStore, embedder: Embedder, *, full: bool) -> Finding:
    collection = Collection.objects.active(embedder.name).filter(knowledge_base=base).first()
    if collection is None:
        return Finding(base, None, frozenset(_expected_ids(base)))
    try:
        lost = find_lost_canary(collection, store, embedder, choose_canaries(base))
        broken = f"Chroma does not find “{lost}” though it was put in." if lost else ""
        if not full and store.count(collection.name) == _expected_count(base):
            return Finding(base, collection, broken=broken)
        expected, present = _expected_ids(base), store.ids(collection.name)
    except CollectionMissingError:
        return Finding(base, collection, broken="The collection is not in Chroma.")
    return Finding(base, collection, frozenset(expected - present), frozenset(present - expected), broken)


def repair(finding: Finding, store: VectorStore, embedder: Embedder, lease: HeldLease) -> None:
    """Rebuild a base whose index is broken; else remove what is too much and mark for indexing what is missing."""
    if finding.broken or (finding.collection is None and finding.missing):
        log.warning("index_broken", base=finding.base.name, reason=finding.broken or "no collection")
        _report(StoreHealth.State.REBUILDING, finding.broken)
        if finding.collection:
            # From here on exact search answers.
            Collection.objects.filter(pk=finding.collection.pk).update(state=Collection.State.RETIRED)
        build(finding.base, store, embedder, lease)
        return
    if finding.extra and finding.collection:
        store.delete(finding.collection.name, sorted(finding.extra))
    for entry_id in _entries_of(finding.missing):
        Entry.objects.filter(pk=entry_id).update(indexed_hash="", indexed_passages=0)


def tend(store: VectorStore, embedder: Embedder, *, full: bool) -> list[Finding]:
    """Look at every base and repair it, under the lease; returns what was found. Says how it went in StoreHealth."""
    findings: list[Finding] = []
    StoreHealth.objects.update_or_create(name="chroma", defaults={"worker_seen_at": timezone.now()})
    try:
        with hold_lease() as lease:
            drop_unused(store)
            for base in KnowledgeBase.objects.all():
                lease.renew()
                finding = examine(base, store, embedder, full=full)
                findings.append(finding)
                if finding.missing or finding.extra or finding.broken:
                    repair(finding, store, embedder, lease)
            if full:
                lease.renew()
                forget_unused_vectors()
    except VerificationError as error:
        _ask_for_fresh_store(str(error))
        _report(StoreHealth.State.DOWN, str(error))
        raise
    except StoreError as error:
        _report(StoreHealth.State.DOWN, str(error))
        raise
    _report(StoreHealth.State.OK, "")
    return findings


def _expected_ids(base: KnowledgeBase) -> set[str]:
    indexed = Entry.objects.filter(knowledge_base=base).exclude(indexed_hash="")
    rows = indexed.values_list("pk", "indexed_hash", "indexed_passages")
    return {i for pk, content_hash, count in rows for i in passage_ids(pk, content_hash, count)}


def _expected_count(base: KnowledgeBase) -> int:
    indexed = Entry.objects.filter(knowledge_base=base).exclude(indexed_hash="")
    return indexed.aggregate(total=Sum("indexed_passages"))["total"] or 0


def _entries_of(ids: frozenset[str]) -> set[uuid.UUID]:
    return {parse_passage_id(i).entry_id for i in ids}


def _report(state: StoreHealth.State, detail: str) -> None:
    now = timezone.now()
    row, _ = StoreHealth.objects.get_or_create(name="chroma")
    changed = {"state": state, "detail": detail[:1_000], "changed_at": now} if row.state != state else {}
    StoreHealth.objects.filter(pk=row.pk).update(worker_seen_at=now, **changed)


def _ask_for_fresh_store(reason: str) -> None:
    """Ask the process that runs Chroma, where it is ours, to set its folder aside and start with an empty one."""
    # No folder at all: whoever runs Chroma sees that for himself.
    if settings.CHROMA_DIR and Path(settings.CHROMA_DIR).is_dir():
        log.error("store_broken", reason=reason)
        Path(settings.CHROMA_DIR, SET_ASIDE).write_text(reason, encoding="utf-8")
