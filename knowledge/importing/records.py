"""What an imported file consists of: rows, problems, and the names its columns may have.

The vocabulary shared by the readers, the checks and the writers; it knows no file format.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Level = Literal["error", "warning"]
Format = Literal["csv", "jsonl"]

COLUMNS: Mapping[str, str] = {
    "reference": "id",
    "question": "question",
    "answer": "answer",
    "phrasings": "alternatives",
    "category": "category",
    "language": "language",
    "status": "status",
    "valid_from": "valid_from",
    "valid_until": "valid_until",
}
"""Each field of a row and the name under which files are written, in the order of the columns."""

ALIASES: Mapping[str, str] = {
    **{name: field for field, name in COLUMNS.items()},
    "reference": "reference",
    "ref": "reference",
    "phrasings": "phrasings",
    "phrasing": "phrasings",
    "alternative": "phrasings",
    "alternative_questions": "phrasings",
    "topic": "category",
    "lang": "language",
    "valid_to": "valid_until",
}

REQUIRED = ("question", "answer")
STATUSES = ("draft", "published", "archived")


class ImportFileError(Exception):
    """The file as a whole cannot be read; the message tells a person why and what to do next."""


@dataclass(frozen=True, slots=True)
class Row:
    """One checked entry; `line` is where its record starts, dates are UTC, absent texts are empty.

    `given` names the fields that the file has: what it leaves out is not meant to be emptied.
    """

    line: int
    reference: str
    question: str
    answer: str
    phrasings: tuple[str, ...] = ()
    category: str = ""
    language: str = ""
    status: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    given: frozenset[str] = field(default=frozenset(COLUMNS), compare=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a line (1-based); a row with an error is left out, a warning leaves it in."""

    line: int
    level: Level
    message: str


@dataclass(frozen=True, slots=True)
class Record:
    """What stands at a line, by field and not yet checked: texts from CSV, anything JSON knows from JSONL."""

    line: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that could be read: good rows and problems in file order; `delimiter` is None for JSONL."""

    rows: list[Row]
    problems: list[Problem]
    encoding: str
    certain: bool
    delimiter: str | None
    format: Format


def field_of(name: str) -> str | None:
    """The field that a column or key means, whatever its case and spacing; None if it is not one of ours."""
    return ALIASES.get(name.strip().casefold().replace(" ", "_").replace("-", "_"))


def show(text: str) -> str:
    """A piece of somebody's file, quoted, short and harmless to print (escapes, no control characters)."""
    text = text.strip()
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def list_names(names: list[str]) -> str:
    """Column names for a message: quoted, the first ten of them."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(show(name) for name in names[:10]) + more


def warn_of_unknown(line: int, names: list[str]) -> Problem:
    """The one warning per file for everything in it that an entry has no place for."""
    known = ", ".join(COLUMNS.values())
    ignored = f"Ignored, because an entry has no such field: {list_names(names)}."
    return Problem(line, "warning", f"{ignored} Known: {known}.")
