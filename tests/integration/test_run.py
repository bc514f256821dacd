"""`make run` as people run it: the real processes on a folder of their own, some of them killed, the data broken."""

import contextlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import free_port

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 120
OURS = (
    "SECRET_KEY",
    "DEBUG",
    "DJANGO_SETTINGS_MODULE",
    "DATA_DIR",
    "REDIS_URL",
    "DATABASE_URL",
    "CHROMA_URL",
    "SITE_URL",
)

pytestmark = pytest.mark.processes


class Candor:
    """A running `make run`: what it prints, its parts, its addresses."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.env = {name: value for name, value in os.environ.items() if name not in OURS}
        self.env |= {"DATA_DIR": str(data), "PORT": str(self.port), "WORKER_INTERVAL_S": "2"}
        self._log = data.parent / "log"
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "config.run"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)

    @property
    def printed(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def get(self, path: str) -> tuple[int, str]:
        """Status and body; (0, "") if nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def parts(self, program: str) -> list[psutil.Process]:
        """The processes of the part that runs this program."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error):  # it ended meanwhile
                if any(argument.endswith(f"/{program}") for argument in child.cmdline()):
                    found.append(child)
        return found

    def kill(self, program: str) -> None:
        """Kill a part and wait until another one has taken its place and everything is well."""
        (victim,) = self.parts(program)
        victim.kill()
        self.wait_until(lambda: [p for p in self.parts(program) if p.pid != victim.pid] and self.is_whole())

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)

    def is_whole(self) -> bool:
        """Every part is well, and every entry is in the index and can be found."""
        return self.get("/readyz")[0] == 200 and self.command("check_index").returncode == 0

    def answer(self, question: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.command("ask", question, "--json").stdout)
        return found

    def wait_until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while not condition():
            assert self.process.poll() is None, self.printed[-4_000:]
            assert time.monotonic() < deadline, self.printed[-4_000:]
            time.sleep(0.2)

    def stop(self) -> list[psutil.Process]:
        """End it as Ctrl-C does; returns what is still alive afterwards."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=40)
        alive: list[psutil.Process] = psutil.wait_procs(family, timeout=3)[1]
        return alive


@pytest.fixture(scope="module")
def candor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Candor]:
    """One run for all tests of this module, in their order; it begins with an empty folder."""
    running = Candor(tmp_path_factory.mktemp("run") / "data")
    try:
        running.wait_until(lambda: "Ctrl-C stops it" in running.printed)
        running.wait_until(running.is_whole)
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def test_the_first_run_prints_a_password_once_and_it_opens_the_admin(candor: Candor) -> None:
    passwords = re.findall(r"the password (\S+)", candor.printed)
    assert len(passwords) == 1
    check = "from django.contrib.auth import authenticate as a; print(a(username='admin', password={!r}))"
    assert "admin" in candor.command("shell", "-c", check.format(passwords[0])).stdout


def test_the_first_screen_says_where_everything_is(candor: Candor) -> None:
    for words in (f"http://localhost:{candor.port}/\n", f"http://localhost:{candor.port}/admin/\n", "Ctrl-C"):
        assert words in candor.printed


def test_the_data_folder_and_the_key_are_nobody_elses_to_read(candor: Candor) -> None:
    assert stat.S_IMODE(candor.data.stat().st_mode) == 0o700
    assert stat.S_IMODE((candor.data / "secret_key").stat().st_mode) == 0o600


def test_the_chat_page_and_its_styles_are_served(candor: Candor) -> None:
    status, page = candor.get("/")
    assert status == 200
    assert "Larkmoor Cycles" in page
    for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        assert candor.get(path)[0] == 200
    assert "StreamingHttpResponse" not in candor.printed


def test_the_demo_answers_through_chroma(candor: Candor) -> None:
    found = candor.answer("The display shows E42. What does it mean?")
    assert found["way"] == "index"
    assert "E42" in found["candidates"][0]["question"] + found["candidates"][0]["answer"]


def test_a_second_run_on_the_same_data_is_refused_with_a_reason(candor: Candor) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "config.run"],
        cwd=ROOT,
        env={**candor.env, "PORT": str(free_port())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "It runs already on the data in" in done.stderr


def test_a_port_that_is_taken_is_named_with_the_way_out(candor: Candor, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "config.run"],
        cwd=ROOT,
        env={**candor.env, "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"Port {candor.port} is taken by another program" in done.stderr
    assert f"PORT={candor.port + 1} make run" in done.stderr


def test_a_killed_worker_is_started_again(candor: Candor) -> None:
    candor.kill("celery")
    assert "worker was killed by SIGKILL; starting it again" in candor.printed


def test_a_killed_chroma_is_started_again_on_the_same_data(candor: Candor) -> None:
    candor.kill("chroma")
    assert not list(candor.data.glob("chroma.broken-*"))
    assert candor.answer("The display shows E42. What does it mean?")["way"] == "index"


def test_a_deleted_chroma_folder_is_filled_again_from_the_database(candor: Candor) -> None:
    subprocess.run(["rm", "-rf", str(candor.data / "chroma")], check=True)
    candor.wait_until(lambda: (candor.data / "chroma" / "chroma.sqlite3").exists() and candor.is_whole())


def test_a_folder_that_the_worker_calls_broken_is_set_aside_and_built_anew(candor: Candor) -> None:
    before = (candor.data / "chroma" / "chroma.sqlite3").stat().st_ino
    (candor.data / "chroma" / "set-aside").write_text("It finds nothing.")
    candor.wait_until(lambda: list(candor.data.glob("chroma.broken-*")) and candor.is_whole())
    (broken,) = candor.data.glob("chroma.broken-*")
    assert (broken / "chroma.sqlite3").stat().st_ino == before
    assert not (candor.data / "chroma" / "set-aside").exists()


def test_a_folder_on_which_chroma_cannot_start_is_set_aside(candor: Candor) -> None:
    (candor.data / "chroma" / "chroma.sqlite3").write_bytes(b"no database" * 1_000)
    candor.kill("chroma")
    assert len(list(candor.data.glob("chroma.broken-*"))) == 2


def test_a_stop_ends_every_process_and_the_next_start_keeps_the_password_to_itself(candor: Candor) -> None:
    assert candor.stop() == []
    assert candor.process.returncode == 0
    again = Candor(candor.data)
    try:
        again.wait_until(lambda: "Ctrl-C stops it" in again.printed)
        again.wait_until(again.is_whole)
        assert "password" not in again.printed
    finally:
        assert again.stop() == []
