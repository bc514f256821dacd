"""Records from CSV text: which delimiter, which column is which, and where each record starts.

A row that is broken loses itself and never becomes something else: after quotes that do not match,
reading goes on only where they are balanced again, so no piece of a cell is taken for a row.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator

from knowledge.importing.records import (
    COLUMNS,
    REQUIRED,
    ImportFileError,
    Problem,
    Record,
    field_of,
    list_names,
    warn_of_unknown,
)

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_EXCEL_HINT = re.compile(r'"?sep=([,;\t|])"?\n')  # Excel's own first line that names the delimiter
_PROTECTED = re.compile(r"'+[=+\-@\t]")


class _Lines:
    """The lines of a text, counted, with the quotes seen since `quotes` was last set to 0."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text)
        self.number = 0
        self.quotes = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        self.quotes += line.count('"')
        return line


class CsvRecords:
    """One pass over a CSV text with plain newlines; raises ImportFileError if its header cannot be used."""

    def __init__(self, text: str) -> None:
        # The limit is the whole process's: only ever raised, so that a long cell can be named as too long.
        csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
        self._lines = _Lines(text)
        hint = _EXCEL_HINT.match(text)
        if hint:
            next(self._lines)
        self.delimiter = _choose_delimiter(text[hint.end() :], hint[1]) if hint else _choose_delimiter(text)
        self._reader = _reader(self._lines, self.delimiter)
        self._names = _read_names(self._reader)
        self._fields = _match_columns(self._names)

    def __iter__(self) -> Iterator[Record | Problem]:
        unknown = [name for name, field in zip(self._names, self._fields, strict=True) if field is None]
        if unknown:
            yield warn_of_unknown(self._lines.number, unknown)
        while True:
            start = self._lines.number + 1
            self._lines.quotes = 0
            try:
                cells = _without_trailing_blanks(next(self._reader))
            except StopIteration:
                return
            except csv.Error:
                yield self._skip_broken(start)
                continue
            if cells:
                yield self._record(start, cells)

    def _skip_broken(self, start: int) -> Problem:
        while self._lines.quotes % 2 and next(self._lines, None) is not None:
            pass
        end = self._lines.number
        lost = f" Lines {start:,} to {end:,} were not read." if end > start else ""
        rule = 'A quoted cell ends with a quote, and a quote inside it is doubled ("").'
        return Problem(start, "error", f"The quotes in this row do not match.{lost} {rule}")

    def _record(self, line: int, cells: list[str]) -> Record | Problem:
        if len(cells) > len(self._fields):
            counts = f"This row has {len(cells)} cells, but the header has {len(self._fields)} columns."
            advice = f"Put quotes around a cell that contains a {_DELIMITERS[self.delimiter]}."
            return Problem(line, "error", f"{counts} {advice}")
        values: dict[str, object] = {}
        for field, cell in zip(self._fields, cells, strict=False):
            if field == "phrasings":
                values[field] = _split_phrasings(_unprotect(cell))
            elif field is not None:
                values[field] = _unprotect(cell)
        return Record(line, values)


def _choose_delimiter(text: str, named: str | None = None) -> str:
    """The one delimiter under which the header has every required column."""
    headers = {mark: _try_names(text, mark) for mark in ([named] if named else _DELIMITERS)}
    fitting = [mark for mark, names in headers.items() if set(REQUIRED) <= set(map(field_of, names))]
    if not fitting:
        raise _no_columns(headers)
    if len(fitting) > 1:
        marks = " or ".join(_DELIMITERS[mark] for mark in fitting)
        found = list_names(headers[fitting[0]])
        raise ImportFileError(f"The columns can be separated by {marks}: {found}. Use only one in the header.")
    return fitting[0]


def _reader(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)


def _read_names(reader: Iterator[list[str]]) -> list[str]:
    """The first line that is not blank."""
    return next(filter(None, map(_without_trailing_blanks, reader)), [])


def _try_names(text: str, delimiter: str) -> list[str]:
    try:
        return _read_names(_reader(io.StringIO(text), delimiter))
    except csv.Error:
        return []


def _no_columns(headers: dict[str, list[str]]) -> ImportFileError:
    expected = f"Needed: {' and '.join(REQUIRED)}; possible: {', '.join(COLUMNS.values())}."
    best = max(headers, key=lambda mark: (sum(map(bool, map(field_of, headers[mark]))), len(headers[mark])))
    names = headers[best]
    if not names:
        return ImportFileError(f"The quotes in the header line do not match. Correct them. {expected}")
    if len(names) == 1:
        only = f"Only one column was found: {list_names(names)}."
        return ImportFileError(f"{only} Separate columns by comma, semicolon, tab or |. {expected}")
    missing = [name for name in REQUIRED if name not in map(field_of, names)]
    found = f"Found, separated by {_DELIMITERS[best]}: {list_names(names)}."
    return ImportFileError(f"There is no column {' and no column '.join(missing)}. {found} {expected}")


def _match_columns(names: list[str]) -> list[str | None]:
    fields = [field_of(name) for name in names]
    for field in filter(None, fields):
        twice = [name for name in names if field_of(name) == field]
        if len(twice) > 1:
            raise ImportFileError(f"These columns mean the same: {list_names(twice)}. Remove or rename all but one.")
    return fields


def _without_trailing_blanks(cells: list[str]) -> list[str]:
    """Spreadsheets pad rows with empty cells at the end."""
    size = len(cells)
    while size and not cells[size - 1].strip():
        size -= 1
    return cells[:size]


def _unprotect(cell: str) -> str:
    """Takes off the apostrophe that `write_csv` puts before what a spreadsheet would run as a formula."""
    cell = cell.strip()
    return cell[1:] if _PROTECTED.match(cell) else cell


def _split_phrasings(cell: str) -> list[str]:
    return cell.split("\n") if "\n" in cell else cell.split(" | ")
