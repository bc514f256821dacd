"""Which questions mean the same: each joins the group whose members it is nearest to on average, or begins its own.

Pure functions on arrays; unit vectors in, no words. Decided as questions come, so that a group never falls apart under
somebody's hands. `python -m benchmarks.grouping` measures it on public questions whose meaning is known.
"""

from collections.abc import Iterable

import numpy as np

from knowledge.embedding import Matrix

# Mean cosine with a group's members from which on a question is one of them. Of questions put together, nine in ten
# pairs or more must mean the same also among banking's finest distinctions; chosen on dev splits.
TOGETHER_AT = 0.81
# From which on somebody is asked whether two groups are one.
SIMILAR_AT = 0.62


class Groups:
    """Groups of questions by the sums of their members' unit vectors."""

    def __init__(self, sums: Iterable[Matrix] = (), counts: Iterable[int] = ()) -> None:
        """Begin with groups that are there: each one's sum of vectors (d,) and number of members."""
        rows = list(sums)
        self._sums = np.stack(rows).astype(np.float32) if rows else np.zeros((0, 0), np.float32)
        self._counts = np.array(list(counts), np.float32)
        self._size = len(rows)

    def nearest(self, vector: Matrix) -> tuple[int, float]:
        """Return the group with the highest mean cosine of its members, and that cosine; (-1, -1) without groups."""
        if not self._size:
            return -1, -1.0
        means = self._means(vector)
        best = int(np.argmax(means))
        return best, float(means[best])

    def place(self, vector: Matrix) -> tuple[int, bool]:
        """Put a question into its group; returns the group's place, and whether it is a new one."""
        best, cosine = self.nearest(vector)
        if cosine >= TOGETHER_AT:
            self._sums[best] += vector
            self._counts[best] += 1
            return best, False
        self._make_room(len(vector))
        self._sums[self._size], self._counts[self._size] = vector, 1
        self._size += 1
        return self._size - 1, True

    def similar(self, vector: Matrix, at_least: float = SIMILAR_AT) -> list[int]:
        """Return groups whose members are as near on average as that, nearest first."""
        if not self._size:
            return []
        means = self._means(vector)
        return [int(i) for i in np.argsort(-means, kind="stable") if means[i] >= at_least]

    def _means(self, vector: Matrix) -> Matrix:
        means: Matrix = (self._sums[: self._size] @ vector) / self._counts[: self._size]
        return means

    def _make_room(self, dimension: int) -> None:
        if self._size < len(self._sums):
            return
        room = max(64, 2 * self._size)
        sums, counts = np.zeros((room, dimension), np.float32), np.ones(room, np.float32)
        if self._size:
            sums[: self._size], counts[: self._size] = self._sums[: self._size], self._counts[: self._size]
        self._sums, self._counts = sums, counts


def clearest(vectors: Matrix, texts: list[str]) -> int:
    """Return which of n questions (n, d) says best what all mean: the nearest to their mean; of equals the shorter."""
    near = vectors @ vectors.mean(axis=0)
    return min(range(len(texts)), key=lambda i: (-round(float(near[i]), 3), len(texts[i])))
