"""Measure retrieval on a set of questions whose right answers are known."""

import json
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from knowledge.embedding import EmbeddingError
from knowledge.evaluation import DatasetError, EvaluationError, ScratchError, as_text, evaluate, load_dataset
from knowledge.indexing import LeaseTakenError
from knowledge.management.commands._bases import Counter
from knowledge.retrieval import RetrievalError
from knowledge.vector_store import StoreError


class Command(BaseCommand):
    help = (
        "Measure retrieval on a set: a folder with faqs.jsonl and queries.jsonl. The set is loaded into a scratch "
        "installation of its own, by the code that serves visitors; your knowledge bases are neither read nor changed."
    )
    # It serves no site and signs nothing: it runs where nothing but the packages is set up.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("folder", type=Path, metavar="DIR", help="The folder of the set.")
        parser.add_argument("--split", choices=("dev", "test"), default="test", help="Which questions (default test).")
        parser.add_argument("--bank", metavar="FILE", default="faqs.jsonl", help="The entries (default faqs.jsonl).")
        parser.add_argument(
            "--queries", metavar="FILE", default="queries.jsonl", help="The questions (default queries.jsonl)."
        )
        parser.add_argument(
            "--limit",
            type=_at_least_one,
            metavar="N",
            help="Only N questions: the first after a shuffle that is the same each time.",
        )
        parser.add_argument("--baselines", action="store_true", help="Measure BM25 and one vector per entry beside it.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object instead of tables.")

    def handle(self, *_: Any, **options: Any) -> None:
        """Measure and print; progress goes to standard error."""
        try:
            dataset = load_dataset(
                options["folder"],
                split=options["split"],
                bank=options["bank"],
                queries=options["queries"],
                limit=options["limit"],
            )
            report = evaluate(dataset, baselines=options["baselines"], steps=partial(_showing, self.stderr))
        except (DatasetError, EvaluationError, ScratchError) as error:
            raise CommandError(str(error)) from error
        except (EmbeddingError, StoreError, RetrievalError, LeaseTakenError) as error:
            raise CommandError(f"{error} Nothing was measured, and the scratch installation is gone.") from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. The scratch installation is gone.", returncode=130) from None
        self.stdout.write(json.dumps(report, ensure_ascii=False) if options["json"] else as_text(report))


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("must be a whole number, at least 1")
    return int(text)


@contextmanager
def _showing(err: OutputWrapper, what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far a step has come: a bar in a terminal, plain lines elsewhere."""
    if not err.isatty():
        yield Counter(err, what, total, None).add
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield Counter(err, what, total, progress).add
