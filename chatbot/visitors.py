"""Who is asking: a random id in a signed cookie, set with the first question and not before."""

import uuid

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

COOKIE = "candor_visitor"
SALT = "chatbot.visitor"
MAX_AGE_S = 180 * 24 * 3600


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
