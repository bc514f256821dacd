"""System checks of the settings: what is wrong with them, said at the start and not to the first visitor."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

SECRET_LENGTH = 32
SCHEMES = {
    "SITE_URL": ("http", "https"),
    "CHROMA_URL": ("http", "https"),
    "OPENAI_BASE_URL": ("http", "https"),
    "EMBEDDING_BASE_URL": ("http", "https"),
    "REDIS_URL": ("redis", "rediss", "unix"),
}


@register
def check_settings(**_: Any) -> list[CheckMessage]:
    """Return every mistake that the settings alone give away; asks no server."""
    return [*_secret_key(), *_exposure(), *_addresses(), *_chroma(), *_models(), *_desk()]


def _secret_key() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        return
    hint = "Set SECRET_KEY to the output of: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:
        yield Error("SECRET_KEY is not set.", hint, id="candor.E001")
        return
    if len(key) < SECRET_LENGTH:
        yield Error(f"SECRET_KEY can be guessed: it has {len(key)} characters.", hint, id="candor.E002")


def _exposure() -> Iterator[CheckMessage]:
    secure_site = settings.SITE_URL.startswith("https://")
    if settings.DEBUG and secure_site:
        yield Error(
            f"DEBUG is on and SITE_URL is {settings.SITE_URL}: errors would show the settings to visitors.",
            "Set DEBUG=0, or SITE_URL to the http address of this machine.",
            id="candor.E004",
        )
    if settings.DEBUG:
        return
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS allows every name, so links can be made to lead elsewhere.",
            "Set it to the names of this site, with commas between them: ALLOWED_HOSTS=help.example.com",
            id="candor.E003",
        )
    if not settings.HTTPS and urlsplit(settings.SITE_URL).hostname not in ("localhost", "127.0.0.1", "::1"):
        yield checks.Warning(
            "HTTPS is off: passwords and cookies travel in the clear.",
            "Serve the site by https and set SITE_URL=https://… (behind a proxy that sets X-Forwarded-Proto: "
            "also TRUST_PROXY=1).",
            id="candor.W001",
        )


def _addresses() -> Iterator[CheckMessage]:
    for name, schemes in SCHEMES.items():
        value = getattr(settings, name)
        if value and not _is_address(value, schemes):
            # Not the value itself, which may hold a password.
            yield Error(
                f"{name} is not an address.",
                f"It begins with {' or '.join(f'{s}://' for s in schemes)}, followed by a host.",
                id="candor.E006",
            )


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        url = urlsplit(value)
        url.port  # noqa: B018  (raises ValueError if it is no port)
    except ValueError:
        return False
    return url.scheme in schemes and bool(url.path if url.scheme == "unix" else url.hostname)


def _chroma() -> Iterator[CheckMessage]:
    if not _is_address(settings.CHROMA_URL, SCHEMES["CHROMA_URL"]):
        return
    host = urlsplit(settings.CHROMA_URL).hostname or ""
    try:
        public = ipaddress.ip_address(host).is_global
    except ValueError:
        # A name: inside a private network it has no dot, or an ending of its own.
        public = "." in host and not host.endswith((".internal", ".local", ".localhost", ".lan", ".svc", ".home.arpa"))
    if public:
        yield checks.Warning(
            f"CHROMA_URL leads to {host}, and Chroma's server asks nobody for a password.",
            "Run Chroma on this machine or in a private network that nobody else reaches.",
            id="candor.W002",
        )


def _models() -> Iterator[CheckMessage]:
    if settings.CHAT_MODEL and not (settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL):
        yield Error(
            "CHAT_MODEL is set, and nothing says where that model is.",
            "Set OPENAI_API_KEY, or OPENAI_BASE_URL to any server that speaks OpenAI's protocol. Without CHAT_MODEL, "
            "answers are quoted from the knowledge base.",
            id="candor.E005",
        )
    if settings.CHAT_MODEL and settings.MODEL_PRICES and settings.CHAT_MODEL not in settings.MODEL_PRICES:
        yield checks.Warning(
            f"MODEL_PRICES has no price for CHAT_MODEL, {settings.CHAT_MODEL}.",
            "Add it. Assistants with a ceiling in money quote until then.",
            id="candor.W003",
        )
    choice = settings.EMBEDDING_MODEL
    if choice.startswith("openai:"):
        known = choice != "openai:"
    else:
        known = choice == "local" or (choice != "" and Path(choice).is_dir())
    if not known:
        yield Error(
            f"EMBEDDING_MODEL is {choice!r}, which is neither a known model nor a folder.",
            'Set it to "local", to "openai:" and a model\'s name, or to a folder with model.onnx and tokenizer.json.',
            id="candor.E007",
        )


def _desk() -> Iterator[CheckMessage]:
    percent = settings.REVIEW_SAMPLE_PERCENT
    if percent > 100:
        hint = "Set it to a number from 0 (no sample) to 100 (every answer)."
        yield Error(f"REVIEW_SAMPLE_PERCENT is a share in percent, and {percent} is too much.", hint, id="candor.E008")
