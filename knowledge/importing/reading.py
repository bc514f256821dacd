"""From the bytes of a CSV or JSONL file to a sheet of checked rows: the one way in for every caller."""

import math
from collections.abc import Iterable
from pathlib import PurePath

from knowledge.importing.checking import Checker
from knowledge.importing.csv_records import CsvRecords
from knowledge.importing.decoding import decode
from knowledge.importing.jsonl_records import read_jsonl
from knowledge.importing.records import Format, ImportFileError, Problem, Record, Row, Sheet
from knowledge.texts import unify_newlines

_MEGABYTE = 1_000_000


def read_rows(data: bytes, *, name: str, encoding: str | None = None, max_bytes: int) -> Sheet:
    """Raises ImportFileError if the file as a whole is of no use; `name` matters only for its ending."""
    _refuse_large(len(data), max_bytes)
    decoded = decode(data, encoding)
    text = unify_newlines(decoded.text)
    if not text or text.isspace():
        raise ImportFileError("The file is empty. Choose another one.")
    format_ = _format_of(name, text)
    delimiter, records = _open(text, format_)
    rows, problems, any_read = _check(records)
    if not any_read:
        raise ImportFileError("The file has a header, but no rows below it. Add rows and import it again.")
    return Sheet(rows, problems, decoded.encoding, decoded.certain, delimiter, format_)


def _refuse_large(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        # Rounded away from each other, so that the two numbers never look the same.
        raise ImportFileError(
            f"The file has {math.ceil(size / _MEGABYTE * 10) / 10:,.1f} MB; "
            f"at most {math.floor(max_bytes / _MEGABYTE * 10) / 10:,.1f} MB can be imported. Split it."
        )


def _format_of(name: str, text: str) -> Format:
    """What stands in the file decides, and its ending only where that says nothing."""
    first = text.lstrip()[:1]
    if first == "[":
        raise ImportFileError("The file is one JSON list. Write one object per line, without [ and ] (JSONL).")
    return "jsonl" if first == "{" or PurePath(name).suffix.lower() in {".jsonl", ".ndjson"} else "csv"


def _open(text: str, format_: Format) -> tuple[str | None, Iterable[Record | Problem]]:
    if format_ == "jsonl":
        return None, read_jsonl(text)
    records = CsvRecords(text)
    return records.delimiter, records


def _check(records: Iterable[Record | Problem]) -> tuple[list[Row], list[Problem], bool]:
    checker = Checker()
    rows: list[Row] = []
    any_read = False
    for record in records:
        if isinstance(record, Problem):
            checker.problems.append(record)
            any_read = any_read or record.level == "error"
            continue
        any_read = True
        row = checker.check(record)
        if row:
            rows.append(row)
    checker.problems.sort(key=lambda problem: problem.line)
    return rows, checker.problems, any_read
