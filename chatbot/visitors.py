"""Who is asking: a random id, set with the first question and not before.

On our own page it is in a signed cookie. In a widget there are no cookies: there it is in a signed token, which the
website's page keeps and the panel sends in a header. A token is one assistant's; where the website vouched for a user,
it also says whom.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import jwt
from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from chatbot.models import Assistant

COOKIE = "candor_visitor"
SALT = "chatbot.visitor"
MAX_AGE_S = 180 * 24 * 3600
TOKEN_HEADER = "X-Candor-Visitor"  # noqa: S105
DAY_S = 86_400
LEEWAY_S = 30
USER_LENGTH = 200
EMAIL_LENGTH = 254


class IdentityError(ValueError):
    """A website's word for a user that does not hold; the message is for whoever builds the website."""


@dataclass(frozen=True)
class Visitor:
    """Somebody who asks; `user` and `email` where a website vouched for them."""

    id: uuid.UUID
    user: str = ""
    email: str = ""


def new_visitor() -> Visitor:
    """Return somebody who was never here."""
    return Visitor(uuid.uuid4())


def visitor_id(request: HttpRequest) -> uuid.UUID | None:
    """Return the visitor's id; None for somebody new, and for a cookie that is forged, broken or too old."""
    value = request.get_signed_cookie(COOKIE, default=None, salt=SALT, max_age=MAX_AGE_S)
    try:
        return uuid.UUID(value) if value else None
    except ValueError:
        return None


def remember_visitor(response: HttpResponseBase, visitor: uuid.UUID) -> None:
    """Set the cookie that lets this visitor find the conversation again for 180 days."""
    response.set_signed_cookie(
        COOKIE,
        str(visitor),
        salt=SALT,
        max_age=MAX_AGE_S,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def write_token(assistant: Assistant, visitor: Visitor) -> str:
    """Return the token that a widget keeps for a visitor."""
    return signing.dumps([visitor.id.hex, visitor.user, visitor.email], salt=_salt(assistant))


def read_token(assistant: Assistant, token: str) -> Visitor | None:
    """Return whose token it is; None for one that is forged, another assistant's or older than it remembers."""
    try:
        found = signing.loads(token, salt=_salt(assistant), max_age=assistant.remember_days * DAY_S)
        return Visitor(uuid.UUID(hex=found[0]), found[1], found[2])
    except signing.BadSignature:
        return None


def identify(assistant: Assistant, proof: str) -> Visitor:
    """Return the user that a website vouches for by a JWT (HS256, `sub`, `exp`, perhaps `email`); IdentityError.

    The same user is the same visitor on every device.
    """
    try:
        claims = jwt.decode(
            proof,
            assistant.identity_secret,
            algorithms=["HS256"],
            leeway=LEEWAY_S,
            options={"require": ["exp", "sub"], "verify_aud": False},
        )
    except jwt.ExpiredSignatureError:
        raise IdentityError("This proof of identity has expired. Make a new one for each page.") from None
    except jwt.MissingRequiredClaimError as error:
        raise IdentityError(f"This proof of identity has no “{error.claim}”.") from None
    except jwt.InvalidSignatureError:
        raise IdentityError("This proof of identity is not signed with the assistant's identity secret.") from None
    except (jwt.PyJWTError, ValueError) as error:
        raise IdentityError(f"This is no proof of identity: {error}.") from None
    user = _claim(claims, "sub", USER_LENGTH)
    return Visitor(uuid.uuid5(assistant.pk, user), user, _claim(claims, "email", EMAIL_LENGTH))


def _claim(claims: dict[str, Any], name: str, limit: int) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str) or len(value) > limit or (name == "sub" and not value.strip()):
        raise IdentityError(f"In this proof of identity “{name}” is no text of 1 to {limit} characters.")
    return value


def _salt(assistant: Assistant) -> str:
    return f"chatbot.token.{assistant.pk.hex}"
