"""Kill -9 of the worker, kill -9 of Chroma, a deleted Chroma folder: everything is live again without a hand.

Real processes on a database of their own; `check_index` has the last word.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import free_port

pytestmark = [pytest.mark.processes, pytest.mark.chroma]

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = 503
PATIENCE_S = 90
BIN = Path(sys.executable).parent


class House:
    """A data folder, its Chroma and its worker, each of which can be started and killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.running: list[subprocess.Popen[bytes]] = []
        self.environment = {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")},
            "DATA_DIR": str(folder),
            "SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests",
            "CHROMA_URL": f"http://127.0.0.1:{self.port}",
            "WORKER_INTERVAL_S": "1",
        }

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the product to its end."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120)

    def start_chroma(self) -> subprocess.Popen[bytes]:
        """Start Chroma on its folder and wait until it answers."""
        path = str(self.folder / "chroma")
        process = self._start(str(BIN / "chroma"), "run", "--path", path, "--port", str(self.port))
        wait_until(self._chroma_answers, "Chroma answers")
        return process

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker with its clock."""
        return self._start(str(BIN / "celery"), "-A", "config", "worker", "-B", "--concurrency=1")

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill -9 a part and its children."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def live(self) -> int:
        """How many entries the database says are in the index with their present text."""
        with sqlite3.connect(self.folder / "candor.sqlite3", timeout=20) as connection:
            (number,) = connection.execute(
                "SELECT count(*) FROM knowledge_entry WHERE content_hash <> '' AND content_hash = indexed_hash"
            ).fetchone()
        connection.close()
        return int(number)

    def wait_for_live(self, number: int) -> None:
        """Wait until so many entries are in the index."""
        wait_until(lambda: self.live() >= number, f"{number} entries are live")

    def whole(self) -> bool:
        """Tell whether every entry is in the index, nothing else is, and all can be found."""
        return self.live() == ENTRIES and self.manage("check_index").returncode == 0

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        self.running.append(process)
        return process

    def _chroma_answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/api/v2/heartbeat").is_success
        except httpx.HTTPError:
            return False


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"Not within {PATIENCE_S} s: {what}"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with 503 imported entries, none of them indexed."""
    house = House(tmp_path_factory.mktemp("imported"))
    rows = [{"id": str(n), "question": f"Where is thing {n}?", "answer": f"In box {n}."} for n in range(ENTRIES)]
    (house.folder / "faq.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    make_base = "from knowledge.models import KnowledgeBase; KnowledgeBase.objects.create(name='Shop', slug='shop')"
    for arguments in (["migrate"], ["shell", "-c", make_base], ["import_entries", str(house.folder / "faq.jsonl")]):
        done = house.manage(*arguments)
        assert done.returncode == 0, done.stderr
    return house.folder


@pytest.fixture
def house(imported: Path, tmp_path: Path) -> Iterator[House]:
    shutil.copytree(imported, tmp_path / "data")
    shutil.rmtree(tmp_path / "data" / "broker", ignore_errors=True)
    made = House(tmp_path / "data")
    yield made
    for process in list(made.running):
        made.kill(process)


def test_a_worker_killed_in_the_middle_of_503_entries_loses_none(house: House) -> None:
    house.start_chroma()
    worker = house.start_worker()
    house.wait_for_live(150)
    house.kill(worker)
    assert house.live() < ENTRIES
    house.start_worker()
    house.wait_for_live(ENTRIES)
    wait_until(house.whole, "check_index passes")


def test_chroma_killed_in_the_middle_of_writes_comes_back_whole(house: House) -> None:
    chroma = house.start_chroma()
    house.start_worker()
    for progress in (60, 250):
        house.wait_for_live(progress)
        house.kill(chroma)
        assert house.live() < ENTRIES
        chroma = house.start_chroma()
    house.wait_for_live(ENTRIES)
    wait_until(house.whole, "check_index passes")


def test_a_deleted_chroma_folder_is_filled_again_from_the_database(house: House) -> None:
    chroma = house.start_chroma()
    house.start_worker()
    wait_until(house.whole, "check_index passes")
    house.kill(chroma)
    shutil.rmtree(house.folder / "chroma")
    assert house.manage("check_index").returncode == 1
    house.start_chroma()
    wait_until(house.whole, "check_index passes again")
