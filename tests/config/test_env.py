"""The readers of the environment: what they take, and what they refuse."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import env_bool, env_int, env_secret

NAME = "CANDOR_TEST"


@pytest.mark.parametrize(("text", "value"), [("1", True), ("Yes", True), (" on ", True), ("0", False), ("", False)])
def test_a_switch_is_read_in_the_words_people_use(monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:
    monkeypatch.setenv(NAME, text)
    assert env_bool(NAME, not value) is value


def test_a_switch_that_is_neither_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "treu")
    with pytest.raises(ImproperlyConfigured, match="CANDOR_TEST='treu' is neither true nor false"):
        env_bool(NAME, False)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_number_is_the_default(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)
    assert env_int(NAME, 7) == 7


@pytest.mark.parametrize(("text", "reason"), [("five", "not a whole number"), ("0", "too small: at least 1")])
def test_a_number_that_is_none_or_too_small_is_refused(monkeypatch: pytest.MonkeyPatch, text: str, reason: str) -> None:
    monkeypatch.setenv(NAME, text)
    with pytest.raises(ImproperlyConfigured, match=reason):
        env_int(NAME, 7, minimum=1)


def test_a_secret_comes_from_its_variable_before_any_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fallback = tmp_path / "key"
    fallback.write_text("from the file\n")
    assert env_secret(NAME, fallback_file=fallback) == "from the file"
    monkeypatch.setenv(NAME, "from the variable")
    assert env_secret(NAME, fallback_file=fallback) == "from the variable"


def test_a_secret_may_be_in_a_mounted_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mounted").write_text("s3cret\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "mounted"))
    assert env_secret(NAME) == "s3cret"


def test_a_secret_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "a")
    monkeypatch.setenv(f"{NAME}_FILE", "/b")
    with pytest.raises(ImproperlyConfigured, match="Keep one of them"):
        env_secret(NAME)


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "missing"))
    with pytest.raises(ImproperlyConfigured, match="missing, cannot be read"):
        env_secret(NAME)
