"""How well each entry answers a question, from all the evidence there is: pure functions on arrays.

The evidence is fused by score and never by rank: ranks throw the cosine away, and the cosine is what tells a question
that an entry answers from one that none does. The scores are those of a conditional logit whose last option is "none of
these", so their softmax says how likely each entry is meant, and how likely none is.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

# Maximum likelihood on the dev splits of banking77, banking77_oos and clinc150, each set weighing the same; fitted on
# arrays, with simpler words than ours. `python -m benchmarks.fit_ranking` does it through the product.
PHRASING, ENTRY, AGREEMENT, BM25, COVERAGE = 1.58, 6.17, 7.45, 1.68, 0.97
NONE_OF_THESE = 6.83
# Kernel regression: how fast a passage's say fades with its distance, and how much one may say alone.
SHARPNESS, RIDGE = 2.0, 0.3
# Passages that have a say, the nearest first: more change nothing and cost cubed.
MOST_PASSAGES = 130


@dataclass(frozen=True)
class Passages:
    """The passages of m entries: unit rows (n, d), the place of each one's entry (n,) and its slot (n,)."""

    vectors: npt.NDArray[np.float32]
    owners: Places
    slots: Places
    entries: int


@dataclass(frozen=True)
class Signals:
    """What speaks for each of m entries, all of shape (m,); see `knowledge.retrieval.Evidence`."""

    phrasing: Floats
    entry: Floats
    agreement: Floats
    bm25: Floats
    coverage: Floats
    nearest: Places
    """The slot of the passage that is nearest to the question."""

    def scores(self) -> Floats:
        """Return one score per entry, higher is better, comparable with `NONE_OF_THESE`."""
        cosines = PHRASING * self.phrasing + ENTRY * self.entry + AGREEMENT * self.agreement
        scores: Floats = cosines + BM25 * self.bm25 + COVERAGE * self.coverage
        return scores


def signals(question: npt.NDArray[np.float32], passages: Passages, bm25: Floats, coverage: Floats) -> Signals:
    """Weigh m entries for a question's unit vector (d,); `bm25` and `coverage` have the shape (m,)."""
    cosines = (passages.vectors @ question).astype(np.float64)
    nearest, phrasing = _best(cosines, passages)
    best = float(bm25.max(initial=0.0))
    return Signals(
        phrasing=phrasing,
        entry=_whole(question, passages),
        agreement=_agreement(cosines, passages),
        bm25=bm25 / best if best > 0 else bm25,
        coverage=coverage,
        nearest=nearest,
    )


def probabilities(scores: Floats) -> Floats:
    """Return how likely each entry is the one that is meant, shape (m,); what is missing to 1 is for none of them."""
    highest = max(NONE_OF_THESE, float(scores.max(initial=-np.inf)))
    odds = np.exp(scores - highest)
    shares: Floats = odds / (odds.sum() + np.exp(NONE_OF_THESE - highest))
    return shares


def _best(cosines: Floats, passages: Passages) -> tuple[Places, Floats]:
    """Each entry's nearest passage: its slot and its cosine."""
    slots = np.zeros(passages.entries, np.intp)
    best = np.zeros(passages.entries)
    order = np.argsort(cosines, kind="stable")
    slots[passages.owners[order]] = passages.slots[order]
    best[passages.owners[order]] = cosines[order]
    return slots, best


def _whole(question: npt.NDArray[np.float32], passages: Passages) -> Floats:
    """Cosines with each entry as a whole: the mean of its passages."""
    sums = np.zeros((passages.entries, passages.vectors.shape[1]))
    np.add.at(sums, passages.owners, passages.vectors)
    lengths = np.linalg.norm(sums, axis=1)
    whole: Floats = sums @ question / np.where(lengths > 0, lengths, 1.0)
    return whole


def _agreement(cosines: Floats, passages: Passages) -> Floats:
    """Kernel ridge regression of "whose words are these?" over the nearest passages: a small head learned on the spot.

    A passage among many of its own entry speaks louder than one that stands between two entries.
    """
    near = np.argsort(-cosines, kind="stable")[:MOST_PASSAGES]
    vectors, owners = passages.vectors[near].astype(np.float64), passages.owners[near]
    kernel = np.exp(SHARPNESS * (vectors @ vectors.T - 1)) + RIDGE * np.eye(len(near))
    says = np.linalg.solve(kernel, np.exp(SHARPNESS * (cosines[near] - 1)))
    return np.bincount(owners, weights=says, minlength=passages.entries).astype(np.float64)
