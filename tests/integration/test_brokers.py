"""The ways a hint travels: a broker that is dead or hangs costs an editor a second, one that works wakes the worker."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import find_program, free_port

ROOT = Path(__file__).resolve().parents[2]
OURS = ("DJANGO_SETTINGS_MODULE", "REDIS_URL", "DATABASE_URL", "CHROMA_URL")
FINISHED = '"event": "task_succeeded"'
# Hints as saving an entry does, once for every line it reads; in a process of its own, for Celery is set up only once.
EDITOR = """
import sys, time, django
django.setup()
from django.db import transaction
from knowledge import tasks
for _ in sys.stdin:
    began = time.monotonic()
    with transaction.atomic():
        tasks.hint_after_commit()
    print(time.monotonic() - began, flush=True)
"""

pytestmark = pytest.mark.processes


def environment(data: Path, **more: str) -> dict[str, str]:
    """A product of its own on `data`; its worker looks for work only when it is told."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    own = {"DATA_DIR": str(data), "DEBUG": "1", "SECRET_KEY": "x" * 50, "DJANGO_SETTINGS_MODULE": "config.settings"}
    return {**kept, **own, "WORKER_INTERVAL_S": "3600", "LOG_FORMAT": "json", **more}


class Editor:
    """A process in which entries are saved."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def hint(self) -> float:
        """Save once; returns the seconds that the hint took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("save\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


@contextmanager
def running_editor(env: dict[str, str]) -> Iterator[Editor]:
    command, pipe = [sys.executable, "-c", EDITOR], subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=env, stdin=pipe, stdout=pipe, text=True) as process:
        yield Editor(process)


@contextmanager
def running_worker(env: dict[str, str], log: Path) -> Iterator[None]:
    """A worker that has finished its first look."""
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
    program = str(Path(sys.executable).with_name("celery"))
    command = [program, "--quiet", "-A", "config", "worker", "--concurrency=1"]
    with log.open("wb") as output:
        worker = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output, start_new_session=True)
    try:
        wait_for(FINISHED, 1, log)
        yield
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def wait_for(word: str, times: int, log: Path) -> float:
    """Wait until the word stands in the log so many times; returns the seconds that took."""
    began = time.monotonic()
    while log.read_text().count(word) < times:
        assert time.monotonic() - began < 60, log.read_text()[-3_000:]
        time.sleep(0.01)
    return time.monotonic() - began


@contextmanager
def running_redis(port: int, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A Redis server to be stopped, killed and started again."""
    command = [find_program("redis-server"), "--port", str(port), "--save", ""]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        yield server
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def hung_redis() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def test_a_redis_that_hangs_costs_a_save_about_a_second_and_no_error(hung_redis: str, tmp_path: Path) -> None:
    with running_editor(environment(tmp_path, REDIS_URL=hung_redis)) as editor:
        assert max(editor.hint() for _ in range(3)) < 2


def test_a_redis_that_is_not_there_costs_a_save_nothing_and_no_error(tmp_path: Path) -> None:
    with running_editor(environment(tmp_path, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")) as editor:
        assert max(editor.hint() for _ in range(3)) < 1


@pytest.mark.redis
def test_a_redis_that_hangs_after_it_has_worked_costs_a_save_about_a_second_and_recovers(tmp_path: Path) -> None:
    port = free_port()
    env = environment(tmp_path, REDIS_URL=f"redis://127.0.0.1:{port}/0")
    with running_redis(port, tmp_path) as server, running_editor(env) as editor:
        editor.hint()
        server.send_signal(signal.SIGSTOP)
        assert max(editor.hint() for _ in range(2)) < 2
        server.send_signal(signal.SIGCONT)
        assert editor.hint() < 0.5


@pytest.mark.redis
def test_a_worker_takes_hints_again_after_its_redis_was_away(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    env = environment(tmp_path, REDIS_URL=f"redis://127.0.0.1:{port}/0")
    with running_editor(env) as editor, running_redis(port, tmp_path) as server, running_worker(env, log):
        server.kill()
        server.wait()
        editor.hint()
        time.sleep(3)
        with running_redis(port, tmp_path):
            wait_for('"Connected to redis', 2, log)
            finished = log.read_text().count(FINISHED)
            editor.hint()
            wait_for(FINISHED, finished + 1, log)


@pytest.mark.redis
def test_a_worker_on_redis_takes_a_hint_within_a_second_also_after_long_silence(redis_url: str, tmp_path: Path) -> None:
    env, log = environment(tmp_path, REDIS_URL=redis_url), tmp_path / "log"
    with running_worker(env, log), running_editor(env) as editor:
        editor.hint()
        assert wait_for(FINISHED, 2, log) < 1
        time.sleep(5)  # longer than every time limit set for publishing
        editor.hint()
        assert wait_for(FINISHED, 3, log) < 1
    assert "Traceback" not in log.read_text()
    assert "Connection to broker lost" not in log.read_text()


def test_a_worker_on_files_takes_a_hint_in_less_than_half_a_second(tmp_path: Path) -> None:
    env, log = environment(tmp_path), tmp_path / "log"
    with running_worker(env, log), running_editor(env) as editor:
        editor.hint()
        wait_for(FINISHED, 2, log)
        editor.hint()
        assert wait_for(FINISHED, 3, log) < 0.5
    assert "No hostname was supplied" not in log.read_text()


def test_a_message_that_is_still_being_written_does_not_end_the_worker(tmp_path: Path) -> None:
    env, log = environment(tmp_path), tmp_path / "log"
    with running_worker(env, log), running_editor(env) as editor:
        (tmp_path / "broker" / ".0-unfinished.celery").write_text("")
        editor.hint()
        wait_for(FINISHED, 2, log)
