"""The real product as `make run` starts it, in a folder of its own: started, waited for, stopped, thrown away.

A room of its own because nothing here imports the product: it is seen from outside.
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.reporting import say

ROOT = Path(__file__).resolve().parent.parent
START_LIMIT_S = 180
# How the names of the product's settings begin.
OURS = (
    *("CANDOR", "CHAT_", "CHROMA_", "DATABASE_", "DATA_DIR", "DEBUG", "DJANGO_", "EMBEDDING_", "HOST", "HTTPS"),
    *("LIMIT_", "LOG_", "MODEL_", "OPENAI_", "PORT", "REDIS_", "SECRET_KEY", "SITE_URL", "WORKER_"),
)


@dataclass(frozen=True)
class Product:
    """A running product; seconds from the start until its chat page came and until every part was ready."""

    url: str
    password: str
    pid: int
    page_s: float
    ready_s: float


@contextmanager
def running_product(data: Path) -> Iterator[Product]:
    """Start the product on a data folder, wait until `/readyz` says yes, and stop it after the block."""
    port = free_port()
    environment = neutral_environment(data) | {"PORT": str(port), "LOG_LEVEL": "WARNING"}
    data.mkdir(parents=True, exist_ok=True)
    log = data / "benchmark.log"
    started = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.run"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    try:
        url = f"http://localhost:{port}"
        say("Starting the product …")
        _wait_for(f"{url}/", process, log)
        page_s = time.monotonic() - started
        _wait_for(f"{url}/readyz", process, log)
        ready_s = time.monotonic() - started
        found = re.search(r"with the password (\S+)", log.read_text())
        yield Product(url, found[1] if found else "", process.pid, page_s, ready_s)
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a folder that is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="candor-benchmark-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def neutral_environment(data: Path) -> dict[str, str]:
    """Return the environment with this data folder and database and without the reader's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    # Named rather than left out: what is named is not taken from a .env file.
    for name in ("CHAT_MODEL", "CHROMA_URL", "EMBEDDING_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "REDIS_URL"):
        kept[name] = ""
    # They ask more than any visitor does.
    kept |= {f"LIMIT_{name}_PER_MINUTE": "0" for name in ("VISITOR", "ADDRESS", "KEY")}
    return kept | {"DATA_DIR": str(data), "DATABASE_URL": f"sqlite:///{data / 'candor.sqlite3'}"}


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"The product did not start:\n{log.read_text()[-2_000:]}")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=5).is_success:
                return
        time.sleep(0.1)
    raise SystemExit(f"{url} did not answer within {START_LIMIT_S} s:\n{log.read_text()[-2_000:]}")
