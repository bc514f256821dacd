"""Vectors of visitors' questions: the same question asked again, or by many at once, costs one call of the model.

A process remembers the last 2,000; the cache named "vectors" (Redis) shares them between processes. A cache holds the
hash of a question and never its words, and trouble with it costs a moment and no error.
"""

import hashlib
import threading
import time
import unicodedata
from collections import OrderedDict
from concurrent.futures import Future
from weakref import WeakKeyDictionary

import numpy as np
import redis
import structlog
from django.core.cache import caches

from knowledge.embedding.backends import get_embedder
from knowledge.embedding.base import Embedder, EmbeddingError, Matrix
from knowledge.texts import as_asked

log = structlog.get_logger(__name__)
SHARED = "vectors"
# 3 MB at 384 dimensions, 12 MB at 1,536.
REMEMBERED = 2_000
# How long nobody asks a shared cache that did not answer.
PAUSE_S = 10.0


def question_vector(text: str, embedder: Embedder | None = None) -> Matrix:
    """Return the question's read-only float32 vector of length 1, shape (dimension,); raises EmbeddingError.

    `embedder` is the configured one unless another is given.
    """
    embedder = embedder or get_embedder()
    with _making:
        memory = _memories.setdefault(embedder, _Memory())
    return memory.vector(embedder, as_embedded(text))


def as_embedded(text: str) -> str:
    """Return the text that `question_vector` embeds: as asked, one form of each letter, nothing UTF-8 cannot hold."""
    return as_asked(unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode()))


class _Shared:
    """The vectors that all processes share, where there is such a cache; it rests after a failure."""

    def __init__(self) -> None:
        self._rests_until = 0.0

    def get(self, key: str, dimension: int) -> Matrix | None:
        """Return a unit vector of that dimension; None where the cache has none, is away or holds rubbish."""
        if not self._answers():
            return None
        try:
            data = caches[SHARED].get(key)
        except redis.RedisError as error:
            self._failed(error)
            return None
        if not isinstance(data, bytes) or len(data) != 4 * dimension:
            return None
        vector: Matrix = np.frombuffer(data, "<f4")
        # A comparison with NaN is false.
        return vector if abs(float(np.linalg.norm(vector)) - 1) < 1e-3 else None

    def put(self, key: str, vector: Matrix) -> None:
        """Keep the vector for others, if the cache answers."""
        if not self._answers():
            return
        try:
            caches[SHARED].set(key, vector.astype("<f4").tobytes())
        except redis.RedisError as error:
            self._failed(error)

    def _answers(self) -> bool:
        return SHARED in caches.settings and time.monotonic() >= self._rests_until

    def _failed(self, error: redis.RedisError) -> None:
        # At once for all threads: those that wait already lose one timeout, those that come later none.
        self._rests_until = time.monotonic() + PAUSE_S
        log.warning("question_cache_not_answering", reason=str(error)[:200])


class _Memory:
    """What this process knows of one embedder's questions: the vectors used last, and those being made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._vectors: OrderedDict[str, Matrix] = OrderedDict()
        self._being_made: dict[str, Future[Matrix]] = {}
        # As the model itself made it last: a server may change its model under the same name.
        self._dimension = 0
        self._shared = _Shared()

    def vector(self, embedder: Embedder, text: str) -> Matrix:
        """Return the vector from here, from another thread that is at it, from the shared cache or from the model."""
        key = hashlib.sha256(f"{embedder.name}\n{text}".encode()).hexdigest()
        with self._lock:
            if (known := self._vectors.get(key)) is not None:
                self._vectors.move_to_end(key)
                return known
            being_made = self._being_made.get(key)
            mine: Future[Matrix] = Future()
            if being_made is None:
                self._being_made[key] = mine
        return self._make(embedder, text, key, mine) if being_made is None else being_made.result()

    def _make(self, embedder: Embedder, text: str, key: str, mine: Future[Matrix]) -> Matrix:
        try:
            vector = self._fetch(embedder, text, key)
            mine.set_result(vector)
        except EmbeddingError as error:
            mine.set_exception(error)
            raise
        finally:
            mine.cancel()  # does nothing once it is done; those who wait must not wait for ever
            with self._lock:
                del self._being_made[key]
        return vector

    def _fetch(self, embedder: Embedder, text: str, key: str) -> Matrix:
        # Before this process has seen what its model makes, it cannot tell whether a shared vector is of that kind.
        vector = self._shared.get(key, self._dimension) if self._dimension else None
        if vector is None:
            vector = embedder.embed_one(text)
            vector.flags.writeable = False
            self._shared.put(key, vector)
        with self._lock:
            if len(vector) != self._dimension:
                self._vectors.clear()
                self._dimension = len(vector)
            self._vectors[key] = vector
            if len(self._vectors) > REMEMBERED:
                self._vectors.popitem(last=False)
        return vector


# One for each embedder: it goes when the embedder goes.
_memories: WeakKeyDictionary[Embedder, _Memory] = WeakKeyDictionary()
_making = threading.Lock()
