"""A message broker that needs no server: one file per message in a folder.

A room of its own because kombu's file transport lets a reader see a message that is still being written, which ends
the worker; here a message appears whole or not at all. What was in flight when a worker is killed is lost.
"""

import json
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import virtual

# Older messages are hints that nobody needs any more: a worker looks for work by itself every half minute.
STALE_S = 3_600


class Channel(virtual.Channel):
    """Queues as files named "<time>-<id>.<queue>"; names with a dot before them are half written or already taken."""

    connection: "Transport"

    @property
    def _folder(self) -> Path:
        folder: Path = self.connection.folder
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:
        name = f"{time.time_ns()}-{uuid.uuid4().hex}.{queue}"
        unfinished = self._folder / f".{name}"
        unfinished.write_text(json.dumps(message), encoding="utf-8")
        unfinished.rename(self._folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002  (kombu's signature)
        for name in self._waiting(queue):
            taken = self._folder / f".{name}"
            try:
                (self._folder / name).rename(taken)
            except FileNotFoundError:  # another worker was faster
                continue
            text = taken.read_text(encoding="utf-8")
            taken.unlink()
            return json.loads(text)
        raise Empty

    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))

    def _purge(self, queue: str) -> int:
        names = self._waiting(queue)
        for name in names:
            (self._folder / name).unlink(missing_ok=True)
        return len(names)

    def _waiting(self, queue: str) -> list[str]:
        names = (path.name for path in self._folder.iterdir())
        return sorted(name for name in names if name.partition(".")[2] == queue and not name.startswith("."))


class Transport(virtual.Transport):
    """What `files://localhost` in a broker's address stands for."""

    Channel = Channel
    # Queues and bindings are the same for all connections of a process.
    global_state = virtual.BrokerState()
    driver_type = driver_name = "files"

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self.state = self.global_state
        self.folder = Path(client.transport_options["folder"])


def remove_stale_messages(folder: Path) -> None:
    """Delete what nobody took for an hour, from runs long ended."""
    oldest = time.time() - STALE_S
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_file() and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
