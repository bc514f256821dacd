"""`make run`: everything on one machine with nothing but Python, in one terminal, until Ctrl-C.

Knows which processes Candor consists of; how to keep them alive is the supervisor's. It loads no Django, for it lives
as long as they do.
"""

import asyncio
import errno
import fcntl
import os
import secrets
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

from dotenv import load_dotenv

from config.chroma_folder import ChromaFolder
from config.file_broker import remove_stale_messages
from config.supervisor import Part, Supervisor, wants_colour

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
# Straight to this machine, whatever proxy the environment names.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class StartError(Exception):
    """Candor cannot start; the text says why and what to do."""


def main() -> int:
    """Run until stopped; returns the exit code."""
    load_dotenv(ROOT / ".env")
    try:
        host, port = _listening_address()
        data = _data_folder()
        with _alone_on(data):
            return _run(host, port, data)
    except StartError as error:
        print(f"Candor cannot start. {error}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:  # before the supervisor has taken over
        return 130


def _run(host: str, port: int, data: Path) -> int:
    site = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}"  # noqa: S104
    _set_environment(data, site)
    remove_stale_messages(data / "broker")
    password = _prepare()
    parts = [_worker(), _web(host, port)]
    with _own_chroma(data) as chroma:
        parts[:0] = chroma
        supervisor = Supervisor(
            parts,
            out=sys.stdout,
            colour=wants_colour(sys.stdout),
            on_ready=lambda: _show_first_screen(supervisor, site, password),
        )
        return asyncio.run(supervisor.run())


def _listening_address() -> tuple[str, int]:
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise StartError(f"PORT is {port!r}, which is no port. Set it to a number such as 8001.")
    try:
        with socket.create_server((host, int(port))):
            return host, int(port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"Port {port} is taken by another program. Choose another one: PORT={int(port) + 1} make run"
        else:
            reason = f"Nothing can listen on {host}, port {port} ({error.strerror}). See HOST and PORT."
        raise StartError(reason) from error


def _data_folder() -> Path:
    data = Path(os.environ.get("DATA_DIR") or ROOT / "var").absolute()
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = os.open(data / "secret_key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return data
    except OSError as error:
        raise StartError(f"The data folder {data} cannot be written to ({error.strerror}). See DATA_DIR.") from error
    with os.fdopen(key, "w") as file:
        file.write(secrets.token_urlsafe(50))
    return data


@contextmanager
def _alone_on(data: Path) -> Iterator[None]:
    """Two Chroma servers on one folder would break it."""
    with (data / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartError(
                f"It runs already on the data in {data}. Stop that one, or set another DATA_DIR."
            ) from error
        yield


def _set_environment(data: Path, site: str) -> None:
    """What the children are to find; what the person has set stays."""
    os.environ["DATA_DIR"] = str(data)
    for name, value in {"DEBUG": "1", "SITE_URL": site}.items():
        os.environ[name] = os.environ.get(name) or value
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1", "localhost"]))


def _prepare() -> str:
    """Return the new administrator's password on the first run, else ""."""
    command = [sys.executable, str(ROOT / "manage.py"), "prepare"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise StartError("The reason stands above.")
    return done.stdout.strip()


@contextmanager
def _own_chroma(data: Path) -> Iterator[list[Part]]:
    """The Chroma part, unless CHROMA_URL names a server that somebody else runs."""
    if os.environ.get("CHROMA_URL"):
        yield []
        return
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    path = Path(os.environ.get("CHROMA_DIR") or data / "chroma").absolute()
    os.environ.update(CHROMA_URL=url, CHROMA_DIR=str(path))
    program = (str(PROGRAMS / "chroma"), "run", "--path", str(path), "--host", "127.0.0.1", "--port", str(port))
    # It greets with a page of drawing and advertising: that and its warnings go to a file, and what ends it is shown.
    quiet = ("/bin/sh", "-c", 'exec "$@" >"$0"', str(data / "chroma.log"))
    note = data / "chroma_url"
    note.write_text(url, encoding="utf-8")
    folder = ChromaFolder(path)
    try:
        yield [
            Part(
                "chroma",
                quiet + program,
                env={"RUST_LOG": os.environ.get("RUST_LOG") or "warn"},
                ready=lambda: _answers(f"{url}/api/v2/heartbeat"),
                watch=folder.find_trouble,
                before_start=folder.before_start,
            )
        ]
    finally:
        note.unlink(missing_ok=True)


def _worker() -> Part:
    options = (
        "--beat",
        "--pool=prefork",
        "--concurrency=1",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    )
    return Part("worker", (str(PROGRAMS / "celery"), "--quiet", "-A", "config", "worker", *options))


def _web(host: str, port: int) -> Part:
    options = ("--timeout-graceful-shutdown", "5", "--lifespan", "off", "--log-level", "warning", "--no-access-log")
    own = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
    return Part(
        "web",
        (str(PROGRAMS / "uvicorn"), "config.asgi:application", "--host", host, "--port", str(port), *options),
        ready=lambda: _answers(f"http://{own}:{port}/livez"),
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with _opener.open(url, timeout=2) as reply:
            return bool(reply.status == 200)
    except (OSError, HTTPException):
        return False


def _show_first_screen(supervisor: Supervisor, site: str, password: str) -> None:
    lines = ["", "Candor is running.", f"    Chat     {site}/", f"    Admin    {site}/admin/"]
    if password:
        lines += [
            f"    Sign in as admin with the password {password}",
            "    It is shown only this once. To set another one: .venv/bin/python manage.py changepassword admin",
        ]
    if not os.environ.get("CHAT_MODEL"):
        lines.append(
            "    Answers are quoted from the knowledge base. For written ones set CHAT_MODEL: see .env.example"
        )
    for line in [*lines, "    Ctrl-C stops it.", ""]:
        supervisor.say(line)


if __name__ == "__main__":
    sys.exit(main())
