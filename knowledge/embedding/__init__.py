"""Turning text into vectors: one contract, and the back ends that keep it (a local model, a compatible server)."""

from knowledge.embedding.backends import get_embedder
from knowledge.embedding.base import (
    Embedder,
    EmbeddingError,
    EmbeddingRefusedError,
    EmbeddingSetupError,
    EmbeddingUnavailableError,
    Matrix,
)
from knowledge.embedding.questions import as_embedded, question_vector

__all__ = [
    "Embedder",
    "EmbeddingError",
    "EmbeddingRefusedError",
    "EmbeddingSetupError",
    "EmbeddingUnavailableError",
    "Matrix",
    "as_embedded",
    "get_embedder",
    "question_vector",
]
