"""Retrieval: from a question to the entries that may answer it. One function serves chat, commands and tests.

The vector store and the words propose; SQL decides. Every hit is joined back to its row, and what is unpublished,
expired, deleted or of another text than was indexed is dropped there, so a late index can miss a new answer but never
serve an old one. What is left is ranked by all the evidence there is.
"""

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import structlog

from knowledge import confidence as confidences
from knowledge.embedding import EmbeddingError, Matrix, get_embedder, question_vector
from knowledge.entry_vectors import Version, entry_vectors
from knowledge.exact import WrongDimensionError
from knowledge.lexical import LexicalMatch, search_words
from knowledge.models import Entry
from knowledge.passages import HASH_IN_ID, parse_passage_id, passages
from knowledge.ranking import Passages, Signals, probabilities, signals
from knowledge.searching import Search
from knowledge.vector_store import Hit, VectorStore, get_store

log = structlog.get_logger(__name__)
# Passages asked of the store: an entry has several, and some hits may be dropped. The second number is for when too
# many were.
PASSAGES = (100, 500)
# Entries that are weighed with all their evidence: the nearest, and those with the best words.
NEAREST, BY_WORDS = 24, 10
NO_WORDS = LexicalMatch(0.0, 0.0, ())


class RetrievalError(Exception):
    """Nothing can be looked up at the moment; the message says why, for staff."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for an entry; `agreement` is about 0 to 1, all else between 0 and 1 (cosines: -1 and 1)."""

    phrasing: float = 0.0
    """Cosine of the nearest passage."""
    entry: float = 0.0
    """Cosine of the entry as a whole: the mean of its passages."""
    agreement: float = 0.0
    """How far the passages around the question belong to this entry (kernel regression)."""
    bm25: float = 0.0
    """BM25, divided by the best of this question."""
    coverage: float = 0.0
    """Share of the rarity of the question's words that the entry has."""
    words: tuple[str, ...] = ()
    """The question's words that agree, the rarest first."""


@dataclass(frozen=True)
class Candidate:
    """An entry that may answer; `similarity` is the cosine of its passage `slot`, the nearest; `score` ranks."""

    entry: Entry
    similarity: float
    slot: int
    score: float = 0.0
    evidence: Evidence = Evidence()

    @property
    def matched(self) -> str:
        """The words that were nearest: a phrasing or the question; "" for the entry as a whole. Costs a query."""
        texts = passages(self.entry.question, self.entry.answer, [p.text for p in self.entry.phrasings.all()])
        # An editor may have taken phrasings away since the entry was read.
        return texts[self.slot] if 0 < self.slot < len(texts) else ""


@dataclass(frozen=True)
class Retrieval:
    """Candidates, best first, one per entry; `way` is "index", "exact" or "words"; milliseconds of each step.

    `confidence` is the probability that the first candidate answers the question, 0 where there is none.
    `waiting` are entries found by the words they had before an edit that is not indexed yet, or by their words alone
    before they are: good for an offer, for their words are today's, and no ground for an answer.
    """

    candidates: tuple[Candidate, ...]
    way: str
    milliseconds: dict[str, float]
    waiting: tuple[Candidate, ...] = ()
    confidence: float = 0.0


def retrieve(
    question: str,
    *,
    knowledge_bases: Sequence[uuid.UUID],
    limit: int = 5,
    store: VectorStore | None = None,
    vector: Matrix | None = None,
) -> Retrieval:
    """Return up to `limit` entries that are answerable now; `vector` is the question's, where the caller has it.

    Where the question cannot be embedded its words alone are looked up; RetrievalError where they find nothing.
    """
    clock = _Clock()
    try:
        with clock.lap("embed"):
            embedder = get_embedder()
            vector = question_vector(question, embedder) if vector is None else vector
        search = Search(knowledge_bases, embedder.name, vector, store or get_store())
        hits = _Hits(knowledge_bases)
        for wanted in PASSAGES:
            with clock.lap("search"):
                found = search.hits(wanted)
            with clock.lap("join"):
                hits.take(found)
            if len(hits.current) >= limit or len(found) < wanted:
                break
    except (EmbeddingError, WrongDimensionError) as error:
        return _by_words(question, knowledge_bases, limit, clock, error)
    with clock.lap("words"):
        near = list(hits.current)[:NEAREST]
        words = search_words(question, knowledge_bases=knowledge_bases, also=near, limit=BY_WORDS)
    with clock.lap("rank"):
        weighed = hits.with_words(words)
        ranked = _Ranked(vector, embedder.name, weighed, words)
    with clock.lap("join"):
        candidates = _candidates(ranked, limit)
        waiting = _waiting(hits.waiting, weighed.keys() - set(ranked.ids), words, limit)
    return Retrieval(candidates, search.way, clock.milliseconds, waiting, ranked.confidence(candidates))


class _Hits:
    """What the search found, joined back to the rows: entries by id, nearest first."""

    def __init__(self, knowledge_bases: Sequence[uuid.UUID]) -> None:
        self._bases = set(knowledge_bases)
        self.current: dict[uuid.UUID, str] = {}
        """Content hashes of answerable entries that have the text that was hit."""
        self.waiting: dict[uuid.UUID, tuple[float, int]] = {}
        """Similarity and slot of entries that were hit by the text they had before."""

    def take(self, hits: Sequence[Hit]) -> None:
        """Join hits, best first."""
        best: dict[tuple[uuid.UUID, str], tuple[float, int]] = {}
        for hit in hits:
            key = parse_passage_id(hit.id)
            best.setdefault((key.entry_id, key.content_hash), (hit.similarity, key.slot))
        rows = self._rows({entry_id for entry_id, _ in best})
        for (entry_id, short_hash), place in best.items():
            now, indexed = rows.get(entry_id, ("", ""))
            if now and now[:HASH_IN_ID] == short_hash:
                self.current.setdefault(entry_id, now)
            elif indexed and indexed[:HASH_IN_ID] == short_hash:
                self.waiting.setdefault(entry_id, place)

    def with_words(self, words: dict[uuid.UUID, LexicalMatch]) -> dict[uuid.UUID, str]:
        """Return what is to be weighed: the nearest entries, and those that their words found."""
        chosen = dict(list(self.current.items())[:NEAREST])
        rows = self._rows({entry_id for entry_id in words if entry_id not in chosen})
        return chosen | {entry_id: now for entry_id, (now, _) in sorted(rows.items())}

    def _rows(self, wanted: set[uuid.UUID]) -> dict[uuid.UUID, tuple[str, str]]:
        if not wanted:
            return {}
        # The bases are compared here: in the query they lead SQLite to walk all entries of a base.
        found = Entry.objects.answerable().filter(pk__in=wanted).order_by()
        rows = found.values_list("pk", "knowledge_base_id", "content_hash", "indexed_hash")
        return {pk: (now, indexed) for pk, base, now, indexed in rows if base in self._bases}


class _Ranked:
    """Entries weighed by all the evidence; `order` has their places, best first."""

    def __init__(
        self, vector: Matrix, model: str, entries: dict[uuid.UUID, str], words: dict[uuid.UUID, LexicalMatch]
    ) -> None:
        known: dict[Version, Matrix] = entry_vectors(model, list(entries.items()))
        fitting = {key: rows for key, rows in known.items() if rows.shape[1] == len(vector)}
        # In the order of `entries`, so that what is equal stays in the order in which it was found.
        self.ids = [entry_id for entry_id, now in entries.items() if (entry_id, now) in fitting]
        self.versions = entries
        self.words = words
        self.order: list[int] = []
        self.scores = np.zeros(0)
        if self.ids:
            matrices = [fitting[entry_id, entries[entry_id]] for entry_id in self.ids]
            self.signals = self._weigh(vector, matrices)
            self.scores = self.signals.scores()
            self.order = [int(place) for place in np.argsort(-self.scores, kind="stable")]

    def _weigh(self, vector: Matrix, matrices: list[Matrix]) -> Signals:
        passages_ = Passages(
            np.vstack(matrices),
            np.repeat(np.arange(len(matrices)), [len(m) for m in matrices]),
            np.concatenate([np.arange(len(m)) for m in matrices]),
            len(matrices),
        )
        matches = [self.words.get(entry_id, NO_WORDS) for entry_id in self.ids]
        bm25, coverage = np.array([m.bm25 for m in matches]), np.array([m.coverage for m in matches])
        return signals(vector, passages_, bm25, coverage)

    def confidence(self, candidates: Sequence[Candidate]) -> float:
        """The probability that the first candidate is meant."""
        if not candidates:
            return 0.0
        # Not always the best of those weighed: that one may have been edited or taken back since.
        return float(probabilities(self.scores)[self.ids.index(candidates[0].entry.pk)])

    def candidate(self, place: int, entry: Entry) -> Candidate:
        """The entry at a place with all that speaks for it."""
        found, words = self.signals, self.words.get(self.ids[place], NO_WORDS).words
        evidence = Evidence(
            phrasing=float(found.phrasing[place]),
            entry=float(found.entry[place]),
            agreement=float(found.agreement[place]),
            bm25=float(found.bm25[place]),
            coverage=float(found.coverage[place]),
            words=words,
        )
        nearest, score = int(found.nearest[place]), float(self.scores[place])
        return Candidate(entry, evidence.phrasing, nearest, score, evidence)


def _candidates(ranked: _Ranked, limit: int) -> tuple[Candidate, ...]:
    """The best, as far as they still say what was weighed."""
    best = ranked.order[:limit]
    rows = _entries([ranked.ids[place] for place in best])
    entries = {pk: entry for pk, entry in rows.items() if entry.content_hash == ranked.versions[pk]}
    ids = {place: ranked.ids[place] for place in best}
    return tuple(ranked.candidate(place, entries[ids[place]]) for place in best if ids[place] in entries)


def _waiting(
    former: dict[uuid.UUID, tuple[float, int]],
    unknown: set[uuid.UUID],
    words: dict[uuid.UUID, LexicalMatch],
    limit: int,
) -> tuple[Candidate, ...]:
    """Entries that the index does not have as they are now: by their former words, or by their new ones."""
    new = sorted(unknown - former.keys(), key=lambda entry_id: (-words.get(entry_id, NO_WORDS).coverage, entry_id))
    chosen = [*former, *new][:limit]
    entries = _entries(chosen)
    return tuple(
        Candidate(entries[i], *former.get(i, (0.0, 1)), evidence=_by_match(words.get(i, NO_WORDS)))
        for i in chosen
        if i in entries
    )


def _by_words(
    question: str, knowledge_bases: Sequence[uuid.UUID], limit: int, clock: "_Clock", error: Exception
) -> Retrieval:
    """The last way down: what has the question's words."""
    log.warning("question_not_embedded", reason=str(error)[:300])
    with clock.lap("words"):
        words = search_words(question, knowledge_bases=knowledge_bases, limit=BY_WORDS)
        rows = _Hits(knowledge_bases).with_words(words)
    with clock.lap("join"):
        best = [entry_id for entry_id in words if entry_id in rows][:limit]
        entries = _entries(best)
        found = [
            Candidate(entries[i], 0.0, 1, words[i].bm25, _by_match(words[i], words[best[0]].bm25))
            for i in best
            if i in entries
        ]
    if not found:
        raise RetrievalError(f"The question could not be embedded: {error}") from error
    return Retrieval(tuple(found), "words", clock.milliseconds, (), confidences.by_words(found[0].evidence.coverage))


def _by_match(match: LexicalMatch, best: float = 0.0) -> Evidence:
    return Evidence(bm25=match.bm25 / best if best else 0.0, coverage=match.coverage, words=match.words)


def _entries(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Entry]:
    """Rows as answers need them; what was taken back a moment ago is missing."""
    wanted = Entry.objects.answerable().filter(pk__in=ids).order_by().select_related("category", "knowledge_base")
    return {entry.pk: entry for entry in wanted} if ids else {}


class _Clock:
    """Milliseconds by step; a step that is taken twice adds up."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        """Count the block to a step."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.milliseconds[name] = self.milliseconds.get(name, 0.0) + (time.perf_counter() - started) * 1000
