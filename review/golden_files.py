"""Golden questions as files: CSV for spreadsheets and JSONL for programs, read back without loss."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from knowledge.importing import ImportFileError
from knowledge.importing.decoding import decode
from knowledge.models import Entry, GoldenQuestion, KnowledgeBase
from knowledge.services import keep_golden_question
from knowledge.texts import TextError, clean, unify_newlines
from review.sheets import csv_text

HEADER = ("question", "entry", "entry_id")
MOST_ROWS = 10_000
MOST_BYTES = 5 * 1024 * 1024
# In the column "entry": nothing answers this.
DECLINE = ""


class GoldenFileError(Exception):
    """A file cannot be read; the message says where and what to do. Nothing was stored."""


@dataclass(frozen=True)
class Read:
    """What an import did."""

    kept: int
    declines: int


def export_csv(base: KnowledgeBase) -> str:
    """Return all golden questions of a base as CSV."""
    return csv_text(HEADER, ([row["question"], row["entry"], row["entry_id"]] for row in _rows(base)))


def export_jsonl(base: KnowledgeBase) -> str:
    """Return all golden questions of a base, one JSON object a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _rows(base))


def _rows(base: KnowledgeBase) -> Iterator[dict[str, str]]:
    golden = GoldenQuestion.objects.filter(knowledge_base=base, lost=False).select_related("entry").order_by("question")
    for one in golden:
        entry = one.entry
        yield {
            "question": one.question,
            "entry": (entry.reference or entry.question) if entry else DECLINE,
            "entry_id": str(entry.pk) if entry else "",
        }


def read_file(base: KnowledgeBase, data: bytes, name: str) -> Read:
    """Store the golden questions of a file, all or none; raises GoldenFileError.

    An entry is named by its id, its reference or its question; none means that the right reply is to decline.
    """
    if len(data) > MOST_BYTES:
        raise GoldenFileError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it.")
    try:
        text = unify_newlines(decode(data).text)
    except ImportFileError as error:
        raise GoldenFileError(str(error)) from error
    rows = list(_jsonl(text) if name.lower().endswith((".jsonl", ".ndjson")) else _csv(text))
    if len(rows) > MOST_ROWS:
        raise GoldenFileError(f"The file has {len(rows):,} rows; at most {MOST_ROWS:,} are taken at once. Split it.")
    if not rows:
        raise GoldenFileError("The file has no rows. Its first line names the columns: question, entry.")
    entries = _entries(base)
    with transaction.atomic():
        kept = [_keep(base, entries, line, question, names) for line, question, names in rows]
    return Read(len(kept), sum(one.entry_id is None for one in kept))


Row = tuple[int, str, Sequence[str]]


def _csv(text: str) -> Iterator[Row]:
    try:
        sample = text.partition("\n")[0]
        delimiter = max(",;\t", key=sample.count)
        reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True)
        columns = {(column or "").strip().casefold(): column for column in reader.fieldnames or ()}
        if "question" not in columns:
            raise GoldenFileError("The first line must name the columns, and one of them must be “question”.")
        for row in reader:
            if None in row:
                raise GoldenFileError(f"Line {reader.line_num} has more cells than there are columns.")
            cells = {name: _unprotected(row[column] or "") for name, column in columns.items()}
            if any(cells.values()):
                yield reader.line_num, cells["question"], (cells.get("entry_id", ""), cells.get("entry", ""))
    except csv.Error as error:
        raise GoldenFileError(f"This is no CSV that can be read: {error}.") from error


def _unprotected(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell.lstrip("'")[:1] in {"=", "+", "-", "@", "\t"} else cell


def _jsonl(text: str) -> Iterator[Row]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise GoldenFileError(f"Line {number} is no JSON object: {error}.") from error
        if not isinstance(row, dict) or not isinstance(row.get("question"), str):
            raise GoldenFileError(f"Line {number} has no text under “question”.")
        yield number, row["question"], [str(row.get(name) or "") for name in ("entry_id", "entry")]


def _entries(base: KnowledgeBase) -> dict[str, Entry]:
    """Entries by what a file may call them: question, then reference, then id, each of which wins over the former."""
    rows = list(Entry.objects.filter(knowledge_base=base))
    by_name = {row.question.casefold(): row for row in rows}
    by_name |= {row.reference.casefold(): row for row in rows if row.reference}
    return by_name | {str(row.pk): row for row in rows}


def _keep(
    base: KnowledgeBase, entries: dict[str, Entry], line: int, question: str, names: Iterable[str]
) -> GoldenQuestion:
    named = [name.strip() for name in names if name.strip()]
    entry = next((entries[name.casefold()] for name in named if name.casefold() in entries), None)
    if named and entry is None:
        raise GoldenFileError(
            f"Line {line}: no entry of “{base.name}” is called “{named[-1][:80]}”. Give its id, its reference or its "
            "question, or leave the cell empty where the right reply is to decline."
        )
    try:
        text = clean(question, 4_000)
        if not text:
            raise GoldenFileError(f"Line {line} has no question.")
        return keep_golden_question(base, text, entry)
    except TextError as error:
        raise GoldenFileError(f"Line {line}: the question {error}") from error
    except ValidationError as error:
        raise GoldenFileError(f"Line {line}: {' '.join(error.messages)}") from error
