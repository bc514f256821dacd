"""Entries that may answer, weighed by all the evidence: the arrays of `ranking` on one side, rows on the other."""

import uuid
from collections.abc import Mapping
from math import sqrt

import numpy as np

from knowledge.confidence import USUAL_COHESION, USUAL_CROWDING, USUAL_ENTRIES, Match, Scale
from knowledge.embedding import Matrix
from knowledge.entry_vectors import Version
from knowledge.lexical import LexicalMatch
from knowledge.models import Entry, KnowledgeBase
from knowledge.ranking import Memory, Passages, Signals, shares, signals
from knowledge.retrieval.results import Candidate, Evidence

NO_WORDS = LexicalMatch(0.0, 0.0, ())
# The cosine from which a message is like small talk at all; of 0.3, 0.4 and 0.5 the best on the dev questions.
SMALL_TALK_FROM = 0.5


class Weighed:
    """Entries weighed by all the evidence; `order` has their places, best first."""

    def __init__(
        self,
        vector: Matrix,
        entries: Mapping[uuid.UUID, str],
        known: Mapping[Version, Matrix],
        words: Mapping[uuid.UUID, LexicalMatch],
        question_words: int,
        small_talk: float = -1.0,
        memory: Memory | None = None,
    ) -> None:
        """Weigh `entries`, given with their content hashes in the order in which equal ones are to stay.

        Those whose vectors are not `known` are left out. `small_talk` is the question's cosine with the nearest of it.
        """
        self.ids = [entry_id for entry_id, now in entries.items() if (entry_id, now) in known]
        self.versions = entries
        self.order: list[int] = []
        self._words = [words.get(entry_id, NO_WORDS) for entry_id in self.ids]
        self._question_words = question_words
        self._small_talk = small_talk
        if self.ids:
            matrices = [known[entry_id, entries[entry_id]] for entry_id in self.ids]
            self._sizes = [len(matrix) for matrix in matrices]
            versions = tuple((entry_id, entries[entry_id]) for entry_id in self.ids)
            self._signals = self._weigh(vector, matrices, memory, versions)
            self._scores = self._signals.scores()
            self.order = [int(place) for place in np.argsort(-self._scores, kind="stable")]

    def _weigh(
        self, vector: Matrix, matrices: list[Matrix], memory: Memory | None, versions: tuple[Version, ...]
    ) -> Signals:
        owners = np.repeat(np.arange(len(matrices)), self._sizes)
        slots = np.concatenate([np.arange(size) for size in self._sizes])
        passages = Passages(np.vstack(matrices), owners, slots, len(matrices))
        bm25, coverage = np.array([(m.bm25, m.coverage) for m in self._words]).T
        return signals(vector, passages, bm25, coverage, memory=memory, entries=versions)

    def candidate(self, place: int, entry: Entry) -> Candidate:
        """The entry at a place with all that speaks for it."""
        found, words = self._signals, self._words[place]
        evidence = Evidence(
            phrasing=float(found.phrasing[place]),
            nearby=float(found.nearby[place]),
            span=float(found.span[place]),
            whole=float(found.whole[place]),
            entry=float(found.entry[place]),
            agreement=float(found.agreement[place]),
            discriminant=float(found.discriminant[place]),
            distinctness=float(found.distinctness[place]),
            beside=float(found.beside[place]),
            neighbours=float(found.neighbours[place]),
            small_talk=max(0.0, self._small_talk - max(SMALL_TALK_FROM, float(found.phrasing[place]))),
            bm25=float(found.bm25[place]),
            coverage=float(found.coverage[place]),
            overlap=words.bm25 / sqrt(max(self._question_words, 1)),
            words=words.words,
            asked_words=self._question_words,
            passages=self._sizes[place],
        )
        return Candidate(entry, evidence.phrasing, int(found.nearest[place]), float(self._scores[place]), evidence)

    def lead(self, first: Candidate) -> float:
        """How likely a candidate is meant if one of all that were weighed is."""
        return float(shares(self._scores)[self.ids.index(first.entry.pk)])


def match_of(candidate: Candidate, lead: float) -> Match:
    """How a candidate meets its question; `lead` is how likely it is among all that were found."""
    found = candidate.evidence
    return Match(
        found.span,
        found.entry,
        found.nearby,
        found.discriminant,
        found.distinctness,
        found.beside,
        found.neighbours,
        found.small_talk,
        found.asked_words,
        lead,
        found.overlap,
    )


def scale_of(base: KnowledgeBase) -> Scale:
    """What a match is worth in a knowledge base, by what the indexer found and by the base's own calibration."""
    return Scale(
        USUAL_CROWDING if base.crowding is None else base.crowding,
        USUAL_COHESION if base.cohesion is None else base.cohesion,
        base.surveyed_entries or USUAL_ENTRIES,
        base.calibration_slope,
        base.calibration_offset,
    )
