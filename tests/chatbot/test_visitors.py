"""Who asks in a widget: tokens of ours, and users whom a website vouches for."""

import time
import uuid
from typing import Any

import jwt
import pytest

from chatbot.models import Assistant, new_secret
from chatbot.visitors import IdentityError, Visitor, identify, read_token, write_token

SOMEBODY = Visitor(uuid.uuid4(), "user-7", "seven@example.com")


@pytest.fixture
def unsaved() -> Assistant:
    return Assistant(name="Ada", identity_secret=new_secret())


def proof(assistant: Assistant, *, key: str = "", algorithm: str = "HS256", **claims: Any) -> str:
    """What a website's server signs."""
    whole = {"sub": "user-7", "exp": time.time() + 60, **claims}
    return jwt.encode({k: v for k, v in whole.items() if v is not None}, key or assistant.identity_secret, algorithm)


def test_a_token_says_who_it_is_of(unsaved: Assistant) -> None:
    assert read_token(unsaved, write_token(unsaved, SOMEBODY)) == SOMEBODY


def test_a_token_of_another_assistant_is_nobodys(unsaved: Assistant) -> None:
    assert read_token(Assistant(), write_token(unsaved, SOMEBODY)) is None


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "null", "é" * 500])
def test_a_token_that_is_not_ours_is_nobodys(unsaved: Assistant, token: str) -> None:
    assert read_token(unsaved, token) is None


def test_a_token_ends_when_the_assistant_forgets(unsaved: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    unsaved.remember_days = 2
    token = write_token(unsaved, SOMEBODY)
    later = time.time() + 2 * 86_400 + 5
    monkeypatch.setattr(time, "time", lambda: later)
    assert read_token(unsaved, token) is None


def test_a_user_is_the_same_visitor_everywhere_and_another_at_another_assistant(unsaved: Assistant) -> None:
    first, again = (identify(unsaved, proof(unsaved, email="a@b.example")) for _ in range(2))
    assert first == again
    assert (first.user, first.email) == ("user-7", "a@b.example")
    other = Assistant(identity_secret=unsaved.identity_secret)
    assert identify(other, proof(other)).id != first.id


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": time.time() - 3_600}, "has expired"),
        ({"exp": None}, "has no “exp”"),
        ({"sub": None}, "has no “sub”"),
        ({"sub": " "}, "“sub” is no text"),
        ({"sub": "x" * 201}, "“sub” is no text"),
        ({"sub": 7}, "no proof of identity|“sub”"),
        ({"email": ["a"]}, "“email” is no text"),
        ({"key": "another secret that is long enough to sign with"}, "not signed with"),
    ],
)
def test_a_proof_that_does_not_hold_is_refused_with_the_reason(
    unsaved: Assistant, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(IdentityError, match=why):
        identify(unsaved, proof(unsaved, **changes))


def test_a_proof_without_signature_is_refused(unsaved: Assistant) -> None:
    bare = jwt.encode({"sub": "user-7", "exp": time.time() + 60}, None, algorithm="none")
    with pytest.raises(IdentityError):
        identify(unsaved, bare)


@pytest.mark.parametrize("text", ["", "a.b.c", "é", "x" * 5_000])
def test_what_is_no_proof_is_refused(unsaved: Assistant, text: str) -> None:
    with pytest.raises(IdentityError):
        identify(unsaved, text)
