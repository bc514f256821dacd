"""Ask all golden questions, for people and for CI: the exit code says whether the knowledge still answers them."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from knowledge.management.commands._bases import counting, find_base
from knowledge.models import GoldenQuestion, KnowledgeBase
from knowledge.retrieval import RetrievalError
from review import golden
from review.golden import Checked


class Command(BaseCommand):
    help = (
        "Ask every golden question on the production path and say which are not answered as they must be. "
        "Exit code 0: all are right, or at least the share of --at-least; 1: they are not; 2: they could not be asked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--knowledge-base", metavar="NAME", help="Its name or slug. Without it: all of them.")
        parser.add_argument(
            "--at-least", type=float, default=100.0, metavar="PERCENT", help="How many must be right. Default: 100."
        )
        parser.add_argument("--json", action="store_true", help="Print one object as the last thing.")
        parser.add_argument("--no-history", action="store_true", help="Do not keep this run.")

    def handle(self, *_: Any, **options: Any) -> None:
        """Run, print, and end with 1 where too many are wrong."""
        named = options["knowledge_base"]
        bases = (
            [find_base(named)]
            if named
            else list(KnowledgeBase.objects.filter(golden_questions__isnull=False).distinct())
        )
        checked: list[Checked] = []
        try:
            for base in bases:
                checked += self._ask(base, keep=not options["no_history"])
        except RetrievalError as error:
            raise CommandError(f"The questions could not be asked: {error}", returncode=2) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. Runs that were finished are kept.", returncode=130) from None
        self._report(checked, as_json=options["json"])
        right = sum(one.right for one in checked)
        if checked and 100 * right < options["at_least"] * len(checked):
            raise CommandError(f"{len(checked) - right} of {len(checked)} golden questions are wrong.", returncode=1)

    def _ask(self, base: KnowledgeBase, *, keep: bool) -> list[Checked]:
        total = GoldenQuestion.objects.filter(knowledge_base=base).count()
        with counting(self.stderr, f"Golden questions of {base.name}", total) as counter:
            if keep:
                return golden.run(base, on_question=counter.add)[1]
            return list(golden.check(base, on_question=counter.add))

    def _report(self, checked: list[Checked], *, as_json: bool) -> None:
        wrong = [one for one in checked if not one.right]
        if as_json:
            rows = [
                {"question": one.golden.question, "expected": _expected(one), "outcome": one.outcome, "got": one.got}
                for one in wrong
            ]
            self.stdout.write(json.dumps({"n": len(checked), "right": len(checked) - len(wrong), "wrong": rows}))
            return
        for one in wrong:
            self.stdout.write(f"✗ {one.golden.question}\n    must get: {_expected(one)}\n    gets: {_gets(one)}")
        self.stdout.write(f"{len(checked) - len(wrong)} of {len(checked)} golden questions are right.")


def _expected(one: Checked) -> str:
    if one.golden.lost:
        return "an entry that was deleted"
    return one.golden.entry.question if one.golden.entry else "a decline"


def _gets(one: Checked) -> str:
    return f"{one.outcome}: {one.got}" if one.got else str(one.outcome)
