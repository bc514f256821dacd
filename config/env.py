"""Reading the environment: three small helpers that fail loudly, so that a typo stops the start and not a visitor."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def env_bool(name: str, default: bool) -> bool:
    """Read 1/true/yes/on or 0/false/no/off, in any case; anything else is refused."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in _TRUE:
        return True
    if value.strip().lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither true nor false. Set it to 1 or 0.")


def env_int(name: str, default: int, *, minimum: int = 0) -> int:
    """Read a whole number of at least `minimum`; anything else is refused."""
    value = os.environ.get(name)
    if value is None or not value.strip():
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name}={number} is too small: at least {minimum}.")
    return number


def env_secret(name: str, *, fallback_file: Path | None = None) -> str:
    """Read NAME, else the file named by NAME_FILE (a mounted secret), else `fallback_file`; "" where none is set."""
    value = os.environ.get(name, "")
    named_file = os.environ.get(f"{name}_FILE", "")
    if value and named_file:
        raise ImproperlyConfigured(f"Both {name} and {name}_FILE are set. Keep one of them.")
    if value:
        return value
    if named_file:
        return _read_secret(Path(named_file), name)
    if fallback_file is not None and fallback_file.exists():
        return _read_secret(fallback_file, name)
    return ""


def _read_secret(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"The file of {name}, {path}, cannot be read: {error.strerror}.") from error
