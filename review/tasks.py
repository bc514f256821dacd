"""What the desk leaves to the worker: taking in questions, proofs, golden questions at night, and deletions in time."""

import structlog
from asgiref.sync import async_to_sync
from celery import Task, shared_task
from django.db import transaction
from kombu.exceptions import ChannelError, OperationalError

from chatbot import streams
from review import asking_again, collecting, golden, privacy, queueing

log = structlog.get_logger(__name__)
# The worker embeds an edit within a second; a proof that comes first waits a little and looks again.
PROVE_AFTER_S = 1


@shared_task(ignore_result=True)
def collect_questions() -> None:
    """Take in what was answered, prove what waits, end what expired, each for a moment. Safe to run twice."""
    if collecting.collect().more:
        _send(collect_questions)
    queueing.expire()
    if asking_again.prove_waiting().more:
        _send(prove_fixes)


@shared_task(ignore_result=True)
def prove_fixes() -> None:
    """Ask the questions of new fixes again, for a moment; what is left comes after what others wait for."""
    if asking_again.prove_waiting().more:
        _send(prove_fixes)


@shared_task(ignore_result=True)
def check_golden_questions() -> None:
    """Run all golden questions of every knowledge base, and keep what came out."""
    golden.run_all()


@shared_task(ignore_result=True)
def delete_expired_conversations() -> None:
    """Delete what assistants keep no longer."""
    reply_ids = privacy.apply_retention()
    if reply_ids:
        async_to_sync(streams.forget)(reply_ids)


def hint_proof_after_commit() -> None:
    """Have a worker prove as soon as this transaction is committed; without a broker the next look does it."""
    transaction.on_commit(lambda: _send(prove_fixes, PROVE_AFTER_S))


def _send(task: "Task[[], None]", countdown_s: int = 0) -> None:
    try:
        task.apply_async(retry=False, ignore_result=True, countdown=countdown_s)
    except (OperationalError, ChannelError, OSError) as error:
        log.warning("desk_hint_not_sent", reason=str(error)[:200])
