"""The way of a question: vectors and words propose, SQL decides, and all the evidence ranks what is left."""

import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

import structlog

from knowledge import confidence as confidences
from knowledge.embedding import EmbeddingError, Matrix, get_embedder, question_vector
from knowledge.exact import WrongDimensionError
from knowledge.lexical import LexicalMatch, WordSearch, search_words
from knowledge.models import Entry
from knowledge.retrieval.joining import Joined
from knowledge.retrieval.results import Candidate, Evidence, Retrieval, RetrievalError
from knowledge.retrieval.rows import Hashes, read_bases, read_entries, read_hashes
from knowledge.retrieval.shelf import Finder, Shelf, SqlShelf
from knowledge.retrieval.small_talk import nearness
from knowledge.retrieval.weighing import NO_WORDS, Weighed, match_of, scale_of
from knowledge.vector_store import VectorStore

log = structlog.get_logger(__name__)
# Passages asked of the store, for an entry has several, and how many entries of those are looked up, for some may be
# dropped. Again and for more where too many were.
PASSAGES = 100
SEARCHES = ((PASSAGES, 18), (500, 500))
# Entries that are weighed with all their evidence: the nearest, and those with the best words.
NEAREST, BY_WORDS = 12, 5
# Fewer of the nearest than this are too few to tell apart, however few are wanted.
FEWEST = 10
ReadHashes = Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, Hashes]]
ReadEntries = Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, Entry]]


def retrieve(
    question: str,
    *,
    knowledge_bases: Sequence[uuid.UUID],
    limit: int = 5,
    store: VectorStore | None = None,
    vector: Matrix | None = None,
    shelf: Shelf | None = None,
) -> Retrieval:
    """Return up to `limit` entries that are answerable now; `vector` is the question's, where the caller has it.

    `shelf` is where entries are read: the database and `store`, unless an edit is rehearsed. Where the question cannot
    be embedded its words alone are looked up; RetrievalError where they find nothing.
    """
    clock, shelf = _Clock(), shelf or SqlShelf(store)
    try:
        with clock.lap("embed"):
            embedder = get_embedder()
            vector = question_vector(question, embedder) if vector is None else vector
        with clock.lap("join"):
            bases = shelf.bases(list(dict.fromkeys(knowledge_bases)), embedder.name)
        search = shelf.finder(bases, embedder.name, vector)
        with clock.lap("words"):
            words = WordSearch(question, knowledge_bases, shelf.words)
            said = words.best(BY_WORDS)
        joined = _join(search, said, lambda ids: shelf.hashes(ids, bases), limit, clock)
    except (EmbeddingError, WrongDimensionError) as error:
        return _by_words(question, knowledge_bases, limit, clock, error)
    entries = _to_weigh(joined)
    with clock.lap("words"):
        matches = words.matches(entries)
    with clock.lap("rank"):
        known = shelf.vectors(embedder.name, list(entries.items()), len(vector), search.generation)
        talk = nearness(vector, embedder)
        weighed = Weighed(vector, entries, known, matches, words.words, talk, shelf.memory(vector))
    with clock.lap("join"):
        candidates = _candidates(weighed, limit, lambda ids: shelf.entries(ids, bases))
        unknown = [i for i in joined.said if i not in weighed.ids]
        waiting = _waiting(joined, unknown, matches, limit, lambda ids: shelf.entries(ids, bases))
    return _with_certainty(Retrieval(candidates, search.way, clock.milliseconds, waiting), weighed)


def _to_weigh(joined: Joined) -> dict[uuid.UUID, str]:
    """Entries with their content hashes, the nearest first, so that what is equal stays as it was found."""
    return dict(islice(joined.current.items(), NEAREST)) | joined.said


def _with_certainty(found: Retrieval, weighed: Weighed) -> Retrieval:
    """What was found, and how sure it is of the first, if there is one."""
    if not found.candidates:
        return found
    first = found.candidates[0]
    lead = weighed.lead(first)
    sure = confidences.confidence(match_of(first, lead), scale_of(first.entry.knowledge_base))
    return replace(found, confidence=sure, lead=lead)


def _join(search: Finder, said: Sequence[uuid.UUID], hashes: ReadHashes, limit: int, clock: "_Clock") -> Joined:
    """Search, and again for more where too much of what was found may not be said now."""
    for passages, entries in SEARCHES:
        with clock.lap("search"):
            near, found = search.near(passages, entries)
        with clock.lap("join"):
            joined = Joined(near, said, hashes)
        if len(joined.current) >= max(limit, FEWEST) or (found < passages and len(near) < entries):
            break
    return joined


def _candidates(weighed: Weighed, limit: int, read: ReadEntries) -> tuple[Candidate, ...]:
    """The best, as far as they still say what was weighed."""
    best = {place: weighed.ids[place] for place in weighed.order[:limit]}
    rows = read(list(best.values()))
    entries = {pk: entry for pk, entry in rows.items() if entry.content_hash == weighed.versions[pk]}
    return tuple(weighed.candidate(place, entries[pk]) for place, pk in best.items() if pk in entries)


def _waiting(
    joined: Joined,
    unknown: Sequence[uuid.UUID],
    matches: Mapping[uuid.UUID, LexicalMatch],
    limit: int,
    read: ReadEntries,
) -> tuple[Candidate, ...]:
    """Entries that the index does not have as they are now: by their former words, or by their new ones."""
    former = joined.waiting
    fresh = (entry_id for entry_id in unknown if entry_id not in former)
    new = sorted(fresh, key=lambda entry_id: (-matches.get(entry_id, NO_WORDS).coverage, entry_id))
    chosen = [*former, *new][:limit]
    entries = read(chosen)
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
        said = Joined({}, matches, lambda ids: read_hashes(ids, bases)).said
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
