"""Database work off the event loop. A room of its own because of one promise: no server's connection outlives the call.

Django would keep one open for as long as the request lasts, and an answer streams for a minute. A connection to SQLite
is a file of the pool's thread: opening it takes longer than most of what is asked of it, so it stays for a minute.
"""

import time
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

KEEP_S = 60.0
P = ParamSpec("P")
R = TypeVar("R")


def in_thread(function: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Return `function` as a coroutine that runs in a pool's thread, also after the request has ended."""

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        finally:
            for connection in connections.all(initialized_only=True):
                if not _may_stay(connection):
                    connection.close_if_unusable_or_obsolete()

    return sync_to_async(run, thread_sensitive=False)


def _may_stay(connection: BaseDatabaseWrapper) -> bool:
    # With the default CONN_MAX_AGE of 0 `close_at` is the moment at which it was opened.
    opened = connection.close_at
    recent = opened is not None and time.monotonic() - opened < KEEP_S
    return connection.vendor == "sqlite" and recent and not connection.errors_occurred
