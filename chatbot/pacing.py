"""Handing a stream's pieces on at a steady pace, and what waits no later than that when nothing more comes."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator


async def paced(pieces: AsyncIterator[str], every_s: float) -> AsyncGenerator[str, None]:
    """Yield the pieces in order, those that come within `every_s` seconds of a yield joined into the next.

    A model may pause for long after a piece, so what is held back is shown by the clock and not by the next piece.
    The stream's own error is raised after all that came before it; closing this closes the stream.
    """
    came: asyncio.Queue[str | None] = asyncio.Queue()
    reading = asyncio.create_task(_read(pieces, came))
    try:
        last = False
        while not last:
            batch = [await came.get()]
            while not came.empty():
                batch.append(came.get_nowait())
            last = batch[-1] is None
            if text := "".join(filter(None, batch)):
                yield text
                await asyncio.wait({reading}, timeout=every_s)
        await reading
    finally:
        reading.cancel()
        await asyncio.wait({reading})


async def _read(pieces: AsyncIterator[str], came: "asyncio.Queue[str | None]") -> None:
    try:
        async for piece in pieces:
            came.put_nowait(piece)
    finally:
        came.put_nowait(None)
