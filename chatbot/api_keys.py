"""Secrets with which programs ask an assistant: shown once, kept as a hash, revoked at will."""

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from chatbot.models import ApiKey, Assistant

BEGIN = "cnd_"
SHOWN_CHARACTERS = 12
# How exactly it is known when a key was last used: a write for every question would cost more than it tells.
NOTED_EVERY = timedelta(minutes=1)


def create_key(assistant: Assistant, name: str) -> tuple[ApiKey, str]:
    """Return a new key and its secret, which nobody can read again."""
    secret = BEGIN + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        assistant=assistant, name=name, prefix=secret[:SHOWN_CHARACTERS], digest=_digest(secret)
    )
    return key, secret


def authenticate(secret: str) -> ApiKey | None:
    """Return the key of this secret with its assistant; None for one that is unknown or revoked."""
    found = ApiKey.objects.select_related("assistant").filter(digest=_digest(secret), revoked_at=None).first()
    now = timezone.now()
    if found and (found.last_used_at is None or found.last_used_at < now - NOTED_EVERY):
        ApiKey.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def revoke_key(key: ApiKey) -> None:
    """Refuse a key from now on; one that was revoked before keeps its time."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


def _digest(secret: str) -> str:
    # The secret is as random as the hash is long: it needs no salt and no slowness.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
