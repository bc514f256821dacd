"""How commands name a knowledge base and show progress."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError, CommandParser, OutputWrapper
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from knowledge.models import KnowledgeBase
from knowledge.selectors import knowledge_base_named


def add_base_argument(parser: CommandParser) -> None:
    """Add `--knowledge-base`."""
    parser.add_argument(
        "--knowledge-base", metavar="NAME", help="Its name or slug. Not needed where there is only one."
    )


def find_base(name: str | None) -> KnowledgeBase:
    """Return the base that was named, or the only one there is; CommandError otherwise."""
    names = list(KnowledgeBase.objects.values_list("name", flat=True))
    if name is None and len(names) == 1:
        return KnowledgeBase.objects.get()
    base = knowledge_base_named(name) if name else None
    if base is not None:
        return base
    known = ", ".join(names) or "none yet; add one in the admin, or run: python manage.py load_demo"
    problem = f"There is no knowledge base “{name}”." if name else "Say which one: --knowledge-base NAME."
    raise CommandError(f"{problem} There are: {known}")


class Counter:
    """Counts finished things, on a bar in a terminal and in plain lines elsewhere."""

    def __init__(self, out: OutputWrapper, what: str, total: int, progress: Progress | None) -> None:
        self._out, self._what, self._total, self._progress = out, what, total, progress
        self._done = self._said = 0
        self._task = progress.add_task(what, total=total) if progress else None

    def add(self, number: int = 1) -> None:
        """Count `number` more."""
        self._done += number
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task, number)
        elif self._total and self._done * 10 // self._total > self._said:
            self._said = self._done * 10 // self._total
            self._out.write(f"{self._what}: {self._done} of {self._total}")


@contextmanager
def counting(out: OutputWrapper, what: str, total: int) -> Iterator[Counter]:
    """Show how far something long has come; it may be interrupted with Ctrl-C."""
    if not out.isatty():
        yield Counter(out, what, total, None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        yield Counter(out, what, total, progress)
