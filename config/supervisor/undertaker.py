"""Ends the supervisor's parts if the supervisor itself is killed: a tiny process that outlives it.

A room of its own because it runs as a script beside the supervisor and so imports next to nothing. It was
preferred to PR_SET_PDEATHSIG, which is Linux only and spares the parts' own children (Celery's pool).
"""

import contextlib
import os
import signal
import sys
import time
from typing import TextIO


def signal_group(group: int, number: int) -> bool:
    """Whether the process group was there to receive the signal; number 0 only asks."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS says EPERM of a group of zombies
        return False
    return True


def bury_groups(stream: TextIO, patience: float) -> None:
    """Wait for the stream's end, then end the groups of its last line, with SIGKILL after `patience` seconds.

    The supervisor writes the living groups at every change; its death, of whatever kind, ends the stream.
    """
    last_line = ""
    for line in stream:
        last_line = line
    groups = [int(word) for word in last_line.split()]
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.kill(group, signal.SIGTERM)  # a group bears the number of the part that leads it
    deadline = time.monotonic() + patience
    while groups and time.monotonic() < deadline:
        time.sleep(0.05)
        groups = [group for group in groups if signal_group(group, 0)]
    for group in groups:
        signal_group(group, signal.SIGKILL)


if __name__ == "__main__":
    bury_groups(sys.stdin, patience=float(sys.argv[1]))
