"""The tables of knowledge: `content` is what editors write, `index` and `lexical` what is kept about it to find it."""

from knowledge.models.content import Category, Entry, KnowledgeBase, Phrasing
from knowledge.models.index import Collection, Lease, PendingRemoval, StoreHealth, Vector
from knowledge.models.lexical import Posting

__all__ = [
    "Category",
    "Collection",
    "Entry",
    "KnowledgeBase",
    "Lease",
    "PendingRemoval",
    "Phrasing",
    "Posting",
    "StoreHealth",
    "Vector",
]
