"""Reading knowledge: what views, the admin, commands and the chat show. Nothing here writes."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.importing import Row
from knowledge.models import Entry, KnowledgeBase, StoreHealth


@dataclass(frozen=True)
class IndexOverview:
    """How a base's entries stand with the index."""

    published: int
    waiting: int
    failed: int


def answerable_entry(entry_id: uuid.UUID) -> Entry | None:
    """Return an entry as it may be shown to visitors at this moment, or None."""
    return Entry.objects.answerable().select_related("category", "knowledge_base").filter(pk=entry_id).first()


def index_overview(base: KnowledgeBase | None = None) -> IndexOverview:
    """Count entries by where they stand, in one base or in all."""
    entries = Entry.objects.filter(knowledge_base=base) if base else Entry.objects.all()
    failed = entries.failed().count()
    return IndexOverview(
        published=entries.filter(status=Entry.Status.PUBLISHED).count(),
        waiting=entries.dirty().count() - failed,
        failed=failed,
    )


def store_health() -> StoreHealth | None:
    """Return what the worker last found about the vector store; None before a worker ever ran."""
    return StoreHealth.objects.filter(name="chroma").first()


def knowledge_base_named(name: str) -> KnowledgeBase | None:
    """Find a base by slug or by name, in any case; None if there is no such base."""
    return KnowledgeBase.objects.filter(slug=name).first() or KnowledgeBase.objects.filter(name__iexact=name).first()


def rows_for_export(base: KnowledgeBase) -> Iterator[Row]:
    """Yield every entry of a base as a row that an import reads back without loss, by reference, then by age."""
    entries = Entry.objects.filter(knowledge_base=base).order_by("reference", "created_at")
    entries = entries.select_related("category").prefetch_related("phrasings")
    for number, entry in enumerate(entries.iterator(chunk_size=500), start=1):
        yield Row(
            line=number,
            reference=entry.reference,
            question=entry.question,
            answer=entry.answer,
            phrasings=tuple(p.text for p in entry.phrasings.all()),
            category=entry.category.name if entry.category else "",
            language=entry.language,
            status=entry.status,
            valid_from=entry.valid_from,
            valid_until=entry.valid_until,
        )
