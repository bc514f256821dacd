"""Searching entries that are held in memory, by meaning and by words: exactly, and as the database would."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from knowledge.embedding import Matrix
from knowledge.lexical.counting import EVERY_ENTRY, word_number
from knowledge.lexical.rows import Row, database_keys
from knowledge.lexical.weights import Bank
from knowledge.models import KnowledgeBase
from knowledge.passages import HASH_IN_ID
from knowledge.rehearsal.loading import Held
from knowledge.retrieval.joining import Places
from knowledge.vector_store import Hit

# Rows of the passages' matrix that are compared at once, beyond which a part is sorted.
_MANY = 2_000


class Passages:
    """All passages as one matrix, and of each the entry, its hash and its slot."""

    def __init__(self, held: Mapping[uuid.UUID, Held]) -> None:
        rows = [matrix for one in held.values() if len(matrix := one.vectors)]
        self.matrix = np.vstack(rows) if rows else np.zeros((0, 0), np.float32)
        self.places = [(i, one.hash[:HASH_IN_ID], slot) for i, one in held.items() for slot in range(len(one.vectors))]
        self.bases = [one.entry.knowledge_base_id for one in held.values() for _ in range(len(one.vectors))]


class Near:
    """One question's exact search."""

    way, generation = "exact", ""

    def __init__(self, passages: Passages, vector: Matrix, bases: Collection[uuid.UUID]) -> None:
        self._passages, self._bases = passages, bases
        self._cosines = passages.matrix @ vector if len(passages.places) else np.zeros(0, np.float32)

    def hits(self, passages: int) -> list[Hit]:
        """Return the nearest passages, best first."""
        ids, bases = self._passages.places, self._passages.bases
        rows = [row for row in self._best(passages) if bases[row] in self._bases]
        return [Hit(f"{ids[r][0].hex}:{ids[r][1]}:{ids[r][2]}", float(self._cosines[r])) for r in rows]

    def _best(self, passages: int) -> list[int]:
        cosines = self._cosines
        if len(cosines) <= max(_MANY, 4 * passages):
            return [int(row) for row in np.argsort(-cosines, kind="stable")[:passages]]
        part = np.argpartition(-cosines, passages)[:passages]
        return [int(row) for row in part[np.argsort(-cosines[part], kind="stable")]]

    def near(self, passages: int, entries: int) -> tuple[Places, int]:
        """Group the nearest passages by their entries, as `nearest_entries` does with hits."""
        cosines, best = self._cosines, self._best(passages)
        places: Places = {}
        for row in best:
            entry_id, short_hash, slot = self._passages.places[row]
            if entry_id not in places and len(places) == entries:
                break
            places.setdefault(entry_id, {}).setdefault(short_hash, (float(cosines[row]), slot))
        return places, len(best)


class Words:
    """The words of the entries that are held, as `lexical` asks for them."""

    def __init__(self, held: Iterable[Held], bases: Mapping[uuid.UUID, KnowledgeBase]) -> None:
        self._rows: dict[int, list[Row]] = {}
        entries = sorted(((str(database_keys([one.entry.pk])[0]), one) for one in held), key=lambda pair: pair[0])
        for key, one in entries:
            for word, times, length in one.words:
                self._rows.setdefault(word, []).append((word, key, times, length))
        spoken = {base: {found.language} for base, found in bases.items()}
        for _, one in entries:
            if one.entry.language:
                spoken[one.entry.knowledge_base_id].add(one.entry.language)
        self._spoken = spoken
        self._banks: dict[tuple[uuid.UUID, ...], Bank] = {}

    def bank(self, bases: Sequence[uuid.UUID]) -> Bank:
        """Return the figures of bases that are searched together."""
        key = tuple(sorted(bases))
        if key not in self._banks:
            lengths = [row[3] for base in key for row in self._rows.get(word_number(base, EVERY_ENTRY), ())]
            average = max(sum(lengths) / len(lengths), 1.0) if lengths else 1.0
            languages = {language for base in key for language in self._spoken.get(base, ())}
            self._banks[key] = Bank(len(lengths), average, tuple(sorted(languages)))
        return self._banks[key]

    def frequencies(self, numbers: Collection[int]) -> dict[int, int]:
        """Count the entries that have words."""
        return {number: len(self._rows[number]) for number in numbers if number in self._rows}

    def rows_of(self, words: Collection[int], limit: int) -> list[Row]:
        """Return rows by word, then by entry."""
        found: list[Row] = []
        for word in sorted(set(words)):
            found += self._rows.get(word, ())
            if len(found) >= limit:
                break
        return found[:limit]

    def rows_in(self, words: Collection[int], entries: Collection[uuid.UUID]) -> list[Row]:
        """Return the rows of words in some entries."""
        keys = set(map(str, database_keys(entries)))
        return [row for word in set(words) for row in self._rows.get(word, ()) if row[1] in keys]
