"""Starts the parts in order, lets them live side by side, and ends them in reverse order on a signal.

A room of its own because this is all that knows the parts together and the signals of the terminal.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from config.supervisor.keeper import OWN_NAME, FirstStartError, Keeper, Part, Timings, Undertaker
from config.supervisor.output import Printer, line_prefixes, without_colour


class Supervisor:
    """Runs parts together until told to stop; for one run, in the main thread (it handles the signals)."""

    _work: asyncio.Task[None]

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        out: TextIO,
        colour: bool,
        on_ready: Callable[[], None] | None = None,
        timings: Timings | None = None,
    ) -> None:
        self._parts = parts
        self._on_ready = on_ready
        self._timings = timings or Timings()
        self._printer = Printer(out)
        self._colour = colour
        self._prefixes = line_prefixes([OWN_NAME, *(part.name for part in parts)], colour=colour)
        self._keepers: list[Keeper] = []
        self._stopping = False

    async def run(self) -> int:
        """Return 0 after a stop, 1 if a part never came up; nothing it started is alive by then."""
        try:
            async with contextlib.AsyncExitStack() as leaving:
                undertaker = await Undertaker.hire(self._timings.stop_limit)
                leaving.push_async_callback(undertaker.dismiss)
                leaving.enter_context(self._handled_signals())
                leaving.push_async_callback(self._stop_parts)
                self._work = asyncio.create_task(self._keep_all(undertaker))
                await asyncio.wait({self._work})
            return self._verdict()
        finally:
            self._printer.close()

    def say(self, text: str) -> None:
        """One line in the supervisor's own name, in order with the parts' lines; meant for `on_ready`."""
        self._show(OWN_NAME, text)

    def stop(self) -> None:
        """End all parts in reverse order and let `run` return; safe to call twice."""
        if not self._stopping:
            self._stopping = True
            self.say("Stopping.")
            self._work.cancel()

    def interrupt(self) -> None:
        """What Ctrl-C does: stop, and the second time kill at once."""
        if self._stopping:
            for keeper in self._keepers:
                keeper.kill()
        self.stop()

    async def _keep_all(self, undertaker: Undertaker) -> None:
        for part in self._parts:
            keeper = Keeper(part, self._timings, undertaker, self._show)
            self._keepers.append(keeper)
            await self._until(keeper.first_ready)
        if self._on_ready is not None:
            self._on_ready()
        await self._until(asyncio.get_running_loop().create_future())  # that is, until a keeper fails

    async def _until(self, event: asyncio.Future[None]) -> None:
        """Wait for the event, or raise what ended a keeper meanwhile: they end in no other way."""
        tasks = [keeper.task for keeper in self._keepers]
        await asyncio.wait([event, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()

    async def _stop_parts(self) -> None:
        self._work.cancel()
        for keeper in reversed(self._keepers):
            await keeper.stop()

    @contextlib.contextmanager
    def _handled_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        handlers = {signal.SIGINT: self.interrupt, signal.SIGTERM: self.stop, signal.SIGHUP: self.stop}
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        try:
            yield
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)

    def _verdict(self) -> int:
        try:
            self._work.result()
        except asyncio.CancelledError:
            return 0
        except FirstStartError as failure:
            self.say(f"{failure} Everything is stopped. The last lines of it:")
            for line in failure.last_lines or ("(it printed nothing)",):
                self.say(f"    {line}")
        return 1

    def _show(self, name: str, line: str) -> None:
        self._printer.put(f"{self._prefixes[name]} {line if self._colour else without_colour(line)}")
