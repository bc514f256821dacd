"""The tables of knowledge: `content` is what editors write, `index` what the indexer keeps about it."""

from knowledge.models.content import Category, Entry, KnowledgeBase, Phrasing
from knowledge.models.index import Collection, Lease, PendingRemoval, StoreHealth, Vector

__all__ = [
    "Category",
    "Collection",
    "Entry",
    "KnowledgeBase",
    "Lease",
    "PendingRemoval",
    "Phrasing",
    "StoreHealth",
    "Vector",
]
