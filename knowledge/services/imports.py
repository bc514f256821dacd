"""Importing checked rows: new ones are added, known references are updated, unchanged rows are left alone."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction

from knowledge.importing import Matcher, Problem, Row
from knowledge.models import Category, Entry, KnowledgeBase
from knowledge.services.entries import prepare, write_version
from knowledge.tasks import hint_after_commit

LOOKUP = 500
# As much as the history keeps.
REASON_LENGTH = 100


@dataclass
class ImportReport:
    """What an import did, or in a dry run would have done; `problems` are rows the database refused."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)


class _DryRunError(Exception):
    """Rolls a dry run back."""


def import_rows(
    base: KnowledgeBase,
    rows: Sequence[Row],
    *,
    author: AbstractBaseUser | None = None,
    reason: str = "",
    dry_run: bool = False,
    on_row: Callable[[], None] | None = None,
) -> ImportReport:
    """Import rows in one transaction. If any is refused nothing is kept, and the report names every refusal.

    What the file has no column for stays as it is; the status of a new entry is then "published".
    """
    report = ImportReport()
    try:
        with transaction.atomic():
            importer = _Importer(base, rows, author, f"Imported: {reason}"[:REASON_LENGTH] if reason else "Imported")
            for row in rows:
                importer.take(row, report)
                if on_row:
                    on_row()
            if dry_run or report.problems:
                raise _DryRunError
            if report.created or report.updated:
                hint_after_commit()
    except _DryRunError:
        pass
    return report


def plan_rows(base: KnowledgeBase, rows: Sequence[Row]) -> list[tuple[Entry, list[str]]]:
    """Return the entries of rows as an import would store them, each with its phrasings; nothing is written."""
    importer = _Importer(base, rows)
    return [planned for row in rows if (planned := importer.plan(row))]


class _Importer:
    """Knows the base's entries and its categories by name, so that a row costs no lookups."""

    def __init__(
        self, base: KnowledgeBase, rows: Sequence[Row], author: AbstractBaseUser | None = None, reason: str = ""
    ) -> None:
        self._base, self._author, self._reason = base, author, reason
        self._categories = {category.name: category for category in base.categories.all()}
        self._known = Matcher((e.reference, e.question, e) for e in _known_entries(base, rows))

    def take(self, row: Row, report: ImportReport) -> None:
        """Create or update the entry of a row; what is refused goes into the report."""
        known = self._known.take(row)
        entry = known or Entry(id=uuid.uuid4(), knowledge_base=self._base, status=Entry.Status.PUBLISHED)
        kept = [p.text for p in known.phrasings.all()] if known else []
        before = self._content(known, kept) if known else None
        self._fill(entry, row)
        if "category" in row.given:
            entry.category = self._category(row.category)
        try:
            # Compared as they are stored, or a phrasing that repeats the question would be a change at every import.
            phrasings = prepare(entry, row.phrasings if "phrasings" in row.given else kept)
            if before == self._content(entry, phrasings):
                report.unchanged += 1
                return
            write_version(entry, phrasings=phrasings, author=self._author, reason=self._reason)
        except ValidationError as error:
            report.problems.append(Problem(row.line, "error", " ".join(error.messages)))
        else:
            report.created += known is None
            report.updated += known is not None

    def _fill(self, entry: Entry, row: Row) -> None:
        entry.reference, entry.question, entry.answer = row.reference, row.question, row.answer
        entry.language = row.language or entry.language
        entry.status = row.status or entry.status
        for name in row.given & {"valid_from", "valid_until"}:
            setattr(entry, name, getattr(row, name))

    def plan(self, row: Row) -> tuple[Entry, list[str]] | None:
        """Return the entry of a row as it would be stored, with its phrasings; None where it would be refused."""
        known = self._known.take(row)
        entry = known or Entry(id=uuid.uuid4(), knowledge_base=self._base, status=Entry.Status.PUBLISHED)
        kept = [p.text for p in known.phrasings.all()] if known else []
        self._fill(entry, row)
        try:
            return entry, prepare(entry, row.phrasings if "phrasings" in row.given else kept)
        except ValidationError:
            return None

    def _category(self, name: str) -> Category | None:
        if not name:
            return None
        if name not in self._categories:
            position = len(self._categories)
            self._categories[name] = Category.objects.create(knowledge_base=self._base, name=name, position=position)
        return self._categories[name]

    @staticmethod
    def _content(entry: Entry, phrasings: Sequence[str]) -> tuple[object, ...]:
        words = (entry.question, entry.answer, tuple(phrasings))
        return (*words, entry.category_id, entry.language, entry.status, entry.valid_from, entry.valid_until)


def _known_entries(base: KnowledgeBase, rows: Sequence[Row]) -> Iterator[Entry]:
    """Yield the entries that rows may mean: those with their ids, and, if a row has none, all without."""
    of_base = Entry.objects.filter(knowledge_base=base).select_related("category").prefetch_related("phrasings")
    references = [row.reference for row in rows if row.reference]
    for start in range(0, len(references), LOOKUP):
        yield from of_base.filter(reference__in=references[start : start + LOOKUP])
    if len(references) < len(rows):
        yield from of_base.filter(reference="").order_by("created_at")
