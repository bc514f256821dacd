"""What the chat leaves to the worker: clearing up after replies whose maker died, and passing requests on."""

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import ChannelError, OperationalError

from chatbot import contacting, replies

log = structlog.get_logger(__name__)


@shared_task(acks_late=True, ignore_result=True)
def fail_stale_replies() -> int:
    """Fail the replies that nobody is making any more, so that no visitor waits for ever; safe to run twice."""
    return replies.fail_stale()


@shared_task(acks_late=True, ignore_result=True)
def deliver_contacts() -> int:
    """Pass on the contact requests whose time has come; returns how many arrived. Safe to run twice."""
    return contacting.deliver_due()


def hint_contacts_after_commit() -> None:
    """Have a worker deliver as soon as this transaction is committed; without a broker the next look does it."""
    transaction.on_commit(_hint)


def _hint() -> None:
    try:
        deliver_contacts.apply_async(retry=False, ignore_result=True)
    except (OperationalError, ChannelError, OSError) as error:
        log.warning("contact_hint_not_sent", reason=str(error)[:200])
