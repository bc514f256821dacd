"""Entries with all that retrieval reads of them, held in memory until one of their base changes.

An editor tries many versions of an edit.
"""

import threading
import uuid
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field

import numpy as np

from knowledge import exact
from knowledge.embedding import Embedder, Matrix
from knowledge.lexical.counting import WordCount, count_words
from knowledge.models import Entry, KnowledgeBase
from knowledge.passages import content_hash, parse_passage_id, passages
from knowledge.vectors import vectors_for


@dataclass(frozen=True)
class Edit:
    """An entry as it would be saved, with its phrasings; None as `entry` where it would be deleted."""

    entry_id: uuid.UUID
    entry: Entry | None
    phrasings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Held:
    """One entry with what retrieval reads of it."""

    entry: Entry
    hash: str
    words: tuple[WordCount, ...]
    vectors: Matrix = field(repr=False)
    """As a search compares them."""
    stored: Matrix = field(repr=False)
    """As they are kept together, and weighed: as precise as float16 is."""


@dataclass(frozen=True)
class Loaded:
    """A base's published entries with their passages' vectors, as a search reads them."""

    stamp: exact.Stamp
    held: Mapping[uuid.UUID, Held]


_loaded: dict[tuple[uuid.UUID, str], Loaded] = {}
_lock = threading.Lock()


def forget() -> None:
    """Drop what is kept in memory (tests, benchmarks)."""
    with _lock:
        _loaded.clear()


def load(base: KnowledgeBase, model: str) -> Loaded:
    """Return the base's published entries whose vectors are known, from memory where nothing has changed."""
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
            held[entry.pk] = hold(entry, texts, base, entry.content_hash, snapshot.vectors[places[entry.pk]])
    loaded = Loaded(snapshot.stamp, held)
    with _lock:
        _loaded[base.pk, model] = loaded
    return loaded


def as_saved(entry: Entry, phrasings: Sequence[str], base: KnowledgeBase, embedder: Embedder) -> Held:
    """Return an entry as it would be held once it is saved; raises EmbeddingError."""
    vectors = vectors_for(embedder, passages(entry.question, entry.answer, phrasings))
    return hold(entry, phrasings, base, content_hash(entry.question, entry.answer, phrasings), vectors)


def hold(entry: Entry, phrasings: Sequence[str], base: KnowledgeBase, digest: str, vectors: Matrix) -> Held:
    """Return an entry with what retrieval reads of it."""
    # A copy: the caller's may be about to be saved.
    entry = copy(entry)
    entry.knowledge_base, entry.content_hash = base, digest
    language = entry.language or base.language
    words = count_words(base.pk, language, [entry.question, *phrasings], entry.answer)
    return Held(entry, digest, tuple(words), vectors, vectors.astype(np.float16).astype(np.float32))
