"""Hits joined back to the rows: what is unpublished, expired, deleted or of another text than was hit is dropped here.

So a late index can miss a new answer but never serve an old one.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping

from knowledge.passages import HASH_IN_ID, parse_passage_id
from knowledge.retrieval.rows import Hashes
from knowledge.vector_store import Hit

Places = dict[uuid.UUID, dict[str, tuple[float, int]]]
"""Similarity and slot of entries' nearest passages, nearest first, by the start of the content hash they stand for."""


def nearest_entries(hits: Iterable[Hit], most: int) -> Places:
    """Group hits, best first, by the entries that they are of, up to the hit that would bring one more than `most`."""
    places: Places = {}
    for hit in hits:
        key = parse_passage_id(hit.id)
        if key.entry_id not in places and len(places) == most:
            break
        places.setdefault(key.entry_id, {}).setdefault(key.content_hash, (hit.similarity, key.slot))
    return places


class Joined:
    """Entries that may be answered with now, of those that were hit (nearest first) or have the question's words."""

    def __init__(
        self,
        near: Places,
        by_words: Collection[uuid.UUID],
        hashes: Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, Hashes]],
    ) -> None:
        """Read, with `hashes`, what of all of them may be said now."""
        rows = hashes({*near, *by_words})
        self.current: dict[uuid.UUID, str] = {}
        """Content hashes of entries that have the text that was hit."""
        self.waiting: dict[uuid.UUID, tuple[float, int]] = {}
        """Similarity and slot of entries that were hit by the text they had before."""
        for entry_id, places in near.items():
            now, indexed = rows.get(entry_id, ("", ""))
            if now and now[:HASH_IN_ID] in places:
                self.current[entry_id] = now
            elif indexed and indexed[:HASH_IN_ID] in places:
                self.waiting[entry_id] = places[indexed[:HASH_IN_ID]]
        self.said = {entry_id: rows[entry_id].now for entry_id in by_words if entry_id in rows}
        """Content hashes of entries that their words found."""
