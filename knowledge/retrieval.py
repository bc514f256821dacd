"""Retrieval: from a question to the entries that may answer it. One function serves chat, commands and tests.

The vector store proposes; SQL decides. Every hit is joined back to its row, and what is unpublished, expired, deleted
or of another text than was indexed is dropped there, so a late index can miss a new answer but never serve an old one.
"""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from knowledge.embedding import EmbeddingError, Matrix, get_embedder
from knowledge.exact import search_exactly
from knowledge.models import Collection, Entry
from knowledge.passages import HASH_IN_ID, parse_passage_id, passages
from knowledge.vector_store import Hit, StoreError, VectorStore, get_store

log = structlog.get_logger(__name__)
# Passages asked of the store: an entry has several, and some hits may be dropped. The second number is for when too
# many were.
PASSAGES = (40, 400)


class RetrievalError(Exception):
    """Nothing can be looked up at the moment; the message says why, for staff."""


@dataclass(frozen=True)
class Candidate:
    """An entry that may answer, and the cosine of the passage of it that is nearest to the question."""

    entry: Entry
    similarity: float
    slot: int

    @property
    def matched(self) -> str:
        """The words that were nearest: a phrasing or the question; "" for the entry as a whole. Costs a query."""
        texts = passages(self.entry.question, self.entry.answer, [p.text for p in self.entry.phrasings.all()])
        # An editor may have taken phrasings away since the entry was read.
        return texts[self.slot] if 0 < self.slot < len(texts) else ""


@dataclass(frozen=True)
class Retrieval:
    """Candidates, best first, one per entry; `way` is "index" or "exact"; milliseconds of each step.

    `waiting` are entries found by the words they had before an edit that is not indexed yet: good for an offer, for
    their words are today's, and no ground for an answer.
    """

    candidates: tuple[Candidate, ...]
    way: str
    milliseconds: dict[str, float]
    waiting: tuple[Candidate, ...] = ()


def retrieve(
    question: str, *, knowledge_bases: Sequence[uuid.UUID], limit: int = 5, store: VectorStore | None = None
) -> Retrieval:
    """Return up to `limit` entries that are answerable now; raises RetrievalError when the question has no vector."""
    started = time.perf_counter()
    try:
        embedder = get_embedder()
        vector = embedder.embed_one(question)
    except EmbeddingError as error:
        raise RetrievalError(f"The question could not be embedded: {error}") from error
    embedded = time.perf_counter()
    search = _Search(knowledge_bases, embedder.name, vector, store or get_store())
    joined = _Joined()
    for wanted in PASSAGES:
        hits = search.hits(wanted)
        joined = _join(hits, knowledge_bases, limit)
        if len(joined.current) >= limit or len(hits) < wanted:
            break
    candidates, waiting = joined.current[:limit], joined.waiting[:limit]
    milliseconds = {"embed": (embedded - started) * 1000, "search": search.ms}
    milliseconds["join"] = (time.perf_counter() - embedded) * 1000 - search.ms
    return Retrieval(tuple(candidates), search.way, milliseconds, tuple(waiting))


class _Search:
    """One question's search: in the index, or exactly where the index does not answer."""

    def __init__(self, bases: Sequence[uuid.UUID], model: str, vector: Matrix, store: VectorStore) -> None:
        self.way = "index"
        self.ms = 0.0
        self._bases, self._model, self._vector, self._store = bases, model, vector, store
        active = Collection.objects.active(model).filter(knowledge_base__in=bases)
        self._names = dict(active.values_list("knowledge_base_id", "name"))

    def hits(self, limit: int) -> list[Hit]:
        """Return the best `limit` passages over all bases, best first."""
        started = time.perf_counter()
        found = [hit for base in self._bases for hit in self._in_base(base, limit)]
        self.ms += (time.perf_counter() - started) * 1000
        return sorted(found, key=lambda hit: -hit.similarity)[:limit]

    def _in_base(self, base: uuid.UUID, limit: int) -> list[Hit]:
        name = self._names.get(base)
        if name is not None and self.way == "index":
            try:
                if hits := self._store.query(name, self._vector, limit):
                    return hits  # nothing at all is how a broken index answers
            except StoreError as error:
                log.warning("index_not_answering", reason=str(error)[:200])
        self.way = "exact"
        return search_exactly(base, self._model, self._vector, limit)


@dataclass
class _Joined:
    """Hits that were joined back to their rows, best first."""

    current: list[Candidate] = field(default_factory=list)
    waiting: list[Candidate] = field(default_factory=list)


def _join(hits: Sequence[Hit], knowledge_bases: Sequence[uuid.UUID], limit: int) -> _Joined:
    """Keep the best hit of each entry that is answerable and has the text that was hit, until there are `limit`."""
    best: dict[tuple[uuid.UUID, str], tuple[float, int]] = {}
    for hit in hits:
        key = parse_passage_id(hit.id)
        best.setdefault((key.entry_id, key.content_hash), (hit.similarity, key.slot))
    places = list(best.items())
    joined = _Joined()
    # Loading every entry that was hit takes longer than the search, and the nearest are seldom dropped.
    for part in (places[:limit], places[limit:]):
        if part and len(joined.current) < limit:
            _keep_true(dict(part), knowledge_bases, joined)
    return joined


def _keep_true(
    places: dict[tuple[uuid.UUID, str], tuple[float, int]], knowledge_bases: Sequence[uuid.UUID], joined: _Joined
) -> None:
    answerable = Entry.objects.answerable().filter(knowledge_base__in=knowledge_bases)
    wanted = answerable.filter(pk__in={entry_id for entry_id, _ in places})
    entries = {entry.pk: entry for entry in wanted.select_related("category", "knowledge_base")}
    for (entry_id, short_hash), place in places.items():
        entry = entries.get(entry_id)
        if entry is None:
            continue
        if entry.content_hash[:HASH_IN_ID] == short_hash:
            joined.current.append(Candidate(entry, *place))
        elif entry.indexed_hash[:HASH_IN_ID] == short_hash:
            joined.waiting.append(Candidate(entry, *place))
