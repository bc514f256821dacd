"""What the chat leaves to the worker: clearing up after replies whose maker died."""

from celery import shared_task

from chatbot import replies


@shared_task(acks_late=True, ignore_result=True)
def fail_stale_replies() -> int:
    """Fail the replies that nobody is making any more, so that no visitor waits for ever; safe to run twice."""
    return replies.fail_stale()
