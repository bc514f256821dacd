"""Who asks by the API: a key in the Authorization header, and how often it may."""

import hashlib
import hmac
import uuid

from django.conf import settings
from django.http import HttpRequest

from chatbot import limits
from chatbot.api_keys import authenticate
from chatbot.models import ApiKey
from chatbot.threads import in_thread


async def key_of(request: HttpRequest) -> ApiKey | None:
    """Return the request's key, `Authorization: Bearer cnd_…`; None without a good one. Cookies count for nothing."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not secret.strip():
        return None
    return await in_thread(authenticate)(secret.strip())


def visitor_of(key: ApiKey, user: str) -> uuid.UUID:
    """Return the id under which a key's user is known here; somebody new each time where it names none."""
    if not user:
        return uuid.uuid4()
    named = f"{key.assistant_id}:{user}".encode("utf-8", "replace")
    return uuid.UUID(bytes=hmac.digest(settings.SECRET_KEY.encode(), named, hashlib.sha256)[:16], version=4)


async def count_question(key: ApiKey, user: str) -> None:
    """Raise LimitedError where the key, or this user of it, asks too often."""
    await limits.atake(f"{key.pk}:{user}" if user else "", "", key=str(key.pk))
