"""Excel workbooks in and out. A workbook is read into the same checked rows as CSV and JSONL, by way of JSONL.

A room of its own because it is the only place that knows openpyxl, and because a workbook is a ZIP archive, which can
be far larger than it looks.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

from knowledge.importing import ImportFileError, Row, Sheet, read_rows, write_jsonl
from knowledge.importing.records import COLUMNS, REQUIRED, field_of, list_names

SIGNATURE = b"PK\x03\x04"
# What a workbook unpacks to, as a multiple of what may be uploaded: real ones stay under 15.
MAX_UNPACKED = 25
# Excel's own limit of a cell; longer texts would be cut when the file is opened.
MAX_CELL = 32_767
UNUSABLE = "This is not an Excel workbook that can be read. Save it as .xlsx without password, or as CSV (UTF-8)."


def read_workbook(data: bytes, *, max_bytes: int) -> Sheet:
    """Rows and problems of the first sheet, by its row numbers; ImportFileError if the file is of no use."""
    rows = _read_cells(data, max_bytes)
    fields = _fields(rows[0] if rows else ())
    # The header's line stays empty, so that line numbers are row numbers.
    lines = ["", *(_line(fields, row) for row in rows[1:])]
    if not any(lines):
        raise ImportFileError("The first sheet has a header, but no rows below it. Add rows and import it again.")
    return read_rows("\n".join(lines).encode(), name="workbook.jsonl", max_bytes=MAX_UNPACKED * max_bytes)


def write_workbook(rows: Iterable[Row]) -> bytes:
    """One sheet with a header; ImportFileError where a text does not fit into a cell."""
    # All of it before the workbook is begun: one that is left half-written keeps its temporary file.
    table = [_cells(json.loads(line)) for line in write_jsonl(rows).split("\n") if line]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Entries")
    sheet.append(list(COLUMNS.values()))
    for texts in table:
        sheet.append([_text_cell(sheet, text) for text in texts])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _read_cells(data: bytes, max_bytes: int) -> list[tuple[Any, ...]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED * max_bytes:
                raise ImportFileError("The workbook is too large when unpacked. Split it, or save it as CSV (UTF-8).")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        return list(book.worksheets[0].iter_rows(values_only=True))
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, OSError) as error:
        raise ImportFileError(UNUSABLE) from error


def _fields(header: Sequence[Any]) -> list[str | None]:
    names = ["" if value is None else str(value) for value in header]
    fields = [field_of(name) for name in names]
    missing = [name for name in REQUIRED if name not in fields]
    if missing:
        found = list_names([name for name in names if name]) or "an empty first row"
        expected = f"Needed: {' and '.join(REQUIRED)}; possible: {', '.join(COLUMNS.values())}."
        raise ImportFileError(f"There is no column {' and no column '.join(missing)}. Found: {found}. {expected}")
    twice = {field for field in fields if field and fields.count(field) > 1}
    if twice:
        same = list_names([name for name, field in zip(names, fields, strict=True) if field in twice])
        raise ImportFileError(f"These columns mean the same: {same}. Remove or rename all but one.")
    return [field or (name.strip() or None) for name, field in zip(names, fields, strict=True)]


def _line(fields: Sequence[str | None], row: Sequence[Any]) -> str:
    """The row as one line of JSONL; "" for an empty one."""
    values: dict[str, object] = {}
    for field, value in zip(fields, row, strict=False):
        text = _text(value)
        if field and text.strip():
            values[field] = _split(text) if field == "phrasings" else text
    return json.dumps(values) if values else ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _split(cell: str) -> list[str]:
    return cell.split("\n") if "\n" in cell else cell.split(" | ")


def _join(phrasings: Sequence[str]) -> str:
    """As in CSV: one per line; a single one with a bar is doubled, so that it is not split there."""
    return "\n".join([*phrasings, *phrasings] if len(phrasings) == 1 and " | " in phrasings[0] else phrasings)


def _cells(values: dict[str, Any]) -> list[str]:
    values["alternatives"] = _join(values.get("alternatives", []))
    texts = [str(values.get(name, "")) for name in COLUMNS.values()]
    longest = max(map(len, texts))
    if longest > MAX_CELL:
        raise ImportFileError(f"A text has {longest:,} characters, more than Excel can hold. Export CSV instead.")
    return texts


def _text_cell(sheet: Any, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=text or None)
    if text:
        cell.data_type = "s"  # never a formula, whatever it begins with
    return cell
