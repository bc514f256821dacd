"""Where vectors are searched: one contract, Chroma over HTTP for the product, memory for fast tests."""

from knowledge.vector_store.base import (
    CollectionMissingError,
    Hit,
    StoreError,
    StoreUnavailableError,
    VectorStore,
)
from knowledge.vector_store.chroma import ChromaStore, get_store, get_writing_store
from knowledge.vector_store.memory import MemoryStore

__all__ = [
    "ChromaStore",
    "CollectionMissingError",
    "Hit",
    "MemoryStore",
    "StoreError",
    "StoreUnavailableError",
    "VectorStore",
    "get_store",
    "get_writing_store",
]
