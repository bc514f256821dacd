"""Records from JSONL text: one JSON object a line, its keys named like the columns of a CSV file."""

import io
import json
from collections.abc import Iterator

from knowledge.importing.records import Problem, Record, field_of, list_names, show, warn_of_unknown


class _RepeatedKeyError(ValueError):
    """An object has the same key twice; Python would keep the last one in silence."""


def read_jsonl(text: str) -> Iterator[Record | Problem]:
    """Ends with one warning about all unknown keys, at the line where the first of them stands."""
    unknown: dict[str, int] = {}
    for number, line in enumerate(io.StringIO(text), start=1):
        if line.strip():
            yield _read_line(number, line.rstrip("\n"), unknown)
    if unknown:
        yield warn_of_unknown(min(unknown.values()), list(unknown))


def _read_line(number: int, line: str, unknown: dict[str, int]) -> Record | Problem:
    try:
        found = json.loads(line, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        reason = f"This line is not valid JSON: {error.msg} (column {error.colno})."
        return Problem(number, "error", f"{reason} Each line is one complete object.")
    except _RepeatedKeyError as error:
        return Problem(number, "error", str(error))
    except (ValueError, RecursionError):
        # Numbers of thousands of digits, or lists in lists in lists.
        return Problem(number, "error", "This line has a number too long or lists too deep to read. Remove it.")
    if not isinstance(found, dict):
        return Problem(number, "error", 'This line is not an object. Write {"question": "…", "answer": "…"}.')
    return _by_field(number, found, unknown)


def _by_field(number: int, found: dict[str, object], unknown: dict[str, int]) -> Record | Problem:
    values: dict[str, object] = {}
    for key, value in found.items():
        field = field_of(key)
        if field is None:
            unknown.setdefault(key, number)
        elif field in values:
            twice = [name for name in found if field_of(name) == field]
            return Problem(number, "error", f"These keys mean the same: {list_names(twice)}. Keep one.")
        else:
            values[field] = value
    return Record(number, values)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise _RepeatedKeyError(f"The key {show(key)} stands twice in this object. Keep one of them.")
        found[key] = value
    return found
