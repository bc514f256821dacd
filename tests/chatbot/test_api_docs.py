"""The examples of docs/api.md, run as they stand there but for the address and the key."""

import contextlib
import io
import re
import shlex
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from chatbot.models import Assistant
from tests.chatbot.conftest import OPENING

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
ASKED = "How much is delivery for parts and accessories?"


def example(language: str, server: str, secret: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    assert ASKED in found[1]
    return found[1].replace("http://localhost:8000", server).replace("cnd_…", secret).replace(ASKED, OPENING[0])


def test_openais_client_as_shown(server: str, secret: str, assistant: Assistant) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(example("python", server, secret), {})
    assert OPENING[1] in printed.getvalue()
    assert f"{OPENING[0]} http" in printed.getvalue()


def test_the_call_by_hand_as_shown(server: str, secret: str, assistant: Assistant) -> None:
    words = [word for word in shlex.split(example("sh", server, secret)) if word.strip()]
    assert words[:2] == ["curl", "-s"]
    headers = dict(value.split(": ", 1) for flag, value in pairwise(words) if flag == "-H")
    response = httpx.post(words[2], headers=headers, content=words[words.index("-d") + 1].encode(), timeout=20)
    assert response.json()["answer"] == OPENING[1]


def test_the_table_is_what_there_is(server: str) -> None:
    paths = httpx.get(f"{server}/api/openapi.json").json()["paths"]
    described = {
        (method.upper(), re.sub(r"\{[^}]+\}", "{id}", path)) for path, methods in paths.items() for method in methods
    }
    shown = {(method, path) for method, path in re.findall(r"\| `(GET|POST) (/api/[^`]+)`", PAGE)}
    assert shown == described
