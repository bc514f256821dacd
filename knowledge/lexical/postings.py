"""Keeping the words of entries in SQL equal to what the entries say."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from knowledge.lexical.counting import count_words
from knowledge.lexical.weights import forget_banks
from knowledge.models import Entry, Posting

# Plain SQL, the same for SQLite and PostgreSQL: an entry has some hundred rows, and making a model of each takes
# longer than writing it.
_INSERT = "INSERT INTO knowledge_posting (word, entry_id, count, length) VALUES (%s, %s, %s, %s)"


def index_words(entries: Sequence[tuple[Entry, Sequence[str]]]) -> None:
    """Make the rows of entries, given with their phrasings, what the entries say now; unpublished ones have none.

    Inside the caller's transaction, so that words and text are never apart.
    """
    Posting.objects.filter(entry__in=[entry.pk for entry, _ in entries]).delete()
    published = (pair for pair in entries if pair[0].status == Entry.Status.PUBLISHED)
    rows = [row for pair in published for row in _rows(*pair)]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, rows)
    forget_banks()


def forget_words(entries: QuerySet[Entry]) -> None:
    """Remove the rows of entries that are about to be deleted."""
    Posting.objects.filter(entry__in=entries.order_by().values("pk")).delete()
    forget_banks()


def _rows(entry: Entry, phrasings: Sequence[str]) -> Iterator[tuple[int, str | UUID, int, int]]:
    language = entry.language or entry.knowledge_base.language
    asked = [entry.question, *phrasings]
    key: str | UUID = Entry._meta.pk.get_db_prep_value(entry.pk, connection)
    for word, times, length in count_words(entry.knowledge_base_id, language, asked, entry.answer):
        yield word, key, times, length
