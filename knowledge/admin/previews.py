"""What an import would do, row by row, found by comparing: nothing is written, so nobody has to wait for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString

from knowledge.diffs import line_diff, word_diff
from knowledge.importing import Matcher, Problem, Row, Sheet
from knowledge.importing.records import COLUMNS
from knowledge.models import Entry, KnowledgeBase
from knowledge.selectors import rows_for_export
from knowledge.services import ImportReport
from knowledge.services.entries import prepare

SHOWN = 100
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True)
class PlannedRow:
    """A row that would be added (no `changes`) or changed; differences by column."""

    row: Row
    changes: list[tuple[str, SafeString]]


@dataclass(frozen=True)
class Plan:
    """The whole of a preview: counts, problems by line, and the first rows that would be stored."""

    report: ImportReport
    problems: list[Problem]
    planned: list[PlannedRow]

    @property
    def errors(self) -> int:
        """How many rows would have to be left out."""
        return len({problem.line for problem in self.problems if problem.level == "error"})

    @property
    def good(self) -> int:
        """How many rows would be stored."""
        return self.report.created + self.report.updated

    @property
    def more(self) -> int:
        """How many of them are not in `planned`."""
        return self.good - len(self.planned)


def plan_import(base: KnowledgeBase, sheet: Sheet, refused: Sequence[Problem] = ()) -> Plan:
    """Compare the good rows with what is stored; `refused` are problems that an attempt to import them met."""
    known = Matcher((row.reference, row.question, row) for row in rows_for_export(base))
    plan = Plan(ImportReport(problems=list(refused)), [*sheet.problems, *refused], [])
    for row in sheet.rows:
        try:
            _take(plan, known.take(row), _as_stored(row))
        except ValidationError as error:
            plan.problems.append(Problem(row.line, "error", " ".join(error.messages)))
    plan.problems.sort(key=lambda problem: problem.line)
    return plan


def describe_reading(sheet: Sheet, name: str) -> str:
    """How the file was understood, in one sentence."""
    if name.lower().endswith(".xlsx"):
        return "Read as an Excel workbook, first sheet."
    form = f"CSV separated by {_DELIMITERS[sheet.delimiter]}" if sheet.delimiter else "JSONL"
    return f"Read as {form}, in {sheet.encoding}."


def describe_assumption(sheet: Sheet) -> str:
    """A warning with a sample where the encoding is only the likeliest one; "" where it is certain."""
    if sheet.certain:
        return ""
    texts = (text for row in sheet.rows for text in (row.question, row.answer, *row.phrasings))
    sample = next((text for text in texts if not text.isascii()), "")
    look = f" Look whether this reads well: “{sample[:100]}”. If not," if sample else " If letters look wrong,"
    return f"The file does not say its encoding; {sheet.encoding} was assumed.{look} save it as CSV (UTF-8) first."


def _as_stored(row: Row) -> Row:
    """The row in the form in which its entry would be stored."""
    entry = Entry(reference=row.reference, question=row.question, answer=row.answer)
    phrasings = tuple(prepare(entry, row.phrasings))
    return replace(row, reference=entry.reference, question=entry.question, answer=entry.answer, phrasings=phrasings)


def _take(plan: Plan, before: Row | None, row: Row) -> None:
    if before is None:
        plan.report.created += 1
        changes = []
    elif changes := _changes(before, row):
        plan.report.updated += 1
    else:
        plan.report.unchanged += 1
        return
    if len(plan.planned) < SHOWN:
        plan.planned.append(PlannedRow(row, changes))


def _changes(before: Row, row: Row) -> list[tuple[str, SafeString]]:
    after = replace(row, **{field: getattr(before, field) for field in COLUMNS if field not in row.given})
    after = replace(after, status=row.status or before.status, language=row.language or before.language)
    changed = [field for field in COLUMNS if getattr(before, field) != getattr(after, field)]
    return [(COLUMNS[field], _diff(getattr(before, field), getattr(after, field))) for field in changed]


def _diff(old: object, new: object) -> SafeString:
    if isinstance(old, tuple) and isinstance(new, tuple):
        return line_diff(old, new)
    return word_diff(str(old or ""), str(new or ""))
