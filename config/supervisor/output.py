"""What the parts print, on its way to one terminal: lines of any kind in, prefixed readable lines out.

A room of its own because a part must never wait for its log to be shown, however long, odd or unread it is.
"""

import asyncio
import contextlib
import io
import itertools
import os
import queue
import re
import threading
from collections.abc import AsyncIterator, Sequence
from typing import TextIO

LINE_LIMIT = 4_000  # characters
LINE_BYTES = 4 * LINE_LIMIT + 4  # always decodes to more than LINE_LIMIT characters
QUEUED_LINES = 10_000
COLOURS = (36, 33, 35, 32, 34)  # ANSI: cyan, yellow, magenta, green, blue


def wants_colour(out: TextIO) -> bool:
    """Colour belongs on a terminal, unless NO_COLOR is set to anything (https://no-color.org)."""
    return out.isatty() and not os.environ.get("NO_COLOR")


def line_prefixes(names: Sequence[str], *, colour: bool) -> dict[str, str]:
    """For every name what stands before its lines, all of one visible width."""
    width = max(map(len, names))
    plain = {name: f"{name:<{width}} |" for name in names}
    if not colour:
        return plain
    codes = itertools.cycle(COLOURS)
    return {name: f"\x1b[{next(codes)}m{prefix}\x1b[0m" for name, prefix in plain.items()}


async def read_lines(pipe: int) -> AsyncIterator[str]:
    """Every line, cut at LINE_LIMIT, until the pipe ends, and closes it. Memory stays bounded."""
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(pipe, "rb", buffering=0)
    )
    with contextlib.closing(transport):
        rest = b""
        while chunk := await stream.read(65_536):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield _readable(line)
            rest = rest[:LINE_BYTES]
        if rest:
            yield _readable(rest)


def without_colour(line: str) -> str:
    """Parts colour their own lines too, some of them even for a file."""
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def _readable(line: bytes) -> str:
    text = line[:LINE_BYTES].decode("utf-8", errors="replace").rstrip()
    return text if len(text) <= LINE_LIMIT else text[:LINE_LIMIT] + "…"


class Printer:
    """Writes from a thread, so that a halted terminal halts nothing else: lines are dropped and counted."""

    def __init__(self, out: TextIO) -> None:
        if isinstance(out, io.TextIOWrapper):
            out.reconfigure(errors="backslashreplace")  # a terminal that speaks ASCII must not end the log
        self._out = out
        self._lines: queue.Queue[str | None] = queue.Queue(QUEUED_LINES)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write_all, name="printer", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Queue one line; never waits."""
        note = f"({self._dropped} lines were not shown.)\n" if self._dropped else ""
        try:
            self._lines.put_nowait(f"{note}{line}\n")
        except queue.Full:
            self._dropped += 1
        else:
            self._dropped = 0

    def close(self) -> None:
        """Show what is queued, for two seconds at most."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=1)
            self._thread.join(timeout=1)

    def _write_all(self) -> None:
        broken = False
        while (text := self._lines.get()) is not None:
            try:
                if not broken:
                    self._out.write(text)
                    self._out.flush()
            except OSError:  # the reader went away (`make run | head`): the parts matter more than their log
                broken = True
