"""Where a search by words reads: the table in the database, or words that are only tried out."""

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from knowledge.lexical.rows import Row, rows_in, rows_of
from knowledge.lexical.weights import Bank, bank_of, frequencies


class WordTable(Protocol):
    """What a search asks; see `rows` and `weights`, which ask the database."""

    def bank(self, bases: Sequence[UUID]) -> Bank:
        """Return the figures of knowledge bases that are searched together."""
        ...

    def frequencies(self, numbers: Collection[int]) -> dict[int, int]:
        """Return in how many entries words are, without those that no entry has."""
        ...

    def rows_of(self, words: Collection[int], limit: int) -> list[Row]:
        """Return up to `limit` rows of words, by number, then by entry."""
        ...

    def rows_in(self, words: Collection[int], entries: Collection[UUID]) -> list[Row]:
        """Return the rows of words in some entries, in no order."""
        ...


class SqlWords:
    """The words of published entries as they are in the database."""

    def bank(self, bases: Sequence[UUID]) -> Bank:
        """Return figures that may be minutes old in a large base."""
        return bank_of(bases)

    def frequencies(self, numbers: Collection[int]) -> dict[int, int]:
        """Return counts; those of common words may be minutes old."""
        return frequencies(numbers)

    def rows_of(self, words: Collection[int], limit: int) -> list[Row]:
        """Return rows as they are now."""
        return rows_of(words, limit)

    def rows_in(self, words: Collection[int], entries: Collection[UUID]) -> list[Row]:
        """Return rows as they are now."""
        return rows_in(words, entries)


SQL_WORDS = SqlWords()
