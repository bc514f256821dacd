"""Export entries as CSV or JSONL, in a form that import_entries reads back without loss."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from knowledge.importing import write_csv, write_jsonl
from knowledge.management.commands._bases import add_base_argument, find_base
from knowledge.selectors import rows_for_export


class Command(BaseCommand):
    help = "Export all entries of a knowledge base to a .csv or .jsonl file (or to standard output as JSONL)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path, nargs="?", help="Ends in .csv or .jsonl. Left out: standard output.")
        add_base_argument(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        """Write the file."""
        base, path = find_base(options["knowledge_base"]), options["file"]
        rows = list(rows_for_export(base))
        if path is None:
            self.stdout.write(write_jsonl(rows), ending="")
            return
        if path.suffix.lower() not in (".csv", ".jsonl"):
            raise CommandError(f"{path} must end in .csv or .jsonl, which says what to write.")
        try:
            if path.suffix.lower() == ".csv":
                # The BOM tells Excel that this is UTF-8.
                path.write_text(write_csv(rows), encoding="utf-8-sig", newline="")
            else:
                path.write_text(write_jsonl(rows), encoding="utf-8", newline="")
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{len(rows)} entries were written to {path}.")
