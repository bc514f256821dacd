"""The tables of knowledge: `content` is what editors write, `golden` what must be answered.

`index` and `lexical` are what is kept about it to find it.
"""

from knowledge.models.content import Category, Entry, KnowledgeBase, Phrasing
from knowledge.models.golden import GoldenQuestion
from knowledge.models.index import Collection, Lease, PendingRemoval, StoreHealth, Vector
from knowledge.models.lexical import Posting

__all__ = [
    "Category",
    "Collection",
    "Entry",
    "GoldenQuestion",
    "KnowledgeBase",
    "Lease",
    "PendingRemoval",
    "Phrasing",
    "Posting",
    "StoreHealth",
    "Vector",
]
