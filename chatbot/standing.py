"""Whether the entries of an answer still say what they said when they were looked up.

Asked while a model writes, and again by the transaction that stores the answer: a text that an editor took back must
not reach a visitor after the editor's save has returned.
"""

import asyncio
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from chatbot.threads import in_thread
from knowledge.models import Entry

REST, MAX_REST_S = 9, 0.1


class SourcesChangedError(Exception):
    """An entry was edited, unpublished or deleted after it was looked up."""


@dataclass(frozen=True)
class Listed:
    """An entry in the words it had when it was looked up: a source of the answer, or an offer."""

    number: int
    entry_id: uuid.UUID
    version: int
    question: str
    answer: str
    similarity: float


def check_standing(entries: Iterable[Listed], *, lock: bool = False) -> None:
    """Raise SourcesChangedError unless all are answerable now in the same words.

    With `lock`, which needs a transaction, none of them can be edited until it ends.
    """
    wanted = list(entries)
    if not all(standing(wanted, lock=lock)):
        raise SourcesChangedError


def standing(entries: Sequence[Listed], *, lock: bool = False) -> list[bool]:
    """Tell of each whether it is answerable now in the same words; one query for all."""
    rows = Entry.objects.answerable().filter(pk__in={listed.entry_id for listed in entries})
    if lock:
        rows = rows.order_by("pk").select_for_update(no_key=True)
    said = {pk: (question, answer) for pk, question, answer in rows.values_list("pk", "question", "answer")}
    return [said.get(listed.entry_id) == (listed.question, listed.answer) for listed in entries]


class _Asking:
    """Asks for many answers at once: whoever comes while a query runs is in the next one, which begins after it.

    Between two queries it rests nine times as long as the first one took, so that many answers do not keep a database
    and a processor busy with this alone.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[tuple[Listed, ...], asyncio.Future[bool]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, entries: tuple[Listed, ...]) -> bool:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._waiting = []
            self._task = loop.create_task(self._run())
        self._waiting.append((entries, answer))
        return await answer

    async def _run(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting, []
            started = time.monotonic()
            try:
                stand = iter(await in_thread(standing)([listed for entries, _ in asked for listed in entries]))
            except Exception as error:  # noqa: BLE001  (it is raised again, to each who asked)
                _answer_all(asked, error)
                continue
            rest_s = min(REST * (time.monotonic() - started), MAX_REST_S)
            for entries, answer in asked:
                # A list first: `all` would leave the rest of these entries to the next one's.
                stands = all(list(islice(stand, len(entries))))
                if not answer.done():
                    answer.set_result(stands)
            await asyncio.sleep(rest_s)


def _answer_all(asked: Iterable[tuple[tuple[Listed, ...], "asyncio.Future[bool]"]], error: Exception) -> None:
    for _, answer in asked:
        if not answer.done():
            answer.set_exception(error)


_asking = _Asking()


async def still_standing(entries: tuple[Listed, ...]) -> None:
    """Raise SourcesChangedError unless all are answerable after this was called; concurrent answers share a query."""
    if not await _asking.ask(entries):
        raise SourcesChangedError
