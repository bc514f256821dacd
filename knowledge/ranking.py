"""How well each entry answers a question, from all the evidence there is: pure functions on arrays.

The evidence is fused by score and never by rank: ranks throw the cosine away, and the cosine is what tells a question
that an entry answers from one that none does. What is decided here is the order; how sure the first one is, is
`knowledge.confidence`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]

# Maximum likelihood of "which entry is meant?" over dev questions that have an answer, through the product's own
# search: `python -m benchmarks.fit_ranking`. See docs/decisions/0008-order-and-confidence-apart.md.
SPAN, WHOLE, AGREEMENT, BM25, COVERAGE = 8.11, 2.20, 1.34, 0.71, 1.75
# Passages of one entry that are looked at, the nearest first.
MOST_PER_ENTRY = 16
# Of them, those whose mean cosine is `Signals.nearby`.
NEARBY = 3
# How much a passage must be bent to count as saying the question (ridge); 0 would call everything near.
SPAN_RIDGE = 0.3
# The head learned for each question: entries that it tells apart, passages it learns from, its loss against its own
# weight (C of a logistic regression), its steps and their momentum. More of any of them changed nothing but the time;
# half as many passages cost a quarter of a point of hit@1 where entries have ten phrasings.
HEAD_ENTRIES, HEAD_PASSAGES, HEAD_C, HEAD_STEPS, MOMENTUM = 16, 120, 6.0, 12, 0.5
# Which entries the head is worth learning for, before it is learned.
BEFORE_HEAD = (10.0, 4.0, 1.5)
# An entry the head did not look at is e times less likely than the least likely it did.
NOT_LOOKED_AT = float(np.exp(-1))


@dataclass(frozen=True)
class Passages:
    """The passages of m entries: unit rows (n, d), the place of each one's entry (n,) and its slot (n,)."""

    vectors: Vectors
    owners: Places
    slots: Places
    entries: int


@dataclass(frozen=True)
class Signals:
    """What speaks for each of m entries, all of shape (m,); see `knowledge.retrieval.Evidence`."""

    phrasing: Floats
    nearby: Floats
    span: Floats
    whole: Floats
    entry: Floats
    agreement: Floats
    bm25: Floats
    coverage: Floats
    nearest: Places
    """The slot of the passage that is nearest to the question."""

    def scores(self) -> Floats:
        """Return one score per entry, higher is better; their softmax says how likely each one is meant."""
        cosines = SPAN * self.span + WHOLE * self.whole + AGREEMENT * np.log(self.agreement)
        scores: Floats = cosines + BM25 * self.bm25 + COVERAGE * self.coverage
        return scores


def signals(question: Vectors, passages: Passages, bm25: Floats, coverage: Floats) -> Signals:
    """Weigh m entries for a question's unit vector (d,); `bm25` and `coverage` have the shape (m,)."""
    cosines = (passages.vectors @ question).astype(np.float64)
    order = np.lexsort((-cosines, passages.owners))
    firsts = np.searchsorted(passages.owners[order], np.arange(passages.entries))
    nearest = order[firsts]
    span, entry, nearby = _in_blocks(cosines, passages, order, firsts)
    whole = np.zeros(passages.entries)
    at_whole = passages.slots == 0
    whole[passages.owners[at_whole]] = cosines[at_whole]
    best = float(bm25.max(initial=0.0))
    relative = bm25 / best if best > 0 else bm25
    before = BEFORE_HEAD[0] * span + BEFORE_HEAD[1] * whole + BEFORE_HEAD[2] * relative
    return Signals(
        phrasing=cosines[nearest],
        nearby=nearby,
        span=span,
        whole=whole,
        entry=entry,
        agreement=_agreement(cosines, passages, before),
        bm25=relative,
        coverage=coverage,
        nearest=passages.slots[nearest],
    )


def shares(scores: Floats) -> Floats:
    """Return how likely each entry is meant if one of them is, shape (m,): a softmax."""
    odds = np.exp(scores - float(scores.max(initial=-np.inf)))
    likely: Floats = odds / odds.sum()
    return likely


def _in_blocks(cosines: Floats, passages: Passages, order: Places, firsts: Places) -> tuple[Floats, Floats, Floats]:
    """Each entry's span, its cosine as the mean of its passages, and the mean cosine of the three nearest.

    The span is the length of the question's projection onto what the passages say together (ridge regression): a
    question that says what two phrasings say halves of is in it, though it is near to neither.
    """
    owners = passages.owners[order]
    ranks = np.arange(len(order)) - firsts[owners]
    kept = ranks < MOST_PER_ENTRY
    rows, owners, ranks = order[kept], owners[kept], ranks[kept]
    width = int(ranks.max(initial=0)) + 1
    # Entries with fewer passages are filled up with zeros, which neither span nor weigh anything.
    blocks = np.zeros((passages.entries, width, passages.vectors.shape[1]), np.float32)
    blocks[owners, ranks] = passages.vectors[rows]
    near = np.zeros((passages.entries, width))
    near[owners, ranks] = cosines[rows]
    kernels = (blocks @ blocks.transpose(0, 2, 1)).astype(np.float64)
    solved = np.linalg.solve(kernels + SPAN_RIDGE * np.eye(width), near[..., None])[..., 0]
    span = np.sqrt(np.maximum((near * solved).sum(axis=1), 0.0))
    lengths = np.sqrt(np.maximum(kernels.sum(axis=(1, 2)), 1e-12))
    counts = np.minimum(np.bincount(owners, minlength=passages.entries), NEARBY)
    return span, near.sum(axis=1) / lengths, near[:, :NEARBY].sum(axis=1) / counts


def _agreement(cosines: Floats, passages: Passages, before: Floats) -> Floats:
    """How likely each entry is whose words the question is: a small head learned on the spot, summing to about 1.

    A logistic regression from the passages around the question to the entries that they belong to, in its dual form
    with a fixed bound on the curvature (Böhning 1992), so that a step is two small matrix products.
    """
    chosen = np.argsort(-before, kind="stable")[:HEAD_ENTRIES]
    candidates = np.flatnonzero(np.isin(passages.owners, chosen))
    near = candidates[np.argsort(-cosines[candidates], kind="stable")[:HEAD_PASSAGES]]
    entries, classes = np.unique(passages.owners[near], return_inverse=True)
    # In single precision: half the time, and exact to the fourth digit of a probability.
    vectors = passages.vectors[near].astype(np.float32)
    kernel, unit = vectors @ vectors.T, np.eye(len(near), dtype=np.float32)
    targets = np.eye(len(entries), dtype=np.float32)[classes]
    inverse = np.linalg.inv(kernel / 4 + unit / HEAD_C)
    weights, step = np.zeros_like(targets), np.zeros_like(targets)
    for _ in range(HEAD_STEPS):
        slope = targets - _softmax(kernel @ weights) - weights / HEAD_C
        step = inverse @ slope + MOMENTUM * step
        weights += step
    likely = _softmax((cosines[near] @ weights)[None, :])[0]
    agreement = np.full(passages.entries, float(likely.min()) * NOT_LOOKED_AT)
    agreement[entries] = likely
    return agreement


def _softmax(rows: Floats) -> Floats:
    odds = np.exp(rows - rows.max(axis=1, keepdims=True))
    likely: Floats = odds / odds.sum(axis=1, keepdims=True)
    return likely
