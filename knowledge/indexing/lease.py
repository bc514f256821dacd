"""The writer's lease: one process at a time writes to the index, and a killed one blocks nobody for long."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from knowledge import models

DURATION = timedelta(seconds=30)
NAME = "index"


class LeaseTakenError(Exception):
    """Another process is writing to the index."""


class LeaseLostError(LeaseTakenError):
    """The lease ran out and another process took it: stop writing."""


class HeldLease:
    """A lease in this process's hands; call `renew` at least every few seconds."""

    def __init__(self, holder: uuid.UUID) -> None:
        self._holder = holder

    def renew(self) -> None:
        """Hold on for another 30 seconds; LeaseLostError if it is another's by now."""
        row = models.Lease.objects.filter(name=NAME, holder=self._holder)
        if not row.update(expires_at=timezone.now() + DURATION):
            raise LeaseLostError("The index writer's lease ran out and another process took it.")

    def release(self) -> None:
        """Let go; nothing happens if another has it."""
        models.Lease.objects.filter(name=NAME, holder=self._holder).update(holder=None)


@contextmanager
def hold_lease() -> Iterator[HeldLease]:
    """Take the lease for the block, or raise LeaseTakenError at once."""
    holder, now = uuid.uuid4(), timezone.now()
    models.Lease.objects.get_or_create(name=NAME)
    free = models.Lease.objects.filter(Q(holder=None) | Q(expires_at__lt=now), name=NAME)
    if not free.update(holder=holder, expires_at=now + DURATION):
        raise LeaseTakenError("Another process is writing to the index at the moment.")
    lease = HeldLease(holder)
    try:
        yield lease
    finally:
        lease.release()
