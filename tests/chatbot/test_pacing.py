"""Pieces of a stream, joined where they come fast and never kept waiting."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from chatbot.pacing import paced


async def told(*pieces: str | float | Exception) -> AsyncGenerator[str, None]:
    """Say the words, sleep the numbers, raise the errors."""
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        if isinstance(piece, str):
            yield piece
        else:
            await asyncio.sleep(piece)


async def test_a_piece_that_came_fast_is_shown_although_the_model_pauses() -> None:
    pieces = paced(told("It costs ", 0.01, "£3.95", 60.0), 0.05)
    assert await asyncio.wait_for(anext(pieces), 5) == "It costs "
    assert await asyncio.wait_for(anext(pieces), 5) == "£3.95"
    await pieces.aclose()


async def test_pieces_that_come_fast_are_joined_and_none_is_lost() -> None:
    pieces = [piece async for piece in paced(told("a", "b", 0.01, "c", 0.01, "d", 0.3, "e"), 0.1)]
    assert "".join(pieces) == "abcde"
    assert len(pieces) <= 3
    assert pieces[-1] == "e"


async def test_the_end_is_not_waited_for() -> None:
    async def read() -> list[str]:
        return [piece async for piece in paced(told("all there is"), 60.0)]

    assert await asyncio.wait_for(read(), 5) == ["all there is"]


async def test_an_error_comes_after_what_was_said_before_it() -> None:
    pieces = paced(told("so far", ZeroDivisionError()), 0.01)
    assert await anext(pieces) == "so far"
    with pytest.raises(ZeroDivisionError):
        await anext(pieces)


async def test_closing_early_stops_the_reading() -> None:
    read: list[str] = []

    async def endless() -> AsyncGenerator[str, None]:
        while True:
            await asyncio.sleep(0.01)
            read.append("word")
            yield "word"

    pieces = paced(endless(), 0.01)
    await anext(pieces)
    await pieces.aclose()
    count = len(read)
    await asyncio.sleep(0.1)
    assert len(read) == count
