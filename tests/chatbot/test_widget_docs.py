"""The examples of docs/widget.md and the line of the README, run as they stand there."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from chatbot.contacting import signature
from chatbot.installing import snippet
from chatbot.models import Assistant, new_secret
from chatbot.visitors import identify

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "widget.md").read_text(encoding="utf-8")
LINE = '<script async src="https://help.example.com/widget.js" data-assistant="KEY"></script>'


def example(name: str) -> Any:
    """A function of the page's Python."""
    code = next(block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if f"def {name}(" in block)
    names: dict[str, Any] = {}
    exec(code, names)
    return names[name]


@pytest.fixture
def unsaved() -> Assistant:
    return Assistant(name="Ada", identity_secret=new_secret(), webhook_secret=new_secret())


def test_a_proof_made_as_the_page_says_is_taken(unsaved: Assistant) -> None:
    user = identify(unsaved, example("proof")("user-7", "seven@example.com", unsaved.identity_secret))
    assert (user.user, user.email) == ("user-7", "seven@example.com")


def test_a_webhook_is_checked_as_the_page_says(unsaved: Assistant) -> None:
    is_ours = example("is_ours")
    headers = signature(unsaved, "a-message", b"{}")
    assert is_ours(headers, b"{}", unsaved.webhook_secret)
    assert not is_ours(headers, b"{ }", unsaved.webhook_secret)
    assert not is_ours(headers, b"{}", "another secret")
    assert not is_ours(headers | {"webhook-timestamp": "1"}, b"{}", unsaved.webhook_secret)


def test_the_line_is_the_one_that_the_admin_hands_out(unsaved: Assistant) -> None:
    unsaved.public_key = "KEY"
    assert snippet(unsaved, here="https://help.example.com") == LINE
    assert LINE in PAGE
    assert LINE in (ROOT / "README.md").read_text(encoding="utf-8")


def test_everything_that_pages_can_call_is_on_the_page() -> None:
    source = (ROOT / "static" / "candor" / "widget.js").read_text(encoding="utf-8")
    calls = re.search(r"const api = \{(.*?)\n  \};", source, re.DOTALL)
    assert calls
    names = {"open", "close", "destroy", *re.findall(r"^    (\w+):", calls[1], re.MULTILINE)}
    assert len(names) == 13
    assert {name for name in names if f"`{name}`" not in PAGE} == set()


def test_the_sample_page_carries_the_line_and_may_show_the_frame(client: Client, assistant: Assistant) -> None:
    page = client.get(f"/a/{assistant.public_key}/sample/")
    assert snippet(assistant, here="") in page.text
    assert "frame-src 'self'" in page["Content-Security-Policy"]
