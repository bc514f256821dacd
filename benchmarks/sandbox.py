"""A throw-away installation in this process: its own data folder, database and Chroma server, gone at the end.

Importing this module sets the environment and starts Django, so import it before anything of the product.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import chromadb
import django
import httpx
from chromadb.api import ClientAPI
from django.core.management import call_command

from benchmarks.product import free_port, neutral_environment

FOLDER = Path(tempfile.mkdtemp(prefix="candor-benchmark-"))
CHROMA_PORT = free_port()
START_LIMIT_S = 30
PROGRAMS = Path(sys.executable).parent

atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
ENVIRONMENT = neutral_environment(FOLDER)
os.environ.clear()
os.environ.update(
    ENVIRONMENT,
    SECRET_KEY="only-for-benchmarks-only-for-benchmarks-only-for-benchmarks",
    CHROMA_URL=f"http://127.0.0.1:{CHROMA_PORT}",
    DJANGO_SETTINGS_MODULE="config.settings",
    LOG_LEVEL="WARNING",
)
django.setup()


@contextmanager
def installation() -> Iterator[None]:
    """Make the database and keep Chroma running for the block."""
    call_command("migrate", verbosity=0)
    with chroma(CHROMA_PORT, FOLDER / "chroma"):
        yield


@contextmanager
def second_chroma() -> Iterator[ClientAPI]:
    """Keep another, empty Chroma running for the block: chromadb's own client to it."""
    port = free_port()
    with chroma(port, FOLDER / f"chroma-{port}"):
        yield raw_client(port)


@contextmanager
def chroma(port: int, folder: Path) -> Iterator[None]:
    """Keep a Chroma server running for the block."""
    command = [str(PROGRAMS / "chroma"), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with process(command, folder.with_suffix(".log")):
        deadline = time.monotonic() + START_LIMIT_S
        while not _chroma_answers(port):
            if time.monotonic() > deadline:
                raise SystemExit(f"Chroma did not start within {START_LIMIT_S} s. See {folder}.log.")
            time.sleep(0.1)
        yield


@contextmanager
def worker(log: Path) -> Iterator[None]:
    """Keep a Celery worker with its clock running for the block, its log in a file."""
    command = [str(PROGRAMS / "celery"), "-A", "config", "worker", "--beat", "--concurrency=1", "--without-gossip"]
    with process([*command, "--without-mingle"], log, LOG_LEVEL="INFO"):
        yield


@contextmanager
def process(command: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for the block and stop it with all its children."""
    with log.open("wb") as out:
        running = subprocess.Popen(
            command, stdout=out, stderr=out, env=os.environ | environment, start_new_session=True
        )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def raw_client(port: int = CHROMA_PORT) -> ClientAPI:
    """Return chromadb's own client, to the installation's server unless a port is named: the baseline."""
    return chromadb.HttpClient("127.0.0.1", port)


def _chroma_answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/v2/heartbeat", timeout=2).is_success
    except httpx.HTTPError:
        return False
