"""Trying an edit out: knowledge bases as they would be after it, on which the same retrieval runs.

Nothing is written but the vectors of edited words, which publishing would need as well. What is loaded of a base is
kept in memory until one of its entries changes: an editor tries many versions of an edit.
"""

import threading
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean

import numpy as np
from django.utils import timezone

from knowledge import exact
from knowledge.embedding import Embedder, Matrix, get_embedder
from knowledge.entry_vectors import Version
from knowledge.indexing.survey import PASSAGES as SURVEYED_PASSAGES
from knowledge.indexing.survey import QUESTION_SLOT, SAMPLE, cohesion_of, has_changed, nearest_others
from knowledge.lexical.counting import EVERY_ENTRY, WordCount, count_words, word_number
from knowledge.lexical.rows import Row, database_keys
from knowledge.lexical.tables import WordTable
from knowledge.lexical.weights import Bank
from knowledge.models import Entry, KnowledgeBase
from knowledge.passages import HASH_IN_ID, content_hash, parse_passage_id, passages
from knowledge.retrieval.joining import Places
from knowledge.retrieval.rows import Hashes, read_bases
from knowledge.retrieval.shelf import Finder
from knowledge.vector_store import Hit
from knowledge.vectors import vectors_for

# Rows of the passages' matrix that are compared at once, beyond which a part is sorted.
_MANY = 2_000


@dataclass(frozen=True)
class Edit:
    """An entry as it would be saved, with its phrasings; None as `entry` where it would be deleted."""

    entry_id: uuid.UUID
    entry: Entry | None
    phrasings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Held:
    """One entry with what retrieval reads of it."""

    entry: Entry
    hash: str
    words: tuple[WordCount, ...]
    vectors: Matrix = field(repr=False)
    """As a search compares them."""
    stored: Matrix = field(repr=False)
    """As they are kept together, and weighed: as precise as float16 is."""


@dataclass(frozen=True)
class _Loaded:
    """A base's published entries with their passages' vectors, as a search reads them."""

    stamp: exact.Stamp
    held: Mapping[uuid.UUID, _Held]


_loaded: dict[tuple[uuid.UUID, str], _Loaded] = {}
_lock = threading.Lock()


class Rehearsal:
    """Knowledge bases with edits that are not saved; a `knowledge.retrieval.shelf.Shelf`. No edits: as they are."""

    def __init__(self, bases: Collection[uuid.UUID], edits: Iterable[Edit] = (), at: datetime | None = None) -> None:
        """Load bases as they are at `at` (default: now); raises EmbeddingError where edited words need vectors."""
        embedder = get_embedder()
        self._at = at or timezone.now()
        self._bases = read_bases(list(bases), embedder.name)
        loaded = [_load(base, embedder.name) for base in self._bases.values()]
        self.stamp = tuple(
            (pk, base.calibration_slope, base.calibration_offset, base.crowding, base.cohesion, one.stamp)
            for (pk, base), one in zip(self._bases.items(), loaded, strict=True)
        )
        """Changes whenever one of the bases does; the dates of entries are not in it."""
        held = {entry_id: one for base in loaded for entry_id, one in base.held.items()}
        edits = list(edits)
        for edit in edits:
            held.pop(edit.entry_id, None)
            if (
                (entry := edit.entry)
                and entry.status == Entry.Status.PUBLISHED
                and entry.knowledge_base_id in self._bases
            ):
                held[edit.entry_id] = _as_saved(entry, edit.phrasings, self._bases[entry.knowledge_base_id], embedder)
        self._held = held
        self._passages = _Passages(held)
        edited = {edit.entry_id for edit in edits}
        if edited:
            self._bases = {pk: self._surveyed(base, edited) for pk, base in self._bases.items()}
        self.words: WordTable = _Words(held.values(), self._bases)

    def bases(self, ids: Sequence[uuid.UUID], model: str) -> Mapping[uuid.UUID, KnowledgeBase]:  # noqa: ARG002
        """Return the bases of these that were loaded."""
        return {base: self._bases[base] for base in ids if base in self._bases}

    def finder(self, bases: Mapping[uuid.UUID, KnowledgeBase], model: str, vector: Matrix) -> Finder:  # noqa: ARG002
        """Return an exact search."""
        return _Near(self._passages, vector, bases)

    def hashes(self, ids: Collection[uuid.UUID], bases: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Hashes]:
        """Return the hashes of entries that may be said; the index has each as it is."""
        return {i: Hashes(held.hash, held.hash) for i in ids if (held := self._said(i, bases))}

    def vectors(
        self,
        model: str,  # noqa: ARG002
        versions: Collection[Version],
        dimension: int,
        generation: str,  # noqa: ARG002
    ) -> Mapping[Version, Matrix]:
        """Return the vectors of entries, as precise as they are stored."""
        found = {version: self._held[version[0]].stored for version in versions if version[0] in self._held}
        return {version: rows for version, rows in found.items() if rows.shape[1] == dimension}

    def entries(
        self, ids: Collection[uuid.UUID], bases: Mapping[uuid.UUID, KnowledgeBase]
    ) -> Mapping[uuid.UUID, Entry]:
        """Return entries that may be said."""
        found = {i: copy(held.entry) for i in ids if (held := self._said(i, bases))}
        for entry in found.values():
            entry.knowledge_base = bases[entry.knowledge_base_id]
        return found

    def _surveyed(self, base: KnowledgeBase, edited: Collection[uuid.UUID]) -> KnowledgeBase:
        """The base as the indexer would find it after the edits, if they make it survey the base again."""
        mine = {pk: one for pk, one in self._held.items() if one.entry.knowledge_base_id == base.pk}
        if base.surveyed_at is not None:
            later = Entry.objects.filter(knowledge_base=base, indexed_at__gt=base.surveyed_at)
            new = mine.keys() & {*edited, *later.values_list("pk", flat=True)}
            if not has_changed(base.surveyed_entries, len(mine), len(new)):
                return base
        sample = [mine[pk] for pk in sorted(mine)[:SAMPLE]]
        crowding = [fmean(near) for one in sample if (near := self._nearest_others(one, base))]
        cohesion = [cohesion_of(one.stored[QUESTION_SLOT:]) for one in sample if len(one.stored) > QUESTION_SLOT + 1]
        base = copy(base)
        base.crowding = fmean(crowding) if crowding else None
        base.cohesion = fmean(cohesion) if cohesion else None
        return base

    def _nearest_others(self, one: _Held, base: KnowledgeBase) -> list[float]:
        near = _Near(self._passages, one.stored[QUESTION_SLOT], [base.pk])
        return nearest_others(one.entry.pk.hex, near.hits(SURVEYED_PASSAGES))

    def _said(self, entry_id: uuid.UUID, bases: Collection[uuid.UUID]) -> _Held | None:
        held = self._held.get(entry_id)
        if held is None or held.entry.knowledge_base_id not in bases:
            return None
        begins, ends = held.entry.valid_from, held.entry.valid_until
        return held if (begins is None or begins <= self._at) and (ends is None or ends > self._at) else None


class _Passages:
    """All passages as one matrix, and of each the entry, its hash and its slot."""

    def __init__(self, held: Mapping[uuid.UUID, _Held]) -> None:
        rows = [matrix for one in held.values() if len(matrix := one.vectors)]
        self.matrix = np.vstack(rows) if rows else np.zeros((0, 0), np.float32)
        self.places = [(i, one.hash[:HASH_IN_ID], slot) for i, one in held.items() for slot in range(len(one.vectors))]
        self.bases = [one.entry.knowledge_base_id for one in held.values() for _ in range(len(one.vectors))]


class _Near:
    """One question's exact search."""

    way, generation = "exact", ""

    def __init__(self, passages: _Passages, vector: Matrix, bases: Collection[uuid.UUID]) -> None:
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


class _Words:
    """The words of the entries that are held, as `lexical` asks for them."""

    def __init__(self, held: Iterable[_Held], bases: Mapping[uuid.UUID, KnowledgeBase]) -> None:
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


def forget() -> None:
    """Drop what is kept in memory (tests, benchmarks)."""
    with _lock:
        _loaded.clear()


def _load(base: KnowledgeBase, model: str) -> _Loaded:
    """The base's published entries whose vectors are known, from memory where nothing has changed."""
    snapshot = exact.current(base.pk, model, base.collection or "")
    with _lock:
        known = _loaded.get((base.pk, model))
    if known is not None and known.stamp == snapshot.stamp:
        return known
    places: dict[uuid.UUID, list[int]] = {}
    for row, passage_id in enumerate(snapshot.ids):
        places.setdefault(parse_passage_id(passage_id).entry_id, []).append(row)
    published = Entry.objects.filter(knowledge_base=base, status=Entry.Status.PUBLISHED).prefetch_related("phrasings")
    held = {}
    for entry in published:
        texts = [p.text for p in entry.phrasings.all()]
        if len(places.get(entry.pk, ())) == len(texts) + 2:
            held[entry.pk] = _hold(entry, texts, base, entry.content_hash, snapshot.vectors[places[entry.pk]])
    loaded = _Loaded(snapshot.stamp, held)
    with _lock:
        _loaded[base.pk, model] = loaded
    return loaded


def _as_saved(entry: Entry, phrasings: Sequence[str], base: KnowledgeBase, embedder: Embedder) -> _Held:
    vectors = vectors_for(embedder, passages(entry.question, entry.answer, phrasings))
    return _hold(entry, phrasings, base, content_hash(entry.question, entry.answer, phrasings), vectors)


def _hold(entry: Entry, phrasings: Sequence[str], base: KnowledgeBase, digest: str, vectors: Matrix) -> _Held:
    # A copy: the caller's may be about to be saved.
    entry = copy(entry)
    entry.knowledge_base, entry.content_hash = base, digest
    language = entry.language or base.language
    words = count_words(base.pk, language, [entry.question, *phrasings], entry.answer)
    return _Held(entry, digest, tuple(words), vectors, vectors.astype(np.float16).astype(np.float32))
