"""What of an entry is embedded, and how a text, an entry's content and a place in the index are named.

A room of its own because services (what changed?), the indexer (what to write?) and retrieval (what was hit?) have
to agree.
"""

import hashlib
import uuid
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from knowledge.texts import as_asked

# Part of every content hash. When `passages` changes raise it, in a migration that stamps all entries anew.
RECIPE = "3"
HASH_IN_ID = 16
# Characters of phrasings in the passage of the entry as a whole: a model reads some 1,000, and the answer wants room.
PHRASINGS_IN_WHOLE = 600


class PassageKey(NamedTuple):
    """Which passage of which version of an entry an id in the vector store stands for."""

    entry_id: uuid.UUID
    content_hash: str
    slot: int


def passages(question: str, answer: str, phrasings: Sequence[str]) -> list[str]:
    """Texts to embed, by slot: 0 the entry as a whole, 1 the question, then one for each phrasing, all as asked."""
    return ["\n".join([question, *_first(phrasings), answer]), *map(as_asked, (question, *phrasings))]


def content_hash(question: str, answer: str, phrasings: Sequence[str]) -> str:
    """Name what the index depends on; the same words always give the same 64 hex digits."""
    parts = "\x1f".join((RECIPE, *passages(question, answer, phrasings)))
    return hashlib.sha256(parts.encode()).hexdigest()


def vector_digest(model: str, text: str) -> str:
    """Name the vector of `text` made by `model` (the key of `Vector`)."""
    return hashlib.sha256(f"{model}\x00{text}".encode()).hexdigest()


def vectors_digest(model: str, content_hash: str) -> str:
    """Name the vectors by `model` of all passages of an entry with this content, kept together in one row."""
    return vector_digest(model, f"\x1d{content_hash}")


def passage_ids(entry_id: uuid.UUID, content_hash: str, count: int) -> list[str]:
    """Ids in the vector store of an entry's first `count` passages; a stale one shows by the content hash in it."""
    prefix = f"{entry_id.hex}:{content_hash[:HASH_IN_ID]}"
    return [f"{prefix}:{slot}" for slot in range(count)]


def _first(phrasings: Sequence[str]) -> list[str]:
    """As many phrasings, from the first on, as the passage of the whole has room for."""
    lengths = accumulate(map(len, phrasings))
    return [text for text, length in zip(phrasings, lengths, strict=True) if length <= PHRASINGS_IN_WHOLE]


def parse_passage_id(passage_id: str) -> PassageKey:
    """Undo `passage_ids`; ValueError for an id that it did not make."""
    entry, short_hash, slot = passage_id.split(":")
    return PassageKey(uuid.UUID(entry), short_hash, int(slot))
