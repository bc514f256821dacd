"""Database connections of the pool's threads: a server's is given back after each call, a file stays for a minute."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db.utils import ConnectionHandler

from chatbot import threads

pytestmark = pytest.mark.django_db


@pytest.fixture
def handler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectionHandler]:
    """Connections to a file of the test's own, kept by thread."""
    file = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "test.sqlite3")}
    handler = ConnectionHandler({"default": file})
    monkeypatch.setattr(threads, "connections", handler)
    yield handler
    handler.close_all()


def _used(handler: ConnectionHandler, **attributes: object) -> list[Any]:
    """Return the raw connections that two calls in one pool thread had, and what is left of it after them."""
    had: list[Any] = []

    def query() -> None:
        connection = handler["default"]
        for name, value in attributes.items():
            setattr(connection, name, value)
        connection.ensure_connection()
        had.append(connection.connection)

    async def twice() -> None:
        asyncio.get_running_loop().set_default_executor(one_thread)
        await threads.in_thread(query)()
        await threads.in_thread(query)()
        had.append(await threads.in_thread(lambda: handler["default"].connection)())
        await threads.in_thread(lambda: handler["default"].close())()

    one_thread = ThreadPoolExecutor(1)
    asyncio.run(twice())
    return had


def test_a_file_stays_open_for_the_next_call(handler: ConnectionHandler) -> None:
    first, second, left = _used(handler)
    assert first is second is left


def test_a_server_gets_its_connection_back(handler: ConnectionHandler) -> None:
    first, second, left = _used(handler, vendor="postgresql")
    assert first is not second
    assert left is None


def test_a_file_is_opened_anew_after_an_error_or_a_minute(
    handler: ConnectionHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _used(handler, errors_occurred=True)[2] is None
    monkeypatch.setattr(threads, "KEEP_S", 0.0)
    assert _used(handler)[2] is None
