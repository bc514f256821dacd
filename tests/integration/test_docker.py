"""`docker/compose.yaml`, kept true without Docker: its own commands, as plain processes, against real servers."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import free_port

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OWN = ("web", "worker", "migrate")
SAVE = """
from knowledge.models import Entry, KnowledgeBase
from knowledge.services import save_entry
base = KnowledgeBase.objects.create(name="Harbour", slug="harbour")
save_entry(Entry(knowledge_base=base, question="When does the ferry leave?", answer="At **9:40**.", status="published"))
"""

pytestmark = pytest.mark.processes


def environment(service: str, **given: str) -> dict[str, str]:
    """The service's environment with its ${NAME:-default} filled in from `given`, as Docker would."""

    def fill(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        value = given.get(name) or (default[2:] if default and default.startswith(":-") else None)
        assert value is not None, f"compose.yaml needs {name}"
        return value

    declared = SERVICES[service].get("environment", {})
    return {name: re.sub(r"\$\{(\w+)(:[-?][^}]*)?\}", fill, str(value)) for name, value in declared.items()}


class House:
    """The services' own environment and commands, with the servers' addresses replaced by those of the test."""

    def __init__(self, data: Path, **servers: str) -> None:
        self.data, self.port = data, free_port()
        kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        own = environment("web", SECRET_KEY="0123456789" * 5, POSTGRES_PASSWORD="x")
        folders = {"DATA_DIR": str(data), "STATIC_ROOT": str(data / "static")}
        self.env = {**kept, **own, **servers, **folders, "PATH": programs}

    def argv(self, service: str) -> list[str]:
        words = shlex.split(SERVICES[service]["command"])
        return [str(self.port) if word == "8000" else "127.0.0.1" if word == "0.0.0.0" else word for word in words]

    def run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def running(self, service: str) -> Iterator[None]:
        with (self.data / f"{service}.log").open("wb") as log:
            process = subprocess.Popen(self.argv(service), cwd=ROOT, env=self.env, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)

    def wait_until(self, condition: Callable[[], object], seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            logs = "\n".join(log.read_text()[-2_000:] for log in self.data.glob("*.log"))
            assert time.monotonic() < deadline, logs
            time.sleep(0.2)

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, redis_url: str, chroma_url: str
) -> Iterator[House]:
    """Migration, web and worker as compose.yaml starts them, on PostgreSQL, Redis and Chroma."""
    data = tmp_path_factory.mktemp("compose")
    house = House(data, DATABASE_URL=postgres_url, REDIS_URL=redis_url, CHROMA_URL=chroma_url)
    house.run("python", "manage.py", "collectstatic", "--noinput")
    house.run(*house.argv("migrate"))
    with ExitStack() as stack:
        for service in ("web", "worker"):
            stack.enter_context(house.running(service))
        house.wait_until(lambda: house.get("/readyz")[0] == 200)
        yield house


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.chroma
def test_an_entry_that_is_saved_becomes_answerable(house: House) -> None:
    house.run("python", "manage.py", "shell", "-c", SAVE)
    house.wait_until(lambda: "9:40" in house.run("python", "manage.py", "ask", "ferry departure", "--json"))
    found = json.loads(house.run("python", "manage.py", "ask", "when does the ferry go?", "--json"))
    assert found["way"] == "index"
    assert found["candidates"][0]["question"] == "When does the ferry leave?"
    house.run("python", "manage.py", "check_index")


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.chroma
def test_every_part_is_named_and_well(house: House) -> None:
    status, body = house.get("/readyz")
    assert status == 200
    parts = json.loads(body)["parts"]
    assert {name: part["state"] for name, part in parts.items()} == dict.fromkeys(
        ("database", "broker", "worker", "chroma", "embedding"), "ok"
    )
    assert parts["database"]["detail"].startswith("PostgreSQL")


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.chroma
def test_collected_styles_are_served_without_debug(house: House) -> None:
    status, page = house.get("/admin/login/")
    assert status == 200
    styles = re.findall(r'href="(/static/[^"]+\.css)"', page)
    assert styles
    assert all(house.get(path)[0] == 200 for path in styles)
    assert "StreamingHttpResponse" not in (house.data / "web.log").read_text()


@pytest.mark.parametrize("service", ["web", "worker", "postgres", "redis", "chroma"])
def test_every_lasting_service_is_watched_and_comes_back(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[service]["restart"] == "unless-stopped"


def test_only_the_web_service_is_published_and_to_this_machine_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(published) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in published["web"])


def test_no_secret_stands_in_the_files() -> None:
    assert SERVICES["web"]["environment"]["SECRET_KEY"].startswith("${SECRET_KEY:?")
    assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"] == "${POSTGRES_PASSWORD}"
    assert not re.search(
        r"^(ENV|ARG).*(SECRET|PASSWORD|KEY)", (ROOT / "docker" / "Dockerfile").read_text(), re.MULTILINE
    )


def test_chroma_is_of_the_version_that_the_client_is_pinned_to() -> None:
    pinned = re.search(r"^chromadb==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    assert SERVICES["chroma"]["image"] == f"chromadb/chroma:{pinned.group(1)}"


def test_the_image_does_not_run_as_root_and_starts_the_web_service() -> None:
    lines = (ROOT / "docker" / "Dockerfile").read_text().splitlines()
    assert "USER candor" in lines
    command = next(line for line in lines if line.startswith("CMD "))
    assert json.loads(command.removeprefix("CMD ")) == shlex.split(SERVICES["web"]["command"])


def test_every_folder_the_product_needs_is_sent_to_docker() -> None:
    copied = re.findall(r"^COPY (\w+(?:\.py)?) /app", (ROOT / "docker" / "Dockerfile").read_text(), re.MULTILINE)
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    for name in copied:
        assert f"!{name}" in allowed
        assert (ROOT / name).exists()
