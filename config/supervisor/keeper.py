"""Keeps one part alive: start, wait until ready, relay what it prints, watch it, end it, start it again.

A room of its own because a part's life is the same whoever it lives with.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from config.supervisor import undertaker
from config.supervisor.output import read_lines
from config.supervisor.undertaker import signal_group

FIRST_START_TRIES = 3
LAST_LINES = 10
OWN_NAME = "candor"

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Part:
    """One command to keep alive, with what to ask about it.

    The callables run in a thread and must return within seconds, for a stop waits for them. `ready` and
    `watch` may raise OSError for "nothing known". `watch` is asked once the part is ready, and says in plain
    words why it must be restarted now. `before_start` may set a broken folder aside.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    watch: Callable[[], str | None] | None = None
    before_start: Callable[[], None] | None = None


@dataclass(frozen=True)
class Timings:
    """Every wait of the supervisor, in seconds.

    `stop_limit` is what a part has to end after SIGTERM, `orphan_limit` what its children have after that:
    little, as dead ones count until they are reaped, which is never in a container without an init.
    """

    ready_poll: float = 0.1
    ready_limit: float = 60.0
    watch_every: float = 1.0
    first_pause: float = 0.5
    longest_pause: float = 10.0
    settled_after: float = 30.0
    stop_limit: float = 8.0
    orphan_limit: float = 1.0


class FirstStartError(Exception):
    """A part never became ready; the text names it and says why."""

    def __init__(self, reason: str, last_lines: Sequence[str]) -> None:
        super().__init__(reason)
        self.last_lines = tuple(last_lines)


class Undertaker:
    """The supervisor's end of the process that runs `undertaker.bury_groups`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._groups: set[int] = set()

    @classmethod
    async def hire(cls, patience: float) -> "Undertaker":
        command = (sys.executable, "-IS", undertaker.__file__, str(patience))
        quiet = asyncio.subprocess.DEVNULL
        return cls(
            await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True
            )
        )

    def note(self, group: int, *, alive: bool) -> None:
        (self._groups.add if alive else self._groups.discard)(group)
        if self._process.stdin is not None:
            self._process.stdin.write(" ".join(map(str, self._groups)).encode() + b"\n")

    async def dismiss(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()


class Keeper:
    """Keeps one part alive in a process group of its own, and ends the whole group whenever the part ends."""

    def __init__(self, part: Part, timings: Timings, undertaker: Undertaker, show: Callable[[str, str], None]) -> None:
        self._part = part
        self._timings = timings
        self._undertaker = undertaker
        self._show = show
        self._patience = timings.stop_limit
        self._group: int | None = None
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self.first_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        self._cancel_once()
        await asyncio.wait({self.task})

    def kill(self) -> None:
        """End the part without letting it finish what it was doing."""
        self._patience = 0.0
        if self._group is not None:
            signal_group(self._group, signal.SIGKILL)
        self._cancel_once()

    def _cancel_once(self) -> None:
        if not self.task.cancelling():  # a second cancel would break off the ending of the group
            self.task.cancel()

    async def _keep(self) -> None:
        pause = self._timings.first_pause
        failures = 0
        while True:
            began = time.monotonic()
            reason = await self._live_once()
            failures += not self.first_ready.done()
            if failures == FIRST_START_TRIES:
                raise self._failure(f"{reason}, {failures} times before it was ever ready")
            if time.monotonic() - began >= self._timings.settled_after:
                pause = self._timings.first_pause
            self._show(OWN_NAME, f"{self._part.name} {reason}; starting it again in {pause:g} s.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._timings.longest_pause)

    async def _live_once(self) -> str:
        """Run the part from start to end; returns why it ended, to be read after its name."""
        try:
            process, output = await self._start()
        except OSError as error:
            return f"could not be started ({error})"
        relay = asyncio.create_task(self._relay(output))
        ended = asyncio.create_task(process.wait())
        trouble = asyncio.create_task(self._find_trouble())
        try:
            await asyncio.wait({ended, trouble}, return_when=asyncio.FIRST_COMPLETED)
            return trouble.result() if trouble.done() else _ending(ended.result())
        finally:
            trouble.cancel()
            await self._end_group(process)
            # Not for ever: a process that left the group may hold the pipe open.
            await asyncio.wait({relay, ended}, timeout=1)
            relay.cancel()

    async def _start(self) -> tuple[asyncio.subprocess.Process, int]:
        """The process and the readable end of its output."""
        if self._part.before_start is not None:
            await asyncio.to_thread(self._part.before_start)
        with contextlib.ExitStack() as on_failure:
            # Our own pipe: with asyncio's, `process.wait()` also waits for every child that inherited it.
            output, printed_to = os.pipe()
            on_failure.callback(os.close, output)
            try:
                process = await self._execute(printed_to)
            finally:
                os.close(printed_to)
            on_failure.pop_all()
        self._group = process.pid
        self._undertaker.note(process.pid, alive=True)
        return process, output

    async def _execute(self, printed_to: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._part.command,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self._part.env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=printed_to,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )

    async def _relay(self, output: int) -> None:
        async for line in read_lines(output):
            self._last_lines.append(line)
            self._show(self._part.name, line)

    async def _find_trouble(self) -> str:
        """Wait until the part is ready, then watch it; returns only with a reason to restart it."""
        limit = self._timings.ready_limit
        try:
            await asyncio.wait_for(self._become_ready(), limit)
        except TimeoutError:
            reason = f"was not ready after {limit:g} s"
            if not self.first_ready.done():
                raise self._failure(reason) from None
            return reason
        if not self.first_ready.done():
            self.first_ready.set_result(None)
        return f"must be restarted: {await self._watch()}"

    async def _become_ready(self) -> None:
        while True:
            if self._part.ready is None or await _answer(self._part.ready):
                return
            await asyncio.sleep(self._timings.ready_poll)

    async def _watch(self) -> str:
        while True:
            await asyncio.sleep(self._timings.watch_every)
            if self._part.watch is not None and (reason := await _answer(self._part.watch)) is not None:
                return reason

    async def _end_group(self, process: asyncio.subprocess.Process) -> None:
        group = process.pid
        # The part first and alone: SIGTERM to its children too would break off a Celery pool's running task.
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await _poll(lambda: process.returncode is not None, self._patience)
        signal_group(group, signal.SIGTERM)
        await _poll(lambda: not signal_group(group, 0), min(self._patience, self._timings.orphan_limit))
        signal_group(group, signal.SIGKILL)
        self._group = None
        self._undertaker.note(group, alive=False)

    def _failure(self, reason: str) -> FirstStartError:
        return FirstStartError(f"{self._part.name} {reason}.", self._last_lines)


def _ending(code: int) -> str:
    return f"ended with exit code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"


async def _poll(condition: Callable[[], bool], limit: float) -> None:
    deadline = time.monotonic() + limit
    while True:
        if condition() or time.monotonic() >= deadline:
            return
        await asyncio.sleep(0.02)


async def _answer(question: Callable[[], Answer]) -> Answer | None:
    with contextlib.suppress(OSError):
        return await asyncio.to_thread(question)
    return None
