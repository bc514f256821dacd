"""The demo's assistant behind a real web process with a model of the benchmark's own, asked through the API."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from django.core.management import call_command

from benchmarks import sandbox
from benchmarks.product import free_port
from benchmarks.reporting import say
from chatbot.api_keys import create_key
from chatbot.models import Assistant

START_LIMIT_S = 60
ASK_LIMIT_S = 120


@dataclass
class Heard:
    """What a visitor got: each text that was shown in its order, the reply at the end, seconds until things came."""

    tokens: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    reply: dict[str, Any] = field(default_factory=dict)
    first_token_s: float | None = None
    whole_s: float = 0.0

    @property
    def shown(self) -> str:
        """All that anybody could have read at any moment."""
        return "".join(self.tokens) + "\n" + str(self.reply.get("answer", ""))


@dataclass(frozen=True)
class Chat:
    """A running assistant; `pid` is the web process."""

    url: str
    secret: str
    assistant: Assistant
    pid: int

    def client(self) -> httpx.Client:
        """Return a client with the key; the caller closes it."""
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=ASK_LIMIT_S)

    @property
    def headers(self) -> dict[str, str]:
        """What a program with the key sends."""
        return {"Authorization": f"Bearer {self.secret}"}


@contextmanager
def chat(**environment: str) -> Iterator[Chat]:
    """Load the demo and serve it with these settings (CHAT_MODEL, OPENAI_BASE_URL) for the block."""
    with sandbox.installation():
        say("Loading the demo …")
        call_command("load_demo", verbosity=0)
        call_command("rebuild_index", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        assistant = Assistant.objects.get(is_default=True)
        _, secret = create_key(assistant, "benchmark")
        with web(**environment) as (url, pid):
            yield Chat(url, secret, assistant, pid)


@contextmanager
def web(**environment: str) -> Iterator[tuple[str, int]]:
    """Keep one web process running for the block; yields its address and process id."""
    port = free_port()
    command = [str(sandbox.PROGRAMS / "uvicorn"), "config.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    log = sandbox.FOLDER / f"web-{port}.log"
    url = f"http://127.0.0.1:{port}"
    options = ["--lifespan", "off", "--log-level", "warning", "--no-access-log"]
    with sandbox.process([*command, *options], log, SITE_URL=url, **environment) as running:
        deadline = time.monotonic() + START_LIMIT_S
        while not _answers(url):
            if running.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"The web process did not start:\n{log.read_text()[-2_000:]}")
            time.sleep(0.1)
        yield url, running.pid


def ask(client: httpx.Client, question: str, **more: Any) -> Heard:
    """Ask in a conversation of its own, unless `conversation_id` names one, and hear it to the end."""
    heard, started = Heard(), time.monotonic()
    with client.stream("POST", "/api/ask", json={"question": question, "stream": True, **more}) as response:
        if response.is_error:
            sys.exit(f"The API refused a question: {response.read().decode()}")
        name = ""
        for line in response.iter_lines():
            name = line[7:] if line.startswith("event: ") else name
            if line.startswith("id: "):
                heard.numbers.append(int(line[4:]))
            if line.startswith("data: "):
                hear(heard, name, json.loads(line[6:]), started)
    return heard


def hear(heard: Heard, name: str, data: dict[str, Any], started: float) -> None:
    """Take one event."""
    if name == "token":
        if heard.first_token_s is None:
            heard.first_token_s = time.monotonic() - started
        heard.tokens.append(data["text"])
    elif name == "done":
        heard.reply, heard.whole_s = data, time.monotonic() - started


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez", timeout=2).is_success
    except httpx.HTTPError:
        return False
