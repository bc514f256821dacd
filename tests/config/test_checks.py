"""Every mistake in the settings that a system check finds, and what it leaves alone."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from config.checks import check_settings

GOOD: dict[str, Any] = {
    "DEBUG": False,
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": ["help.example.com"],
    "SITE_URL": "https://help.example.com",
    "HTTPS": True,
    "CHROMA_URL": "http://chroma:8000",
    "REDIS_URL": "",
    "OPENAI_API_KEY": "",
    "OPENAI_BASE_URL": "",
    "EMBEDDING_BASE_URL": "",
    "CHAT_MODEL": "",
    "EMBEDDING_MODEL": "local",
}
FOLDER = str(Path(__file__).parent)


def found(settings: Settings, **changed: Any) -> list[str]:
    """The ids of what is found in good settings but for these."""
    for name, value in {**GOOD, **changed}.items():
        setattr(settings, name, value)
    return [str(message.id) for message in check_settings()]


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"SECRET_KEY": ""}, "candor.E001"),
        ({"SECRET_KEY": "short"}, "candor.E002"),
        ({"ALLOWED_HOSTS": ["*"]}, "candor.E003"),
        ({"DEBUG": True}, "candor.E004"),
        ({"CHAT_MODEL": "gpt"}, "candor.E005"),
        ({"OPENAI_BASE_URL": "localhost:11434/v1"}, "candor.E006"),
        ({"CHROMA_URL": "chroma:8000"}, "candor.E006"),
        ({"REDIS_URL": "http://redis:6379"}, "candor.E006"),
        ({"REDIS_URL": "redis://redis:port"}, "candor.E006"),
        ({"EMBEDDING_MODEL": "/no/such/folder"}, "candor.E007"),
        ({"EMBEDDING_MODEL": "openai:"}, "candor.E007"),
        ({"REVIEW_SAMPLE_PERCENT": 101}, "candor.E008"),
        ({"HTTPS": False}, "candor.W001"),
        ({"CHROMA_URL": "http://8.8.8.8:8000"}, "candor.W002"),
        ({"CHROMA_URL": "https://chroma.example.com"}, "candor.W002"),
    ],
)
def test_a_mistake_is_found_under_its_own_id(settings: Settings, changed: dict[str, Any], wanted: str) -> None:
    assert found(settings, **changed) == [wanted]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"DEBUG": True, "SITE_URL": "http://localhost:8000", "SECRET_KEY": "", "ALLOWED_HOSTS": ["*"], "HTTPS": False},
        {"REDIS_URL": "redis://:password@redis:6379/0"},
        {"REDIS_URL": "unix:///run/redis.sock"},
        {"CHAT_MODEL": "gpt", "OPENAI_API_KEY": "k"},
        {"CHAT_MODEL": "llama", "OPENAI_BASE_URL": "http://localhost:11434/v1"},
        {"EMBEDDING_MODEL": "openai:nomic"},
        {"EMBEDDING_MODEL": FOLDER},
        {"CHROMA_URL": "http://10.0.0.7:8000"},
        {"CHROMA_URL": "http://chroma.candor.svc:8000"},
        {"HTTPS": False, "SITE_URL": "http://localhost:8000"},
    ],
)
def test_good_settings_raise_nothing(settings: Settings, changed: dict[str, Any]) -> None:
    assert found(settings, **changed) == []


def test_every_message_says_what_to_do_and_gives_no_secret_away(settings: Settings) -> None:
    found(settings, SECRET_KEY="hunter2", REDIS_URL="redis//:hunter2@host", CHAT_MODEL="gpt", EMBEDDING_MODEL="x")
    messages = check_settings()
    assert len(messages) == 4
    assert all(message.hint for message in messages)
    assert "hunter2" not in " ".join(f"{message.msg} {message.hint}" for message in messages)
