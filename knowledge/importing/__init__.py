"""The files that people import and export: bytes in, checked rows and named problems out, and back again.

Pure: no Django and no database, so a command, the admin and a test all see the same rows for the same bytes.
"""

from knowledge.importing.decoding import Decoded, decode
from knowledge.importing.matching import Matcher
from knowledge.importing.reading import read_rows
from knowledge.importing.records import ImportFileError, Problem, Row, Sheet
from knowledge.importing.writing import write_csv, write_jsonl

__all__ = [
    "Decoded",
    "ImportFileError",
    "Matcher",
    "Problem",
    "Row",
    "Sheet",
    "decode",
    "read_rows",
    "write_csv",
    "write_jsonl",
]
