"""Tables as files that a spreadsheet opens without running anything in them, and that are read back without loss."""

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from knowledge.importing.writing import protect


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return CSV (RFC 4180); a cell that a spreadsheet would take for a formula gets a leading apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([cell if isinstance(cell, int | float) else protect(str(cell)) for cell in row])
    return buffer.getvalue()


def download(content: str, name: str) -> HttpResponse:
    """Return a file; CSV with the mark by which Excel knows UTF-8."""
    kind = name.rpartition(".")[2]
    types = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl", "json": "application/json"}
    data = content.encode("utf-8-sig" if kind == "csv" else "utf-8", "replace")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(data, content_type=types[kind], headers=headers)
