"""The folder of the Chroma server that `make run` starts: a broken one is set aside and an empty one put in its place.

Nothing is lost by that: the worker fills the new one from the database. A room of its own because a folder can be
broken in more ways than Chroma tells.
"""

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

# Written by the worker into the folder when what Chroma just stored cannot be found again.
SET_ASIDE = "set-aside"
DATABASE = "chroma.sqlite3"
KEPT = 2
# The supervisor gives up at the third start that fails: by then the folder must be another.
FAILED_STARTS = 2
# A server that starts and dies at the first question, over and over.
SHORT_LIFE_S = 10.0
SHORT_LIVES = 5


class ChromaFolder:
    """Watches one folder through the lives of its server; what it answers is meant for a supervisor's part."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: int | None = None
        self._was_ready = True
        self._failed_starts = self._short_lives = 0
        self._started = float("-inf")

    def before_start(self) -> None:
        """Make sure that there is a folder, and that it is not one that keeps a server from living."""
        now = time.monotonic()
        self._failed_starts = 0 if self._was_ready else self._failed_starts + 1
        self._short_lives = self._short_lives + 1 if now - self._started < SHORT_LIFE_S else 0
        self._was_ready, self._started, self._database = False, now, None
        hopeless = self._failed_starts >= FAILED_STARTS or self._short_lives >= SHORT_LIVES
        if hopeless or (self._path / SET_ASIDE).exists():
            self._failed_starts = self._short_lives = 0
            self._set_aside()
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def find_trouble(self) -> str | None:
        """Say why the server must be started again, or None; the first call tells that it is ready."""
        self._was_ready = True
        if (self._path / SET_ASIDE).exists():
            return "its index is broken; it gets an empty folder, which the worker fills from the database"
        try:
            inode = (self._path / DATABASE).stat().st_ino
        except FileNotFoundError:
            return "its folder was deleted; the worker fills a new one from the database"
        self._database = self._database or inode
        if inode != self._database:
            return "its folder was replaced by another"
        return None

    def _set_aside(self) -> None:
        if not self._path.exists():
            return
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        self._path.rename(self._path.with_name(f"{self._path.name}.broken-{stamp}"))
        broken = sorted(self._path.parent.glob(f"{self._path.name}.broken-*"))
        for old in broken[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
