"""Which known entry a row means: the one with its id, or, for a row without one, the one that asks the same question.

A room of its own because the import and its preview must agree.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, TypeVar

from knowledge.importing.records import Row

T = TypeVar("T")


class Matcher(Generic[T]):
    """Made of (reference, question, entry) in order of age; a file with two rows alike meets two entries alike."""

    def __init__(self, known: Iterable[tuple[str, str, T]]) -> None:
        self._by_reference: dict[str, T] = {}
        self._by_question: defaultdict[str, list[T]] = defaultdict(list)
        for reference, question, entry in known:
            if reference:
                self._by_reference[reference] = entry
            else:
                self._by_question[_one_line(question)].append(entry)

    def take(self, row: Row) -> T | None:
        """Return the entry that a row means, or None for a new one; an entry without an id is met only once."""
        if row.reference:
            return self._by_reference.get(row.reference)
        alike = self._by_question.get(_one_line(row.question))
        return alike.pop(0) if alike else None


def _one_line(question: str) -> str:
    return " ".join(question.split())
