"""The product's own processes on a folder of their own, as browsers meet them: set up once, served in three ways.

Nothing here imports the product: it is seen from outside.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.conftest import free_port, running_server

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent
PUBLIC_FAQ = ROOT.parent / "shared/benchmarks/zaragoza_faq/faqs.jsonl"
EDITOR = "admin"
SET_UP = """
import json, pathlib, sys
from chatbot.models import Assistant
from django.core.management import call_command
from knowledge.models import KnowledgeBase
faq = pathlib.Path(sys.argv[-1])
if faq.exists():
    base = KnowledgeBase.objects.create(name="Building permits", slug="permits")
    call_command("import_entries", faq, "--knowledge-base", base.slug, stdout=sys.stderr)
    Assistant.objects.create(name="Permit desk").knowledge_bases.add(base)
# With a model they write; without one they quote all the same.
Assistant.objects.update(mode=Assistant.Mode.WRITE, allowed_origins=sys.argv[-2])
call_command("check_index", "--repair", stdout=sys.stderr)
print(json.dumps([{a.name: a.public_key for a in Assistant.objects.all()}, Assistant.objects.first().identity_secret]))
"""
# Named rather than left out: what is named is not taken from a .env file.
UNSET = (
    "ALLOWED_HOSTS",
    "CHAT_MODEL",
    "CHROMA_DIR",
    "EMBEDDING_BASE_URL",
    "EMBEDDING_MODEL",
    "HTTPS",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "EMAIL_HOST",
    "REDIS_URL",
    "SITE_URL",
    "STATIC_ROOT",
)


@dataclass(frozen=True)
class House:
    """An installation: its folder, its administrator's password, and the assistants' keys by name."""

    data: Path
    environment: dict[str, str] = field(repr=False)
    password: str = field(repr=False)
    keys: dict[str, str]
    host_port: int = 0
    identity_secret: str = field(default="", repr=False)


@contextmanager
def furnished_house(data: Path, chroma_url: str, **own: str) -> Iterator[House]:
    """The demo and, where it is at hand, a public FAQ, both indexed; a worker lives in it for the block."""
    environment = os.environ | dict.fromkeys(UNSET, "")
    data.mkdir(parents=True, exist_ok=True)
    environment |= {
        "CHROMA_URL": chroma_url,
        "DATA_DIR": str(data),
        "DATABASE_URL": f"sqlite:///{data / 'candor.sqlite3'}",
        "DEBUG": "0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        "SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests-only",
        **own,
    }
    password = run("manage.py", "prepare", environment=environment)
    host_port = free_port()
    set_up = ("-c", f"import django; django.setup()\n{SET_UP}", f"http://localhost:{host_port}", str(PUBLIC_FAQ))
    keys, secret = json.loads(run(*set_up, environment=environment))
    options = ("--beat", "--pool=prefork", "--concurrency=1", "--without-gossip", "--without-mingle")
    command = [str(PROGRAMS / "celery"), "--quiet", "-A", "config", "worker", *options]

    def worker_is_up() -> bool:
        return bool(own.get("REDIS_URL")) or (data / "broker").exists()

    with running_server(command, folder_of("worker", data), worker_is_up, env=environment):
        yield House(data, environment, password, keys, host_port, secret)


@contextmanager
def served(house: House, **environment: str) -> Iterator[str]:
    """The address of a web process in this house, with these settings of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(PROGRAMS / "uvicorn"), "config.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--timeout-graceful-shutdown", "2", "--lifespan", "off", "--log-level", "warning"]
    own = {**house.environment, **environment}
    folder = folder_of(f"web-{port}", house.data)
    with running_server(command, folder, lambda: httpx.get(f"{url}/livez").is_success, env=own):
        yield url


@contextmanager
def changed(house: House, **values: object) -> Iterator[None]:
    """Assistants with these values for the block, as the admin's form would save them."""
    code = "import django, sys, json; django.setup()\nfrom chatbot.models import Assistant\n"
    code += "first = Assistant.objects.values(*json.loads(sys.argv[1])).first()\n"
    code += "Assistant.objects.update(**json.loads(sys.argv[1]))\nprint(json.dumps(first))"
    before = run("-c", code, json.dumps(values), environment=house.environment)
    try:
        yield
    finally:
        run("-c", code, before, environment=house.environment)


def folder_of(process: str, data: Path) -> Path:
    """Where a process leaves its log."""
    folder = data / process
    folder.mkdir()
    return folder


def run(*arguments: str, environment: dict[str, str]) -> str:
    """What a command prints, when it went well."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4_000:]
    return done.stdout.strip()
