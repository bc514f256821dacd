"""A scratch installation for the length of a block: its own database and its own Chroma, both gone afterwards.

Its own, and not a knowledge base among the real ones: a running worker would drain and watch it, a report would count
it, and a killed run would leave entries, history and collections behind in what visitors are answered from. This way
nothing real is opened for writing, it makes no difference whether `make run` is running, and CHROMA_URL may point
nowhere. On SQLite the database is a file in a temporary folder, on PostgreSQL a schema of the same database, so that
what is measured runs on the engine that answers visitors.

A process that holds our end of a pipe runs Chroma and removes the folder, also when we are killed; a schema is locked
by its run, and one that nobody locks is removed by the next.
"""

import copy
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPException
from pathlib import Path

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from knowledge.vector_store import ChromaStore, VectorStore

PREFIX = "candor_evaluate_"
START_LIMIT_S = 60
CALL_LIMIT_S = 30
# Keeps the server until its standard input ends, which it does however we end.
KEEPER = 'folder=$1; shift; "$@" & server=$!; cat >/dev/null; kill $server 2>/dev/null; wait $server; rm -rf "$folder"'
# Straight to this machine, whatever proxy the environment names.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ScratchError(Exception):
    """The scratch installation could not be made; the message says why."""


class _Store(ChromaStore):
    """A store whose connection ends with its server's."""

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._api is not None:
            self._api._session.close()


@contextmanager
def scratch() -> Iterator[VectorStore]:
    """Make everything in this process write to an empty database, and yield the store of an empty Chroma."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    with _chroma(folder) as store, _database(folder):
        yield store


@contextmanager
def _chroma(folder: Path) -> Iterator[VectorStore]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    program = str(Path(sys.executable).with_name("chroma"))
    server = (program, "run", "--path", str(folder / "chroma"), "--host", "127.0.0.1", "--port", port)
    command = ("/bin/sh", "-c", KEEPER, "keeper", str(folder), *server)
    with (folder / "chroma.log").open("wb") as log:
        # A session of its own, so that Ctrl-C reaches us alone and we end in order.
        keeper = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/v2/heartbeat", folder / "chroma.log")
        with _no_proxy(), closing(_Store(f"http://127.0.0.1:{port}", timeout_s=CALL_LIMIT_S)) as store:
            yield store
    finally:
        keeper.communicate()


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        try:
            with _opener.open(url, timeout=2):
                return
        except (OSError, HTTPException) as error:
            if time.monotonic() > deadline:
                said = log.read_text(errors="replace")[-1_000:]
                raise ScratchError(f"Chroma did not start within {START_LIMIT_S} s: {said}") from error
        time.sleep(0.1)


@contextmanager
def _no_proxy() -> Iterator[None]:
    """Have Chroma's client reach this machine directly."""
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    for name, value in before.items():
        os.environ[name] = ",".join(filter(None, (value, "127.0.0.1")))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _database(folder: Path) -> Iterator[None]:
    real = connections[DEFAULT_DB_ALIAS]
    if real.vendor == "postgresql":
        with _schema() as name, _connected(_in_schema(real.settings_dict, name)):
            yield
    else:
        with _connected(copy.deepcopy(real.settings_dict) | {"NAME": str(folder / "scratch.sqlite3")}):
            yield


@contextmanager
def _connected(settings: dict[str, object]) -> Iterator[None]:
    """Lead the default connection of this process elsewhere, to tables that are made first."""
    real, real_settings = connections[DEFAULT_DB_ALIAS], connections.settings[DEFAULT_DB_ALIAS]
    connections.settings[DEFAULT_DB_ALIAS] = settings
    connections[DEFAULT_DB_ALIAS] = connections.create_connection(DEFAULT_DB_ALIAS)
    ContentType.objects.clear_cache()
    try:
        call_command("migrate", verbosity=0, interactive=False)
        yield
    finally:
        connections[DEFAULT_DB_ALIAS].close()
        connections.settings[DEFAULT_DB_ALIAS] = real_settings
        connections[DEFAULT_DB_ALIAS] = real
        ContentType.objects.clear_cache()


def _in_schema(settings: dict[str, object], name: str) -> dict[str, object]:
    scratch_settings = copy.deepcopy(settings)
    options = dict(scratch_settings.get("OPTIONS") or {})  # type: ignore[call-overload]
    # A pool is one for each alias, and the real one's connections see the real tables.
    options.pop("pool", None)
    options["options"] = f"{options.get('options', '')} -c search_path={name}".strip()
    return scratch_settings | {"OPTIONS": options}


@contextmanager
def _schema() -> Iterator[str]:
    """Keep a schema of our own in the real database, after removing those of runs that were killed."""
    name = f"{PREFIX}{uuid.uuid4().hex[:12]}"
    keeper = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        _remove_leftovers(keeper)
        _run(keeper, "SELECT pg_advisory_lock(hashtext(%s))", name)
        _run(keeper, f"CREATE SCHEMA {name}")
        try:
            yield name
        finally:
            _run(keeper, f"DROP SCHEMA {name} CASCADE")
    except Error as error:
        raise ScratchError(f"No scratch schema could be made in the database: {error}") from error
    finally:
        keeper.close()


def _remove_leftovers(keeper: BaseDatabaseWrapper) -> None:
    with keeper.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", [PREFIX])
        names = [row[0] for row in cursor.fetchall()]
        for name in names:
            cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name])
            if cursor.fetchone() == (True,):
                cursor.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])


def _run(keeper: BaseDatabaseWrapper, statement: str, *parameters: str) -> None:
    with keeper.cursor() as cursor:
        cursor.execute(statement, parameters or None)
