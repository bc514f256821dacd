"""A circuit breaker: after a failure nobody waits for the same dead server again until a pause has passed."""

import threading
import time


class Circuit:
    """Closed until it `failed` so often in a row, then open for `pause_s` seconds; `succeeded` closes it."""

    def __init__(self, pause_s: float, *, after: int = 1) -> None:
        self._pause_s = pause_s
        self._after = after
        self._failures = 0
        self._open_until = 0.0
        self._lock = threading.Lock()

    def is_open(self) -> bool:
        """Tell whether to leave the server alone; when the pause is over, one caller at a time may try."""
        with self._lock:
            now = time.monotonic()
            if now < self._open_until:
                return True
            if self._open_until:
                self._open_until = now + self._pause_s
            return False

    def failed(self, *, at_once_for_s: float | None = None) -> None:
        """Count a failure and open the circuit if it is one too many; at once where seconds are named for it."""
        with self._lock:
            self._failures += 1
            if at_once_for_s is not None or self._failures >= self._after:
                self._open_until = time.monotonic() + (at_once_for_s or self._pause_s)

    def succeeded(self) -> None:
        """Close the circuit."""
        with self._lock:
            self._failures = 0
            self._open_until = 0.0
