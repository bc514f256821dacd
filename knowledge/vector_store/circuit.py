"""A circuit breaker: after a failure nobody waits for the same dead server again until a pause has passed."""

import threading
import time


class Circuit:
    """Closed until `failed`, then open for `pause_s` seconds; one failure is enough, `succeeded` closes it."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s
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

    def failed(self) -> None:
        """Open the circuit."""
        with self._lock:
            self._open_until = time.monotonic() + self._pause_s

    def succeeded(self) -> None:
        """Close the circuit."""
        with self._lock:
            self._open_until = 0.0
