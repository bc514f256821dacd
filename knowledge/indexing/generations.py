"""Generations of the index: a new collection is built beside the old one, verified, and switched by a row in SQL."""

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence

import structlog
from django.db import transaction
from django.db.models import Max

from knowledge.embedding import Embedder, EmbeddingRefusedError, EmbeddingSetupError
from knowledge.indexing.canaries import CANARIES, find_lost_canary
from knowledge.indexing.lease import HeldLease, hold_lease
from knowledge.indexing.survey import survey
from knowledge.indexing.writing import Plan, Written, mark, plan, write
from knowledge.models import Collection, Entry, KnowledgeBase, PendingRemoval
from knowledge.vector_store import StoreError, VectorStore
from knowledge.vectors import forget_vectors

log = structlog.get_logger(__name__)
BATCH = 64
READ = 500


class VerificationError(StoreError):
    """A collection built just now does not find what was put into it: the store itself is broken."""


def rebuild(
    base: KnowledgeBase,
    store: VectorStore,
    embedder: Embedder,
    on_batch: Callable[[int], None] | None = None,
    *,
    embed_again: bool = False,
) -> Collection:
    """Build a new generation of a base under the lease and switch to it; raises LeaseTakenError, StoreError.

    With `embed_again` all that the model's name ever embedded is forgotten first, of other bases too.
    """
    with hold_lease() as lease:
        if embed_again:
            forget_vectors(embedder.name)
        return build(base, store, embedder, lease, on_batch)


def ensure_collection(base: KnowledgeBase, store: VectorStore, embedder: Embedder, lease: HeldLease) -> Collection:
    """Return the active collection; a base that was indexed before (by another model, say) gets a full build."""
    active = Collection.objects.active(embedder.name).filter(knowledge_base=base).first()
    if active is not None:
        return active
    if Entry.objects.filter(knowledge_base=base).exclude(indexed_hash="").exists():
        return build(base, store, embedder, lease)
    collection = _new_generation(base, store, embedder)
    _switch_to(collection, store)
    return collection


def build(
    base: KnowledgeBase,
    store: VectorStore,
    embedder: Embedder,
    lease: HeldLease,
    on_batch: Callable[[int], None] | None = None,
) -> Collection:
    """Write all published entries into a new collection, verify it, switch to it; known texts are not embedded."""
    collection = _new_generation(base, store, embedder)
    passages = 0
    to_mark: list[Written] = []
    canaries: list[Entry] = []
    for read in _batches(base):
        lease.renew()
        batch = _write_taken(read, collection, store, embedder)
        passages += sum(len(p.texts) for p in batch)
        to_mark += [p.written for p in batch if not p.is_marked(embedder.name)]
        canaries += [p.entry for p in batch[:CANARIES]]
        canaries = random.sample(canaries, k=min(CANARIES, len(canaries)))
        if on_batch:
            on_batch(len(read))
    _verify(collection, passages, canaries, store, embedder)
    lease.renew()
    _switch_to(collection, store)
    for start in range(0, len(to_mark), READ):
        lease.renew()
        mark(to_mark[start : start + READ], embedder.name)
    # The new collection never had what the old one still had to lose.
    PendingRemoval.objects.filter(knowledge_base=base, created_at__lt=collection.created_at).delete()
    KnowledgeBase.objects.filter(pk=base.pk).update(surveyed_at=None)
    survey(base, collection, store, embedder, lease)
    log.info("index_built", collection=collection.name, passages=passages)
    return collection


def _batches(base: KnowledgeBase) -> Iterator[list[Plan]]:
    """Read published entries by primary key, so that edits on the way neither skip nor repeat one."""
    entries = Entry.objects.filter(knowledge_base=base, status=Entry.Status.PUBLISHED).order_by("pk")
    last = None
    while True:
        page = entries.filter(pk__gt=last) if last else entries
        plans = [plan(entry) for entry in page.defer("index_error").prefetch_related("phrasings")[:READ]]
        if not plans:
            return
        last = plans[-1].entry.pk
        for start in range(0, len(plans), BATCH):
            yield plans[start : start + BATCH]


def _write_taken(
    plans: Sequence[Plan], collection: Collection, store: VectorStore, embedder: Embedder
) -> Sequence[Plan]:
    """Write plans and return those written; one whose text is refused is left dirty, for `drain` to set aside."""
    try:
        write(plans, collection, store, embedder)
        return plans
    except EmbeddingSetupError:
        raise
    except EmbeddingRefusedError:
        if len(plans) == 1:
            Entry.objects.filter(pk=plans[0].entry.pk).update(indexed_hash="", indexed_passages=0)
            return []
    return [p for one in plans for p in _write_taken([one], collection, store, embedder)]


def _new_generation(base: KnowledgeBase, store: VectorStore, embedder: Embedder) -> Collection:
    generations = Collection.objects.filter(knowledge_base=base)
    number = (generations.aggregate(last=Max("generation"))["last"] or 0) + 1
    model = hashlib.sha256(embedder.name.encode()).hexdigest()[:8]
    collection = Collection.objects.create(
        knowledge_base=base,
        model=embedder.name,
        generation=number,
        name=f"candor-{base.pk.hex}-{model}-{number}",
    )
    # Left over from a database that was set back to an earlier day, perhaps: never build on it.
    store.drop(collection.name)
    store.create(collection.name)
    return collection


def _verify(
    collection: Collection, expected: int, canaries: list[Entry], store: VectorStore, embedder: Embedder
) -> None:
    count = store.count(collection.name)
    lost = find_lost_canary(collection, store, embedder, canaries)
    if count != expected or lost:
        raise VerificationError(
            f"The index built just now has {count} of {expected} vectors"
            + (f" and does not find “{lost}”." if lost else ".")
        )


def _switch_to(collection: Collection, store: VectorStore) -> None:
    siblings = Collection.objects.filter(knowledge_base=collection.knowledge_base).exclude(pk=collection.pk)
    with transaction.atomic():
        siblings.update(state=Collection.State.RETIRED)
        collection.state = Collection.State.ACTIVE
        collection.save(update_fields=("state",))
    drop_unused(store)


def drop_unused(store: VectorStore) -> None:
    """Remove retired collections, those of a killed build and those of deleted bases. Under the lease only."""
    unused = Collection.objects.exclude(state=Collection.State.ACTIVE, knowledge_base__isnull=False)
    for collection in unused:
        store.drop(collection.name)
        collection.delete()
