"""The broker without a server: messages are files, whole or not there."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection
from kombu.simple import SimpleQueue
from kombu.transport import TRANSPORT_ALIASES

import config.celery  # noqa: F401  (names the transport)
from config.file_broker import STALE_S, remove_stale_messages


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[SimpleQueue]:
    """The queue "celery" on files in tmp_path."""
    assert TRANSPORT_ALIASES["files"] == "config.file_broker:Transport"
    options = {"folder": str(tmp_path), "polling_interval": 0.01}
    with Connection("files://localhost", transport_options=options) as connection:
        simple = connection.SimpleQueue("celery")
        yield simple
        simple.close()


def test_messages_come_out_whole_once_and_in_the_order_they_went_in(queue: SimpleQueue, tmp_path: Path) -> None:
    for number in range(3):
        queue.put({"number": number})
    assert queue.qsize() == 3
    got = [queue.get(timeout=1) for _ in range(3)]
    assert [message.payload["number"] for message in got] == [0, 1, 2]
    assert list(tmp_path.iterdir()) == []


def test_an_empty_queue_says_so(queue: SimpleQueue) -> None:
    with pytest.raises(Empty):
        queue.get(timeout=0.05)


def test_a_half_written_message_is_nobodys_yet(queue: SimpleQueue, tmp_path: Path) -> None:
    (tmp_path / ".1-a.celery").write_text('{"half')
    with pytest.raises(Empty):
        queue.get(timeout=0.05)


def test_messages_of_other_queues_are_left_alone(queue: SimpleQueue, tmp_path: Path) -> None:
    (tmp_path / "1-a.other").write_text("{}")
    with pytest.raises(Empty):
        queue.get(timeout=0.05)
    assert queue.qsize() == 0


def test_a_queue_can_be_emptied(queue: SimpleQueue) -> None:
    queue.put({})
    queue.clear()
    assert queue.qsize() == 0


def test_a_folder_that_is_deleted_while_in_use_is_made_again(queue: SimpleQueue, tmp_path: Path) -> None:
    tmp_path.rmdir()
    queue.put({"still": "here"})
    assert queue.get(timeout=1).payload == {"still": "here"}


def test_a_thousand_messages_written_while_they_are_read_arrive_once_each(queue: SimpleQueue, tmp_path: Path) -> None:
    options = {"folder": str(tmp_path)}

    def write() -> None:
        with Connection("files://localhost", transport_options=options) as connection:
            writer = connection.SimpleQueue("celery")
            for number in range(1_000):
                writer.put(number)
            writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    got = [queue.get(timeout=5).payload for _ in range(1_000)]
    thread.join()
    assert got == list(range(1_000))


def test_only_messages_of_long_ended_runs_are_removed(tmp_path: Path) -> None:
    old, new = tmp_path / "1-a.celery", tmp_path / "2-b.celery"
    for path in (old, new):
        path.write_text("{}")
    long_ago = time.time() - STALE_S - 10
    os.utime(old, (long_ago, long_ago))
    remove_stale_messages(tmp_path)
    remove_stale_messages(tmp_path / "not there")
    assert list(tmp_path.iterdir()) == [new]
