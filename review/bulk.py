"""What would be saved, as edits to try out: an entry's form, many entries' new status, the rows of a file."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from django.db.models import QuerySet

from knowledge.importing import Row
from knowledge.models import Entry, KnowledgeBase
from knowledge.rehearsal import Edit
from knowledge.services import plan_rows

# Each may have to be embedded while somebody waits.
MOST_EDITS = 200
# What retrieval depends on.
TELLING = frozenset(
    {"question", "answer", "phrasings", "status", "language", "valid_from", "valid_until", "knowledge_base"}
)


class TooManyEditsError(Exception):
    """So many entries would change that trying them out would take too long; the message says what to do instead."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"{number:,} entries would change; up to {MOST_EDITS} are tried out before. Run the golden questions after."
        )


def edit_of_form(entry: Entry, cleaned: Mapping[str, Any]) -> Edit:
    """Return what saving an entry's form would make of it."""
    changed = copy(entry)
    for name in TELLING - {"phrasings"}:
        if name in cleaned:
            setattr(changed, name, cleaned[name])
    return Edit(entry.pk, changed, tuple(dict.fromkeys(cleaned.get("phrasings", ()))))


def edits_of_status(entries: QuerySet[Entry], status: Entry.Status) -> list[Edit]:
    """Return what giving entries a status would make of them; raises TooManyEditsError."""
    rows = list(entries.exclude(status=status).prefetch_related("phrasings")[: MOST_EDITS + 1])
    if len(rows) > MOST_EDITS:
        raise TooManyEditsError(entries.exclude(status=status).count())
    edits = []
    for row in rows:
        phrasings = tuple(p.text for p in row.phrasings.all())
        row.status = status
        edits.append(Edit(row.pk, row, phrasings))
    return edits


def edits_of_deletion(entries: QuerySet[Entry]) -> list[Edit]:
    """Return what deleting entries would do; raises TooManyEditsError."""
    keys = list(entries.values_list("pk", flat=True)[: MOST_EDITS + 1])
    if len(keys) > MOST_EDITS:
        raise TooManyEditsError(entries.count())
    return [Edit(key, None) for key in keys]


def edits_of_rows(base: KnowledgeBase, rows: Sequence[Row]) -> list[Edit]:
    """Return what importing rows would make of their entries; raises TooManyEditsError."""
    planned = plan_rows(base, rows)
    known = {entry.pk: entry for entry in Entry.objects.filter(pk__in=[e.pk for e, _ in planned])}
    said = {pk: _said(entry, [p.text for p in entry.phrasings.all()]) for pk, entry in known.items()}
    edits = [
        Edit(entry.pk, entry, tuple(phrasings))
        for entry, phrasings in planned
        if said.get(entry.pk) != _said(entry, phrasings)
    ]
    if len(edits) > MOST_EDITS:
        raise TooManyEditsError(len(edits))
    return edits


def _said(entry: Entry, phrasings: Sequence[str]) -> tuple[Any, ...]:
    return (*(getattr(entry, name) for name in sorted(TELLING - {"phrasings", "knowledge_base"})), tuple(phrasings))
