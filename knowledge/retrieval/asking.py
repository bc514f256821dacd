"""The way of a question: vectors and words propose, SQL decides, and all the evidence ranks what is left."""

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

import structlog

from knowledge import confidence as confidences
from knowledge.embedding import EmbeddingError, Matrix, get_embedder, question_vector
from knowledge.exact import WrongDimensionError
from knowledge.lexical import LexicalMatch, WordSearch, search_words
from knowledge.models import KnowledgeBase
from knowledge.retrieval.joining import Joined, nearest_entries
from knowledge.retrieval.results import Candidate, Evidence, Retrieval, RetrievalError
from knowledge.retrieval.rows import read_bases, read_entries
from knowledge.retrieval.weighing import NO_WORDS, Weighed, match_of, scale_of
from knowledge.searching import Search
from knowledge.vector_store import VectorStore, get_store

log = structlog.get_logger(__name__)
# Passages asked of the store, for an entry has several, and how many entries of those are looked up, for some may be
# dropped. Again and for more where too many were.
PASSAGES = 100
SEARCHES = ((PASSAGES, 24), (500, 500))
# Entries that are weighed with all their evidence: the nearest, and those with the best words.
NEAREST, BY_WORDS = 16, 6
# Fewer of the nearest than this are too few to tell apart, however few are wanted.
FEWEST = 10
Bases = Mapping[uuid.UUID, KnowledgeBase]


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
        with clock.lap("join"):
            bases = read_bases(list(dict.fromkeys(knowledge_bases)), embedder.name)
        collections = {base: bases[base].collection for base in knowledge_bases if base in bases}
        search = Search(collections, embedder.name, vector, store or get_store())
        with clock.lap("words"):
            words = WordSearch(question, knowledge_bases)
            said = words.best(BY_WORDS)
        joined = _join(search, said, bases, limit, clock)
    except (EmbeddingError, WrongDimensionError) as error:
        return _by_words(question, knowledge_bases, limit, clock, error)
    entries = _to_weigh(joined)
    with clock.lap("words"):
        matches = words.matches(entries)
    with clock.lap("rank"):
        weighed = Weighed(vector, embedder.name, entries, matches, words.words, search.generation)
    with clock.lap("join"):
        candidates = _candidates(weighed, limit, bases)
        waiting = _waiting(joined, [i for i in joined.said if i not in weighed.ids], matches, limit, bases)
    found = Retrieval(candidates, search.way, clock.milliseconds, waiting, words=words.words)
    return _with_certainty(found, weighed) if candidates else found


def _to_weigh(joined: Joined) -> dict[uuid.UUID, str]:
    """Entries with their content hashes, the nearest first, so that what is equal stays as it was found."""
    return dict(islice(joined.current.items(), NEAREST)) | joined.said


def _with_certainty(found: Retrieval, weighed: Weighed) -> Retrieval:
    """What was found, and how sure it is of the first."""
    first = found.candidates[0]
    sure = confidences.confidence(match_of(first, found.words), scale_of(first.entry.knowledge_base))
    return replace(found, confidence=sure, lead=weighed.lead(first))


def _join(search: Search, said: Sequence[uuid.UUID], bases: Bases, limit: int, clock: "_Clock") -> Joined:
    """Search, and again for more where too much of what was found may not be said now."""
    for passages, entries in SEARCHES:
        with clock.lap("search"):
            found = search.hits(passages)
        with clock.lap("join"):
            near = nearest_entries(found, entries)
            joined = Joined(near, said, bases)
        if len(joined.current) >= max(limit, FEWEST) or (len(found) < passages and len(near) < entries):
            break
    return joined


def _candidates(weighed: Weighed, limit: int, bases: Bases) -> tuple[Candidate, ...]:
    """The best, as far as they still say what was weighed."""
    best = {place: weighed.ids[place] for place in weighed.order[:limit]}
    rows = read_entries(list(best.values()), bases)
    entries = {pk: entry for pk, entry in rows.items() if entry.content_hash == weighed.versions[pk]}
    return tuple(weighed.candidate(place, entries[pk]) for place, pk in best.items() if pk in entries)


def _waiting(
    joined: Joined, unknown: Sequence[uuid.UUID], matches: Mapping[uuid.UUID, LexicalMatch], limit: int, bases: Bases
) -> tuple[Candidate, ...]:
    """Entries that the index does not have as they are now: by their former words, or by their new ones."""
    former = joined.waiting
    fresh = (entry_id for entry_id in unknown if entry_id not in former)
    new = sorted(fresh, key=lambda entry_id: (-matches.get(entry_id, NO_WORDS).coverage, entry_id))
    chosen = [*former, *new][:limit]
    entries = read_entries(chosen, bases)
    return tuple(
        Candidate(entries[i], *former.get(i, (0.0, 1)), evidence=_by_match(matches.get(i, NO_WORDS)))
        for i in chosen
        if i in entries
    )


def _by_words(
    question: str, knowledge_bases: Sequence[uuid.UUID], limit: int, clock: "_Clock", error: Exception
) -> Retrieval:
    """The last way down: what has the question's words."""
    log.warning("question_not_embedded", reason=str(error)[:300])
    with clock.lap("words"):
        matches = search_words(question, knowledge_bases=knowledge_bases, limit=BY_WORDS)
    with clock.lap("join"):
        bases = read_bases(list(dict.fromkeys(knowledge_bases)), "")
        said = Joined({}, matches, bases).said
        best = [entry_id for entry_id in matches if entry_id in said][:limit]
        entries = read_entries(best, bases)
        found = [
            Candidate(entries[i], 0.0, 1, matches[i].bm25, _by_match(matches[i], matches[best[0]].bm25))
            for i in best
            if i in entries
        ]
    if not found:
        raise RetrievalError(f"The question could not be embedded: {error}") from error
    sure = confidences.by_words(found[0].evidence.coverage)
    return Retrieval(tuple(found), "words", clock.milliseconds, (), sure)


def _by_match(match: LexicalMatch, best: float = 0.0) -> Evidence:
    return Evidence(bm25=match.bm25 / best if best else 0.0, coverage=match.coverage, words=match.words)


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
