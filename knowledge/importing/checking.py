"""From records to rows: every rule an entry must keep, checked for one record and across the file.

All mistakes of a record are found in one go, so that a file has to be corrected only once.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from knowledge.importing.records import COLUMNS, REQUIRED, STATUSES, Problem, Record, Row, show
from knowledge.texts import LIMITS, TextError, clean, one_line


class Checker:
    """Remembers references and questions, so use one per file and give it the records in order."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._references: dict[str, int] = {}
        self._questions: dict[str, int] = {}

    def check(self, record: Record) -> Row | None:
        """The row, or None with at least one error added to `problems`."""
        fields = _Fields(record.values)
        row = Row(
            line=record.line,
            reference=fields.text("reference"),
            question=fields.text("question"),
            answer=fields.text("answer"),
            phrasings=fields.phrasings(),
            category=fields.text("category"),
            language=fields.text("language"),
            status=fields.status(),
            valid_from=fields.date("valid_from"),
            valid_until=fields.date("valid_until"),
            given=frozenset(record.values),
        )
        errors = fields.errors + self._row_errors(row)
        self.problems += [Problem(record.line, "error", message) for message in errors]
        self._warn_of_same_question(row)
        return None if errors else row

    def _row_errors(self, row: Row) -> list[str]:
        errors = []
        first = self._references.setdefault(row.reference, row.line) if row.reference else row.line
        if first != row.line:
            same = f"The id {show(row.reference)} on line {row.line:,} is already used on line {first:,}."
            errors.append(f"{same} Give each entry its own.")
        if row.valid_from and row.valid_until and row.valid_until <= row.valid_from:
            errors.append("valid_until is not after valid_from. Exchange or correct the two dates.")
        return errors

    def _warn_of_same_question(self, row: Row) -> None:
        if not row.question:
            return
        first = self._questions.setdefault(" ".join(row.question.casefold().split()), row.line)
        if first != row.line:
            message = f"The same question stands on line {first:,}: {show(row.question)}."
            self.problems.append(Problem(row.line, "warning", message))


class _Fields:
    """The values of one record, read field by field; what is wrong with them gathers in `errors`."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values
        self.errors: list[str] = []

    def text(self, field: str) -> str:
        value = self._values.get(field)
        if field == "reference" and type(value) is int:
            value = str(value)
        if value is not None and not isinstance(value, str):
            self.errors.append(f"{_label(field)} must be a text, not {_kind(value)}.")
            return ""
        errors_before = len(self.errors)
        text = self._clean(_label(field), field, value) if value else ""
        if field in REQUIRED and not text and len(self.errors) == errors_before:
            self.errors.append(f"{_label(field)} is missing or empty. Every entry needs one.")
        return text

    def phrasings(self) -> tuple[str, ...]:
        """In order, blank ones and repetitions left out."""
        values = self._values.get("phrasings")
        if values is None:
            return ()
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            self.errors.append(f"{_label('phrasings')} must be a list of texts.")
            return ()
        texts = [self._clean(f"Phrasing {n}", "phrasings", value) for n, value in enumerate(values, start=1)]
        return tuple(dict.fromkeys(filter(None, map(one_line, texts))))

    def status(self) -> str:
        status = self.text("status").casefold()
        if status and status not in STATUSES:
            self.errors.append(f"The status {show(status)} is not one of {', '.join(STATUSES)}.")
        return status

    def date(self, field: str) -> datetime | None:
        """A date alone is midnight UTC, and a time without a zone is UTC."""
        text = self.text(field)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.errors.append(
                f"{field} is {show(text)}, which is not a date. Write 2027-01-31 or 2027-01-31T18:00+01:00."
            )
            return None

    def _clean(self, label: str, field: str, value: str) -> str:
        try:
            return clean(value, LIMITS[field])
        except TextError as error:
            self.errors.append(f"{label} {error}")
            return ""


def _label(field: str) -> str:
    return f"The {COLUMNS[field]}"


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "a number"
