"""The table of words as a search reads it: plain SQL, the same on SQLite and PostgreSQL.

A question reads it two or three times, and putting such a query together with the ORM takes longer than running it.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

Row = tuple[int, str, int, int]
"""Of a posting: number of the word, key of the entry as text, count, length."""
# Slips of the hand make thousands of words, and SQLite takes 32,766 parameters in most builds.
AT_ONCE = 2_000
_COLUMNS = "word, CAST(entry_id AS text), count, length"


def count_entries(words: Collection[int]) -> dict[int, int]:
    """Return in how many entries words are, by their numbers; without those that no entry has."""
    numbers, found = list(words), {}
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        statement = f"SELECT word, COUNT(*) FROM knowledge_posting WHERE word IN ({_holes(some)}) GROUP BY word"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(statement, some)
            found.update(cursor.fetchall())
    return found


def rows_of(words: Collection[int], limit: int) -> list[Row]:
    """Return up to `limit` rows of words, by number, then by entry."""
    where = f"word IN ({_holes(words)}) ORDER BY word, entry_id LIMIT {limit:d}"
    return _select(where, list(words)) if words else []


def rows_in(words: Collection[int], entries: Collection[UUID]) -> list[Row]:
    """Return the rows of words in some entries, in no order."""
    where = f"entry_id IN ({_holes(entries)}) AND word IN ({_holes(words)})"
    return _select(where, [*database_keys(entries), *words]) if words and entries else []


def database_keys(ids: Iterable[UUID]) -> list[Any]:
    """Keys as the database takes and gives them: a UUID, or its 32 digits where it has no such type (SQLite)."""
    return list(ids) if connection.features.has_native_uuid_field else [key.hex for key in ids]


def _select(where: str, parameters: Sequence[Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM knowledge_posting WHERE {where}", parameters)  # noqa: S608  (no text of anybody's)
        rows: list[Row] = cursor.fetchall()
    return rows


def _holes(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))
