"""The log of what staff did. It names people of ours and ids, and never what visitors said."""

from typing import Any

import structlog
from django.contrib.auth.models import User

from chatbot.models import Assistant
from review.models import AuditEvent

log = structlog.get_logger(__name__)
DETAIL = 500


def note(user: User, action: str, *, assistant: Assistant | None = None, target: Any = "", detail: str = "") -> None:
    """Write down that somebody did something; in the transaction in which it is done."""
    AuditEvent.objects.create(
        user=user,
        who=user.get_username()[:150],
        action=action,
        assistant=assistant,
        target=str(target)[:60],
        detail=detail[:DETAIL],
    )
    log.info("desk", action=action, user=user.get_username(), target=str(target))
