"""Whether the entries of an answer still say what they said when they were looked up.

Asked while a model writes, and again by the transaction that stores the answer: a text that an editor took back must
not reach a visitor after the editor's save has returned.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from knowledge.models import Entry


class SourcesChangedError(Exception):
    """An entry was edited, unpublished or deleted after it was looked up."""


@dataclass(frozen=True)
class Listed:
    """An entry in the words it had when it was looked up: a source of the answer, or an offer."""

    number: int
    entry_id: uuid.UUID
    version: int
    question: str
    answer: str
    similarity: float


def check_standing(entries: Iterable[Listed], *, lock: bool = False) -> None:
    """Raise SourcesChangedError unless all are answerable now in the same words.

    With `lock`, which needs a transaction, none of them can be edited until it ends.
    """
    wanted = {listed.entry_id: (listed.question, listed.answer) for listed in entries}
    rows = Entry.objects.answerable().filter(pk__in=wanted).order_by("pk")
    if lock:
        rows = rows.select_for_update(no_key=True)
    if {row.pk: (row.question, row.answer) for row in rows} != wanted:
        raise SourcesChangedError
