"""Fit the confidence to one knowledge base, by questions of its own whose right answers are known."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from knowledge import services
from knowledge.calibration import Calibration, TooFewQuestionsError
from knowledge.evaluation import DatasetError, load_questions
from knowledge.management.commands._bases import add_base_argument, counting, find_base
from knowledge.models import Entry, KnowledgeBase
from knowledge.retrieval import RetrievalError


class Command(BaseCommand):
    help = (
        "Make the confidence of a knowledge base hold for your own questions: its golden questions, or those of FILE, "
        "which has one JSON object a line: text, relevant (references or ids of the entries that answer it, or an "
        "empty list), in_scope (false: nothing does)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="Questions to fit it to (JSONL).")
        add_base_argument(parser)
        parser.add_argument("--dry-run", action="store_true", help="Say what would change, and change nothing.")
        parser.add_argument("--reset", action="store_true", help="Go back to the calibration that Candor comes with.")

    def handle(self, *_: Any, **options: Any) -> None:
        """Fit, print, and keep it unless told otherwise."""
        base = find_base(options["knowledge_base"])
        if options["reset"]:
            services.set_calibration(base, Calibration())
            self.stdout.write(f"“{base.name}” is calibrated as Candor comes.")
            return
        try:
            report = self._fit(base, options["file"])
        except (DatasetError, TooFewQuestionsError, RetrievalError) as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. Nothing was changed.", returncode=130) from None
        self.stdout.write(
            f"{report.questions} questions. How far the confidence is from what comes true (Brier score, 0 is best): "
            f"{report.before:.3f} before, {report.after:.3f} after."
        )
        if options["dry_run"]:
            self.stdout.write("Nothing was changed (--dry-run).")
        elif report.after >= report.before:
            self.stdout.write("Nothing was changed: it would be no better.")
        else:
            services.set_calibration(base, report.calibration)
            self.stdout.write(f"The confidence of “{base.name}” is scaled so from now on. --reset undoes it.")

    def _fit(self, base: KnowledgeBase, file: Path | None) -> services.CalibrationReport:
        golden = _read(base, file) if file else services.golden_of(base)
        if not golden:
            raise CommandError(f"“{base.name}” has no golden questions. Add some in the admin, or name a FILE.")
        with counting(self.stderr, "Questions asked", len(golden)) as counter:
            return services.calibrate(base, golden, on_question=counter.add)


def _read(base: KnowledgeBase, file: Path) -> list[services.Golden]:
    named = _entries_by_name(base)
    questions = load_questions(file, known=named.keys())
    return [services.Golden(q.text, frozenset(named[name] for name in q.relevant)) for q in questions]


def _entries_by_name(base: KnowledgeBase) -> dict[str, Any]:
    """Entries by reference and by id."""
    rows = list(Entry.objects.filter(knowledge_base=base).values_list("pk", "reference"))
    return {str(pk): pk for pk, _ in rows} | {reference: pk for pk, reference in rows if reference}
