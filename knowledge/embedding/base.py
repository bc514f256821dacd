"""The contract of every embedding back end: one method to write, the rest on top of it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]


class EmbeddingError(Exception):
    """No vectors came; the message says why in words for staff."""


class EmbeddingUnavailableError(EmbeddingError):
    """It may work later: a server that is down, slow or busy."""


class EmbeddingRefusedError(EmbeddingError):
    """It will not work until somebody changes something: a wrong key, model, file or text."""


class EmbeddingSetupError(EmbeddingRefusedError):
    """No text at all will be taken until somebody changes the settings: no text is to blame."""


class Embedder(ABC):
    """Embeds texts; `name` identifies the model in every vector and collection made with it."""

    name: str
    batch_size: int

    @abstractmethod
    def embed_batch(self, texts: Sequence[str]) -> Matrix:
        """Return raw vectors, one row per text in the same order; at most `batch_size` texts."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return float32 rows of length 1 (L2), in the order of `texts`; the shape is (0, 0) for no texts."""
        if not texts:
            return np.zeros((0, 0), np.float32)
        # Texts of like length share a batch: a batch is as slow as its longest text.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        rows: list[Matrix | None] = [None] * len(texts)
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size]
            vectors = self.embed_batch([_encodable(texts[i]) for i in batch])
            for i, vector in zip(batch, _normalised(vectors, len(batch)), strict=True):
                rows[i] = vector
        made = [row for row in rows if row is not None]
        if len({row.shape for row in made}) > 1:
            raise EmbeddingUnavailableError("The embedding model returned vectors of different lengths.")
        return np.vstack(made)

    def embed_one(self, text: str) -> Matrix:
        """Return one vector of length 1, shape (dimension,)."""
        row: Matrix = self.embed([text])[0]
        return row


def _encodable(text: str) -> str:
    """Replace lone surrogates, which neither a tokenizer nor JSON takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _normalised(vectors: Matrix, expected: int) -> Matrix:
    if vectors.ndim != 2 or len(vectors) != expected or not np.isfinite(vectors).all():
        raise EmbeddingUnavailableError(
            "The embedding model returned something that is not one finite vector per text."
        )
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not lengths.all():
        raise EmbeddingRefusedError("The embedding model returned an empty vector.")
    normalised: Matrix = (vectors / lengths).astype(np.float32)
    return normalised
