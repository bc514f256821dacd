"""Import entries from a CSV or JSONL file: all of it or nothing, unless told otherwise."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from knowledge.importing import ImportFileError, Problem, Sheet, read_rows
from knowledge.management.commands._bases import add_base_argument, counting, find_base
from knowledge.services import import_rows

SHOWN = 20


class Command(BaseCommand):
    help = "Import entries from a CSV or JSONL file. Rows whose id is known are updated; unchanged rows are left alone."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path)
        add_base_argument(parser)
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen and keep nothing.")
        parser.add_argument("--keep-good-rows", action="store_true", help="Import the good rows of a file with errors.")
        parser.add_argument("--encoding", help="utf-8, utf-16, windows-1252 … where detection is wrong.")
        parser.add_argument("--max-mb", type=int, default=50, help="Refuse larger files (default 50).")

    def handle(self, *_: Any, **options: Any) -> None:
        """Read, report every problem by its line, and import."""
        base = find_base(options["knowledge_base"])
        sheet = self._read(options["file"], options["encoding"], options["max_mb"])
        self._describe(sheet)
        self._show(sheet.problems)
        broken = [problem for problem in sheet.problems if problem.level == "error"]
        if broken and not options["keep_good_rows"] and not options["dry_run"]:
            raise CommandError(
                f"Nothing was imported: {len(broken)} rows have errors. Correct them, "
                f"or import the {len(sheet.rows)} good rows with --keep-good-rows."
            )
        dry_run = options["dry_run"]
        with counting(self.stdout, "Checked" if dry_run else "Imported", len(sheet.rows)) as counter:
            report = import_rows(base, sheet.rows, dry_run=dry_run, on_row=counter.add)
        self._show(report.problems)
        if report.problems:
            raise CommandError(f"Nothing was imported: {len(report.problems)} rows were refused. Correct them.")
        if broken and not options["keep_good_rows"]:
            raise CommandError(f"Nothing would be imported without --keep-good-rows: {len(broken)} rows have errors.")
        verb = "would be" if dry_run else "were"
        self.stdout.write(
            f"{report.created} entries {verb} added, {report.updated} updated; {report.unchanged} are unchanged."
        )

    def _read(self, path: Path, encoding: str | None, max_mb: int) -> Sheet:
        limit = max_mb * 1_000_000
        try:
            if path.stat().st_size > limit:
                raise CommandError(f"{path} is larger than {max_mb} MB. Split it, or raise --max-mb.")
            return read_rows(path.read_bytes(), name=path.name, encoding=encoding, max_bytes=limit)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except ImportFileError as error:
            raise CommandError(f"{path.name}: {error}") from error

    def _describe(self, sheet: Sheet) -> None:
        delimiter = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}.get(sheet.delimiter or "", "")
        form = f"CSV with {delimiter}" if delimiter else "JSONL"
        self.stdout.write(f"Read as {form}, {sheet.encoding}: {len(sheet.rows)} good rows.")
        if not sheet.certain and sheet.rows:
            sample = next((r for r in sheet.rows if not (r.question + r.answer).isascii()), sheet.rows[0])
            self.stdout.write(
                self.style.WARNING(
                    f"The encoding is an assumption. If “{sample.question[:80]}” looks wrong, give --encoding."
                )
            )

    def _show(self, problems: list[Problem]) -> None:
        for problem in problems[:SHOWN]:
            style = self.style.ERROR if problem.level == "error" else self.style.WARNING
            self.stderr.write(style(f"line {problem.line}: {problem.level}: {problem.message}"))
        if len(problems) > SHOWN:
            self.stderr.write(f"… and {len(problems) - SHOWN} more.")
