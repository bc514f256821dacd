"""Celery tasks: each relays to one function of the floor below. A message is a hint; the rows are the truth."""

from typing import Any

import structlog
from celery import Task, shared_task
from django.db import transaction
from kombu.exceptions import ChannelError, OperationalError

from knowledge import indexing
from knowledge.embedding import EmbeddingUnavailableError, get_embedder
from knowledge.vector_store import StoreError, StoreUnavailableError, get_writing_store

log = structlog.get_logger(__name__)
# A killed worker's lease has run out by then.
AFTER_LEASE_S = 35


class RetryingTask(Task[Any, Any]):
    """Retried with backoff and jitter on what may pass, never on what cannot."""

    autoretry_for = (StoreUnavailableError, EmbeddingUnavailableError)
    retry_backoff = 1
    retry_backoff_max = 20
    retry_jitter = True
    max_retries = 4


@shared_task(base=RetryingTask)
def drain_index() -> int:
    """Index what changed; returns how many entries that was. Safe to run at any time, any number of times."""
    report = indexing.drain(get_writing_store(), get_embedder())
    if report.worked:
        log.info("index_drained", indexed=report.indexed, removed=report.removed, failed=len(report.failed))
    return report.indexed


@shared_task(base=RetryingTask)
def tend_index(*, full: bool = False) -> None:
    """Look whether the index tells the truth, mend it, and index what changed; with `full` compare every id."""
    try:
        indexing.tend(get_writing_store(), get_embedder(), full=full)
    except indexing.LeaseTakenError:
        # Whoever has it is writing, and the next look is in half a minute; only the full one would not come again.
        if full:
            _send(tend_index, kwargs={"full": True}, countdown=AFTER_LEASE_S)
        return
    except StoreError:
        drain_index()  # makes the vectors from which exact search answers meanwhile
        raise
    drain_index()


def hint_after_commit() -> None:
    """Have a worker drain as soon as this transaction is committed; a broker that is down costs nobody an error."""
    transaction.on_commit(_hint)


def _hint() -> None:
    _send(drain_index)


def _send(task: Task[Any, Any], **options: Any) -> None:
    try:
        task.apply_async(retry=False, ignore_result=True, **options)
    except (OperationalError, ChannelError, OSError) as error:
        # The rows are saved and dirty: the worker finds them within half a minute.
        log.warning("index_hint_not_sent", reason=str(error)[:200])
