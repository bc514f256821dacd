"""What of an entry is embedded, and how a text, an entry's content and a place in the index are named.

A room of its own because services (what changed?), the indexer (what to write?) and retrieval (what was hit?) have
to agree.
"""

import hashlib
import uuid
from collections.abc import Sequence
from typing import NamedTuple

# Part of every content hash. When `passages` changes raise it, in a migration that stamps all entries anew.
RECIPE = "1"
HASH_IN_ID = 16


class PassageKey(NamedTuple):
    """Which passage of which version of an entry an id in the vector store stands for."""

    entry_id: uuid.UUID
    content_hash: str
    slot: int


def passages(question: str, answer: str, phrasings: Sequence[str]) -> list[str]:
    """Texts to embed, by slot: 0 the entry as a whole, 1 the question, then one for each phrasing."""
    return [f"{question}\n{answer}", question, *phrasings]


def content_hash(question: str, answer: str, phrasings: Sequence[str]) -> str:
    """Name what the index depends on; the same words always give the same 64 hex digits."""
    parts = "\x1f".join((RECIPE, *passages(question, answer, phrasings)))
    return hashlib.sha256(parts.encode()).hexdigest()


def vector_digest(model: str, text: str) -> str:
    """Name the vector of `text` made by `model` (the key of `Vector`)."""
    return hashlib.sha256(f"{model}\x00{text}".encode()).hexdigest()


def passage_ids(entry_id: uuid.UUID, content_hash: str, count: int) -> list[str]:
    """Ids in the vector store of an entry's first `count` passages; a stale one shows by the content hash in it."""
    prefix = f"{entry_id.hex}:{content_hash[:HASH_IN_ID]}"
    return [f"{prefix}:{slot}" for slot in range(count)]


def parse_passage_id(passage_id: str) -> PassageKey:
    """Undo `passage_ids`; ValueError for an id that it did not make."""
    entry, short_hash, slot = passage_id.split(":")
    return PassageKey(uuid.UUID(entry), short_hash, int(slot))
