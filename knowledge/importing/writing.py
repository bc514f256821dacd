"""Rows back into CSV and JSONL text that `read_rows` reads without loss.

A CSV cell that begins with = + - @ or a tab would run as a formula in a spreadsheet. It gets a leading
apostrophe, and so does a cell that begins with apostrophes followed by one of those; reading takes one off.
"""

import csv
import io
import json
import re
from collections.abc import Iterable

from knowledge.importing.records import COLUMNS, Row
from knowledge.texts import one_line

_NEEDS_APOSTROPHE = re.compile(r"'*[=+\-@\t]")


def write_csv(rows: Iterable[Row]) -> str:
    """RFC 4180 with a header line; encode it as utf-8-sig for people who open it in Excel."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS.values())
    for row in rows:
        texts = _texts(row) | {"phrasings": _join_phrasings(row.phrasings)}
        writer.writerow([protect(texts[field]) for field in COLUMNS])
    return buffer.getvalue()


def write_jsonl(rows: Iterable[Row]) -> str:
    """One object a line, with every field: what an import does not find in a file it leaves as it is."""
    return "".join(json.dumps(_object(row), ensure_ascii=False) + "\n" for row in rows)


def _object(row: Row) -> dict[str, str | list[str]]:
    values: dict[str, str | list[str]] = {**_texts(row), "phrasings": [*row.phrasings]}
    return {name: values[field] for field, name in COLUMNS.items()}


def _texts(row: Row) -> dict[str, str]:
    return {
        "reference": row.reference,
        "question": row.question,
        "answer": row.answer,
        "category": row.category,
        "language": row.language,
        "status": row.status,
        "valid_from": row.valid_from.isoformat() if row.valid_from else "",
        "valid_until": row.valid_until.isoformat() if row.valid_until else "",
    }


def _join_phrasings(phrasings: tuple[str, ...]) -> str:
    lines = [one_line(phrasing) for phrasing in phrasings]
    if len(lines) == 1 and " | " in lines[0]:
        # Only a cell of several lines is not split at " | ", and a repeated phrasing counts once.
        lines *= 2
    return "\n".join(lines)


def protect(cell: str) -> str:
    return f"'{cell}" if _NEEDS_APOSTROPHE.match(cell) else cell
