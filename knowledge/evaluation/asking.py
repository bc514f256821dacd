"""What every way of answering is asked with: questions embedded in batch for the quality, one by one for the time."""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import numpy as np

from knowledge.embedding import Embedder, Matrix
from knowledge.evaluation.datasets import Query

# Shows one step of the work, "what" and how much of it there is; what it yields is told how much more is done.
Steps = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
DEPTH = 10
TIMED = 200
WARM_UP = 5
CHUNK = 64
SEED = 7


def embed_all(embedder: Embedder, texts: Sequence[str], what: str, steps: Steps) -> Matrix:
    """Return unit vectors, shape (len(texts), dimension), made in batches."""
    made = []
    with steps(what, len(texts)) as done:
        for start in range(0, len(texts), CHUNK):
            made.append(embedder.embed(texts[start : start + CHUNK]))
            done(len(made[-1]))
    return np.vstack(made)


def questions_to_time(queries: Sequence[Query]) -> list[str]:
    """Choose up to 205 questions, no two alike, the same ones each time."""
    distinct = list(dict.fromkeys(query.text for query in queries))
    random.Random(SEED).shuffle(distinct)  # noqa: S311  (the same each time, and no secret)
    return distinct[: TIMED + WARM_UP]


def time_each(texts: Sequence[str], ask: Callable[[str], object]) -> list[float]:
    """Return milliseconds of each question, asked one by one; the first few only warm up, where there are enough."""
    taken = []
    for text in texts:
        started = time.perf_counter()
        ask(text)
        taken.append((time.perf_counter() - started) * 1000)
    return taken[WARM_UP:] or taken
