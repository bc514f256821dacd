"""The real servers that tests run against: each is started once a session, on a free loopback port, in its own folder.

Where a server is not installed its tests are skipped, and with REQUIRE_SERVICES=1 they fail.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import httpx
import psycopg
import pytest
import redis

START_LIMIT_S = 30


@pytest.fixture(scope="session")
def chroma_url() -> Iterator[str]:
    """The address of a real Chroma server, shared by all tests: its collections have names of their own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    program = str(Path(sys.executable).with_name("chroma"))
    with server_folder("chroma") as folder:
        command = [program, "run", "--path", str(folder / "data"), "--host", "127.0.0.1", "--port", str(port)]
        with running_server(command, folder, lambda: httpx.get(f"{url}/api/v2/heartbeat").is_success):
            yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The address of a real Redis server; tests take `redis_url`."""
    program, port = find_program("redis-server"), free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with server_folder("redis") as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        with running_server(command, folder, lambda: ping_redis(url)):
            yield url


@pytest.fixture(scope="module")
def redis_url(redis_server: str) -> str:
    """The address of a real Redis server, emptied for each module."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL server, without a database; tests take `postgres_url`."""
    initdb, postgres, port = find_program("initdb"), find_program("postgres"), free_port()
    url = f"postgresql://candor@127.0.0.1:{port}"
    # PostgreSQL refuses to run as root.
    account: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": ()} if os.getuid() == 0 else {}
    with server_folder("postgres") as folder:
        if account:
            shutil.chown(folder, "postgres", "postgres")
        data = str(folder / "data")
        subprocess.run(
            [initdb, "-D", data, "-U", "candor", "-A", "trust", "-N"], check=True, stdout=subprocess.DEVNULL, **account
        )
        command = [postgres, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", "", "-F"]
        with running_server(command, folder, lambda: ping_postgres(url), **account):
            yield url


@pytest.fixture(scope="module")
def postgres_url(postgres_server: str) -> str:
    """The address (DATABASE_URL) of an empty PostgreSQL database, a new one for each module."""
    name = f"candor_{uuid.uuid4().hex}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{postgres_server}/{name}"


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is installed."""
    return find_program("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def base_url() -> None:
    """No common address: every test names its own. (The fixture of this name in pytest-base-url warns on pytest 9.)"""


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium_path: str) -> dict[str, Any]:
    """What pytest-playwright's `page` and `browser` are started with: the installed Chromium, nothing downloaded."""
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    return {"executable_path": chromium_path, "args": [*sandbox, "--disable-dev-shm-usage"]}


def free_port() -> int:
    """A loopback port that nobody uses at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def find_program(*names: str) -> str:
    """The path of the first that is installed; otherwise the test is skipped, or fails under REQUIRE_SERVICES=1."""
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places = os.pathsep.join([os.environ.get("PATH", ""), *map(str, servers)])
    for name in names:
        if found := shutil.which(name, path=places):
            return found
    return give_up(f"{names[0]} is not installed here.")


def give_up(reason: str) -> NoReturn:
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{reason} REQUIRE_SERVICES=1 does not allow to skip this.")
    pytest.skip(reason)


@contextmanager
def server_folder(name: str) -> Iterator[Path]:
    """An empty folder that other accounts can reach, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix=f"candor-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_server(command: Sequence[str], folder: Path, ready: Callable[[], bool], **account: Any) -> Iterator[None]:
    """The server from the moment it answers to the end of the block."""
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder, **account)
    try:
        deadline = time.monotonic() + START_LIMIT_S
        while not answers(ready):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{command[0]} did not start:\n{log.read_text(errors='replace')[-2_000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(ready: Callable[[], bool]) -> bool:
    try:
        return ready()
    except (httpx.HTTPError, redis.RedisError, psycopg.OperationalError):
        return False


def ping_redis(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        return bool(client.ping())


def ping_postgres(url: str) -> bool:
    with psycopg.connect(f"{url}/postgres", connect_timeout=2):
        return True
