"""Writing entries: one door, which keeps words, version, content hash, history and the hint to the indexer in step."""

from collections.abc import Iterable, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from knowledge.lexical import forget_words, index_words
from knowledge.models import Entry, KnowledgeBase, PendingRemoval, Phrasing
from knowledge.passages import content_hash
from knowledge.services.history import record_versions
from knowledge.tasks import hint_after_commit
from knowledge.texts import LIMITS, TextError, clean, slug_for

# What an editor's save writes. The indexed_* columns are the indexer's: writing them here would undo its work.
EDITED = [
    "knowledge_base",
    "category",
    "reference",
    "question",
    "answer",
    "language",
    "status",
    "valid_from",
    "valid_until",
    "owner",
    "review_due",
    "version",
    "content_hash",
    "index_attempts",
    "index_error",
    "updated_at",
]
STATUS_FIELDS = ("status", "version", "content_hash", "index_attempts", "index_error", "updated_at")
# Where an entry's passages are in the index.
PLACE = ("knowledge_base_id", "indexed_hash", "indexed_passages")
BULK = 200


class EntryGoneError(Exception):
    """The entry was deleted meanwhile."""


class EntryChangedError(Exception):
    """Somebody else saved the entry meanwhile; the message says what to do."""


def save_entry(
    entry: Entry,
    *,
    phrasings: Sequence[str] | None = None,
    author: AbstractBaseUser | None = None,
    reason: str = "",
    expected_version: int | None = None,
) -> Entry:
    """Validate and store a new or changed entry as a new version; it is indexed after the commit.

    `phrasings` replaces all phrasings, None keeps them. Raises ValidationError, EntryGoneError, and EntryChangedError
    where `expected_version` is not the stored one.
    """
    with transaction.atomic():
        write_version(entry, phrasings=phrasings, author=author, reason=reason, expected_version=expected_version)
        hint_after_commit()
    return entry


def write_version(
    entry: Entry,
    *,
    phrasings: Sequence[str] | None,
    author: AbstractBaseUser | None,
    reason: str,
    expected_version: int | None = None,
) -> None:
    """Do all that `save_entry` does but hint to the indexer: many entries in one transaction need one hint."""
    with transaction.atomic():
        is_new = entry._state.adding
        kept = _lock(entry, expected_version) if not is_new else []
        texts = prepare(entry, kept if phrasings is None else phrasings)
        if is_new:
            entry.slug = slug_for(entry.question, entry.pk)
        entry.full_clean(exclude=["owner"])
        _stamp(entry, texts)
        entry.skip_history_when_saving = True  # recorded below, with the phrasings
        entry.save(update_fields=None if is_new else EDITED)
        if texts != kept:
            _replace_phrasings(entry, texts)
        index_words([(entry, texts)])
        record_versions([entry], [texts], is_new=is_new, author=author, reason=reason)


def set_status(
    entries: QuerySet[Entry], status: Entry.Status, *, author: AbstractBaseUser | None = None, reason: str = ""
) -> int:
    """Publish, archive or set to draft all `entries` in one transaction; returns how many changed."""
    reason = f"{status.label} in bulk: {reason}" if reason else f"{status.label} in bulk"
    with transaction.atomic():
        changed = _locked(entries).exclude(status=status)
        rows = list(changed.prefetch_related("phrasings", "knowledge_base"))
        for start in range(0, len(rows), BULK):
            batch = rows[start : start + BULK]
            texts = [[p.text for p in entry.phrasings.all()] for entry in batch]
            for entry, phrasings in zip(batch, texts, strict=True):
                entry.status = status
                _stamp(entry, phrasings)
                entry.updated_at = timezone.now()
            Entry.objects.bulk_update(batch, STATUS_FIELDS)
            index_words(list(zip(batch, texts, strict=True)))
            record_versions(batch, texts, is_new=False, author=author, reason=reason)
        hint_after_commit()
    return len(rows)


def delete_entries(entries: QuerySet[Entry]) -> int:
    """Delete entries for good, and have their vectors removed; returns how many there were."""
    with transaction.atomic():
        rows = list(_locked(entries).only(*PLACE))
        _have_removed(rows)
        doomed = Entry.objects.filter(pk__in=[row.pk for row in rows])
        forget_words(doomed)
        doomed.delete()
        hint_after_commit()
    return len(rows)


def delete_bases(bases: QuerySet[KnowledgeBase]) -> None:
    """Delete knowledge bases with all that is in them; the indexer removes their collections."""
    with transaction.atomic():
        doomed = KnowledgeBase.objects.filter(pk__in=list(bases.values_list("pk", flat=True)))
        forget_words(Entry.objects.filter(knowledge_base__in=doomed))
        doomed.delete()


def restore_version(
    entry: Entry, version: int, *, author: AbstractBaseUser | None = None, expected_version: int | None = None
) -> Entry:
    """Save an earlier version's words as a new one, in the status of today; Entry.DoesNotExist if there is none."""
    record = entry.history.filter(version=version).order_by("-history_date").first()
    if record is None:
        raise Entry.DoesNotExist(f"There is no version {version} of this entry.")
    for name in ("question", "answer", "language", "valid_from", "valid_until", "review_due"):
        setattr(entry, name, getattr(record, name))
    return save_entry(
        entry,
        phrasings=record.phrasings,
        author=author,
        reason=f"Restored version {version}",
        expected_version=expected_version,
    )


def request_indexing(entries: QuerySet[Entry]) -> int:
    """Have entries written to the index again, though nothing in them changed; returns how many."""
    with transaction.atomic():
        count = entries.order_by().exclude(content_hash="").update(indexed_hash="", index_attempts=0, index_error="")
        hint_after_commit()
    return count


def retry_indexing(entries: QuerySet[Entry]) -> int:
    """Give entries that were set aside another chance; returns how many."""
    with transaction.atomic():
        count = entries.order_by().filter(index_attempts__gt=0).update(index_attempts=0, index_error="")
        hint_after_commit()
    return count


def _locked(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Lock rows, always in the same order, so that two who do so never wait for each other.

    By key, because PostgreSQL locks no rows of a query that counts or joins, as a list in the admin does.
    """
    return Entry.objects.filter(pk__in=entries.order_by().values("pk")).order_by("pk").select_for_update()


def _have_removed(rows: Iterable[Entry]) -> None:
    """Note for the indexer what its bases' collections have of entries that leave them."""
    PendingRemoval.objects.bulk_create(
        PendingRemoval(
            knowledge_base_id=row.knowledge_base_id,
            entry_id=row.pk,
            content_hash=row.indexed_hash,
            passages=row.indexed_passages,
        )
        for row in rows
        if row.indexed_hash
    )


def _lock(entry: Entry, expected_version: int | None) -> list[str]:
    """Take the row, continue its version, and return its phrasings."""
    row = Entry.objects.select_for_update().filter(pk=entry.pk).only("version", *PLACE).first()
    if row is None:
        raise EntryGoneError("This entry was deleted meanwhile. Copy your text and add it as a new entry.")
    if expected_version is not None and row.version != expected_version:
        raise EntryChangedError(
            f"Somebody else saved this entry while you were editing (version {row.version} now, you began with version "
            f"{expected_version}). Copy your text, reload the page and look at the history."
        )
    entry.version = row.version
    if row.knowledge_base_id != entry.knowledge_base_id:
        _have_removed([row])
        Entry.objects.filter(pk=entry.pk).update(indexed_hash="", indexed_passages=0)
    return list(Phrasing.objects.filter(entry=entry).values_list("text", flat=True))


def prepare(entry: Entry, phrasings: Iterable[str]) -> list[str]:
    """Bring an entry's words into the form in which they are stored, and return its phrasings so; ValidationError."""
    for name in ("question", "answer", "reference"):
        setattr(entry, name, _clean_field(name, getattr(entry, name)))
    entry.question = " ".join(entry.question.split())
    if entry.category and entry.category.knowledge_base_id != entry.knowledge_base_id:
        raise ValidationError({"category": "This category belongs to another knowledge base."})
    return _clean_phrasings(entry, phrasings)


def _clean_field(name: str, text: str) -> str:
    try:
        return clean(text, LIMITS[name])
    except TextError as error:
        raise ValidationError({name: f"The {name} {error}"}) from error


def _stamp(entry: Entry, phrasings: Sequence[str]) -> None:
    published = entry.status == Entry.Status.PUBLISHED
    entry.version += 1
    entry.content_hash = content_hash(entry.question, entry.answer, phrasings) if published else ""
    entry.index_attempts, entry.index_error = 0, ""


def _clean_phrasings(entry: Entry, phrasings: Iterable[str]) -> list[str]:
    """Return phrasings in order, each once, without the question itself."""
    seen = {entry.question.casefold()}
    kept: list[str] = []
    for phrasing in phrasings:
        try:
            text = " ".join(clean(phrasing, LIMITS["phrasings"]).split())
        except TextError as error:
            raise ValidationError(f"The phrasing “{phrasing[:60]}” {error}") from error
        if text and text.casefold() not in seen:
            seen.add(text.casefold())
            kept.append(text)
    return kept


def _replace_phrasings(entry: Entry, texts: Sequence[str]) -> None:
    Phrasing.objects.filter(entry=entry).delete()
    Phrasing.objects.bulk_create(Phrasing(entry=entry, text=text, position=i) for i, text in enumerate(texts))
    if hasattr(entry, "_prefetched_objects_cache"):
        entry._prefetched_objects_cache.pop("phrasings", None)
