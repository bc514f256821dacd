"""What editors ask before visitors do: all wordings of an entry, on the production path.

Nothing here changes what visitors get.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils import timezone

from knowledge.confidence import Verdict
from knowledge.embedding import EmbeddingError, as_embedded, get_embedder
from knowledge.models import Entry
from knowledge.retrieval import Candidate, Retrieval, RetrievalError, retrieve
from knowledge.vector_store import VectorStore
from knowledge.vectors import vectors_for

# At some milliseconds each, what an editor waits for without noticing.
MAX_WORDINGS = 50
# Cosine from which on two entries may be one. Chosen by eye with the local model: in a public FAQ of 503 entries nine
# pairs are at 0.95 and above, and each of them asks the same twice; the next, at 0.91, ask two things. The demo has
# none above 0.86 ("the display shows E10" and "… E21").
NEAR = 0.92


@dataclass(frozen=True)
class Wording:
    """One of an entry's wordings, what it finds first (None: nothing), and how surely (0 to 1)."""

    text: str
    first: Candidate | None
    confidence: float
    verdict: Verdict
    """What a visitor who asks in these words would get."""

    def finds(self, entry: Entry) -> bool:
        """Whether these words lead to `entry`."""
        return self.first is not None and self.first.entry.pk == entry.pk


@dataclass(frozen=True)
class Neighbour:
    """Another entry with a passage nearly the same as one of this entry's wordings; `similarity` is their cosine."""

    entry: Entry
    similarity: float
    wording: str


@dataclass(frozen=True)
class EntryCheck:
    """Each wording of an entry asked once, in their order; `left_out` is how many were too many to ask."""

    entry: Entry
    wordings: tuple[Wording, ...]
    neighbours: tuple[Neighbour, ...]
    left_out: int

    @property
    def strays(self) -> list[Wording]:
        """The wordings that land elsewhere, or nowhere."""
        return [wording for wording in self.wordings if not wording.finds(self.entry)]

    @property
    def unsure(self) -> list[Wording]:
        """The wordings that find the entry, but not surely enough for its answer to be given."""
        return [w for w in self.wordings if w.finds(self.entry) and w.verdict != Verdict.QUOTE]

    @property
    def found(self) -> int:
        """How many wordings find the entry."""
        return len(self.wordings) - len(self.strays)


def why_unchecked(entry: Entry) -> str:
    """Why asking this entry's wordings would tell nothing now, in a sentence; "" where it would."""
    state, now = entry.index_state, timezone.now()
    if entry.status != Entry.Status.PUBLISHED:
        return "Not published: visitors cannot find it."
    if state == Entry.IndexState.FAILED:
        return "The indexer has set it aside, so visitors do not find its new words. The badge says why."
    if state == Entry.IndexState.WAITING:
        return "Waiting for the index. Its wordings are checked as soon as it is live."
    if (entry.valid_from and entry.valid_from > now) or (entry.valid_until and entry.valid_until <= now):
        return "Outside its dates: visitors cannot find it now."
    return ""


def check_entry(entry: Entry, *, store: VectorStore | None = None) -> EntryCheck:
    """Ask each wording of a live entry in its own knowledge base; raises RetrievalError when nothing can be looked up.

    The wordings are in the index themselves, so what lands elsewhere is what another entry says as well, or better.
    """
    texts = [entry.question, *(phrasing.text for phrasing in entry.phrasings.all())]
    asked = texts[:MAX_WORDINGS]
    answers = list(_ask_all(asked, entry, store))
    wordings = [
        Wording(text, next(iter(found.candidates), None), found.confidence, found.verdict)
        for text, found in zip(asked, answers, strict=True)
    ]
    neighbours = _neighbours(entry, zip(asked, answers, strict=True))
    return EntryCheck(entry, tuple(wordings), tuple(neighbours), left_out=len(texts) - len(asked))


def _ask_all(texts: Sequence[str], entry: Entry, store: VectorStore | None) -> Iterator[Retrieval]:
    try:
        # A live entry's wordings have their vectors in SQL, so this embeds nothing.
        vectors = vectors_for(get_embedder(), [*map(as_embedded, texts)])
    except EmbeddingError as error:
        raise RetrievalError(f"The wordings could not be embedded: {error}") from error
    for text, vector in zip(texts, vectors, strict=True):
        yield retrieve(text, knowledge_bases=[entry.knowledge_base_id], store=store, vector=vector)


def _neighbours(entry: Entry, asked: Iterator[tuple[str, Retrieval]]) -> list[Neighbour]:
    """Other entries at NEAR or nearer, nearest first, each once."""
    nearest: dict[uuid.UUID, Neighbour] = {}
    for text, found in asked:
        for candidate in found.candidates:
            other, similarity = candidate.entry, candidate.similarity
            known = nearest.get(other.pk)
            if other.pk != entry.pk and similarity >= NEAR and (known is None or similarity > known.similarity):
                nearest[other.pk] = Neighbour(other, similarity, text)
    return sorted(nearest.values(), key=lambda neighbour: -neighbour.similarity)
