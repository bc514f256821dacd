"""What a question reads of bases and entries, in plain SQL, the same on SQLite and PostgreSQL.

Each of these is asked at every question, and the ORM would take up to ten times as long to put the query together as
the database takes to answer it: several milliseconds, more than all the ranking.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from knowledge.lexical.rows import database_keys
from knowledge.models import Entry, KnowledgeBase

# As `EntryQuerySet.answerable` has it; a test holds the two together.
_ANSWERABLE = """
    id IN ({holes}) AND status = 'published'
    AND (valid_from IS NULL OR valid_from <= %s) AND (valid_until IS NULL OR valid_until > %s)
"""
_BASES = """
    SELECT base.*, collection.name AS collection FROM knowledge_knowledgebase base
    LEFT JOIN knowledge_collection collection
    ON collection.knowledge_base_id = base.id AND collection.model = %s AND collection.state = 'active'
    WHERE base.id IN ({holes})
"""


class Hashes(NamedTuple):
    """The text that an entry has now, and the one that the index has of it."""

    now: str
    indexed: str


def read_bases(ids: Sequence[uuid.UUID], model: str) -> dict[uuid.UUID, KnowledgeBase]:
    """Return knowledge bases by id, each with the name of its collection by `model` as `collection`, or None."""
    found = KnowledgeBase.objects.raw(_BASES.format(holes=_holes(ids)), [model, *database_keys(ids)]) if ids else ()
    return {base.pk: base for base in found}


def read_hashes(ids: Collection[uuid.UUID], bases: Collection[uuid.UUID]) -> dict[uuid.UUID, Hashes]:
    """Return the hashes of those entries of `bases` that may be said now."""
    if not ids:
        return {}
    where = _ANSWERABLE.format(holes=_holes(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, knowledge_base_id, content_hash, indexed_hash FROM knowledge_entry WHERE {where}",  # noqa: S608
            _answerable(ids),
        )
        rows = cursor.fetchall()
    entries = dict(zip(database_keys(ids), ids, strict=True))
    # The bases are compared here: in the query they lead SQLite to walk all entries of a base.
    allowed = set(database_keys(bases))
    return {entries[key]: Hashes(now, indexed) for key, base, now, indexed in rows if base in allowed}


def read_entries(ids: Collection[uuid.UUID], bases: Mapping[uuid.UUID, KnowledgeBase]) -> dict[uuid.UUID, Entry]:
    """Return entries of `bases` that may be said now, with their base; what was taken back a moment ago is missing."""
    if not ids:
        return {}
    where = _ANSWERABLE.format(holes=_holes(ids))
    statement = f"SELECT {_columns()} FROM knowledge_entry WHERE {where}"  # noqa: S608
    entries: dict[uuid.UUID, Entry] = {}
    for entry in Entry.objects.raw(statement, _answerable(ids)):
        if entry.knowledge_base_id in bases:
            entry.knowledge_base = bases[entry.knowledge_base_id]
            entries[entry.pk] = entry
    return entries


@cache
def _columns() -> str:
    # The two databases quote names alike.
    return ", ".join(connection.ops.quote_name(str(field.column)) for field in Entry._meta.concrete_fields)


def _answerable(ids: Collection[uuid.UUID]) -> list[Any]:
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    return [*database_keys(ids), now, now]


def _holes(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))
