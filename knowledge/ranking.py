"""How well each entry answers a question, from all the evidence there is: pure functions on arrays.

The evidence is fused by score and never by rank: ranks throw the cosine away, and the cosine is what tells a question
that an entry answers from one that none does. What is decided here is the order; how sure the first one is, is
`knowledge.confidence`.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from knowledge.heads import Floats, Places, Pool, Vectors, heads

# Maximum likelihood of "which entry is meant?" over dev questions that have an answer, through the product's own
# search: `python -m benchmarks.fit_ranking`. See docs/decisions/0008-order-and-confidence-apart.md.
SPAN, WHOLE, AGREEMENT, DISCRIMINANT, COVERAGE = 6.91, 4.08, 0.83, 3.70, 2.16
# Passages of one entry that are looked at, the nearest first.
MOST_PER_ENTRY = 16
# Of them, those whose mean cosine is `Signals.nearby`.
NEARBY = 3
# The entries that come nearest beside one: how many tell what the question has in common with all of them, and how many
# are its neighbours. What stands for either in a base of a single entry: the mean on the dev questions.
BESIDE, NEIGHBOURS = 15, 3
USUAL_BESIDE, USUAL_NEIGHBOURS = 0.35, 0.42
# How much a passage must be bent to count as saying the question (ridge); 0 would call everything near.
SPAN_RIDGE = 0.3
# Entries that the heads tell apart, and passages that they learn from. Twice as many entries cost a third of a
# point of hit@1: what is far away says nothing of how the wordings here scatter.
POOL_ENTRIES, POOL_PASSAGES = 8, 100
# Which entries those are, before the heads have spoken: weights of span, whole and BM25.
BEFORE_HEADS = (10.0, 4.0, 1.5)
# An entry that the heads did not look at is e times less likely than the least likely that they did, and this much
# (discriminant) further off.
NOT_LOOKED_AT, FURTHER = float(np.exp(-1)), 0.08


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
    discriminant: Floats
    distinctness: Floats
    beside: Floats
    neighbours: Floats
    bm25: Floats
    coverage: Floats
    nearest: Places
    """The slot of the passage that is nearest to the question."""

    def scores(self) -> Floats:
        """Return one score per entry, higher is better; their softmax says how likely each one is meant."""
        cosines = SPAN * self.span + WHOLE * self.whole
        learned = AGREEMENT * np.log(self.agreement) + DISCRIMINANT * self.discriminant
        scores: Floats = cosines + learned + COVERAGE * self.coverage
        return scores


@dataclass(frozen=True)
class _Geometry:
    """What vectors alone say of m entries: all of shape (m,), but for the cosines of the n passages."""

    cosines: Floats
    phrasing: Floats
    nearby: Floats
    span: Floats
    whole: Floats
    entry: Floats
    beside: Floats
    neighbours: Floats
    nearest: Places


Memory = dict[Hashable, Any]
"""What was reckoned for one question: by the entries, and by those of them that the heads told apart."""


def signals(
    question: Vectors,
    passages: Passages,
    bm25: Floats,
    coverage: Floats,
    *,
    memory: Memory | None = None,
    entries: Hashable = (),
) -> Signals:
    """Weigh m entries for a question's unit vector (d,); `bm25` and `coverage` have the shape (m,).

    With a `memory` of this question, what vectors say of the same `entries` (whatever names them) is reckoned once.
    """
    known = {} if memory is None else memory
    shape = known.get(entries)
    if shape is None:
        shape = known[entries] = _geometry(question, passages)
    best = float(bm25.max(initial=0.0))
    relative = bm25 / best if best > 0 else bm25
    before = BEFORE_HEADS[0] * shape.span + BEFORE_HEADS[1] * shape.whole + BEFORE_HEADS[2] * relative
    chosen = np.argsort(-before, kind="stable")[:POOL_ENTRIES]
    told = (entries, tuple(sorted(chosen.tolist())))
    if told not in known:
        known[told] = _told_apart(shape.cosines, passages, chosen)
    agreement, discriminant, distinctness = known[told]
    return Signals(
        phrasing=shape.phrasing,
        nearby=shape.nearby,
        span=shape.span,
        whole=shape.whole,
        entry=shape.entry,
        agreement=agreement,
        discriminant=discriminant,
        distinctness=distinctness,
        beside=shape.beside,
        neighbours=shape.neighbours,
        bm25=relative,
        coverage=coverage,
        nearest=shape.nearest,
    )


def _geometry(question: Vectors, passages: Passages) -> _Geometry:
    cosines = (passages.vectors @ question).astype(np.float64)
    order = np.lexsort((-cosines, passages.owners))
    firsts = np.searchsorted(passages.owners[order], np.arange(passages.entries))
    nearest = order[firsts]
    span, entry, nearby, middles = _in_blocks(cosines, passages, order, firsts)
    whole = np.zeros(passages.entries)
    at_whole = passages.slots == 0
    whole[passages.owners[at_whole]] = cosines[at_whole]
    slots = passages.slots[nearest]
    return _Geometry(cosines, cosines[nearest], nearby, span, whole, entry, *_among(span, middles), slots)


def shares(scores: Floats) -> Floats:
    """Return how likely each entry is meant if one of them is, shape (m,): a softmax."""
    odds = np.exp(scores - float(scores.max(initial=-np.inf)))
    likely: Floats = odds / odds.sum()
    return likely


def _among(span: Floats, middles: Vectors) -> tuple[Floats, Floats]:
    """What the question has in common with the entries beside each one, and how near its neighbours are to that one.

    `middles` are the entries' middles, unit rows. A question that is far into one entry may be as far into many: then
    it is about what they have in common. That says less where they are alike anyway.
    """
    if len(span) == 1:
        return np.array([USUAL_BESIDE]), np.array([USUAL_NEIGHBOURS])
    order = np.argsort(-span, kind="stable")
    beside, near = order[: BESIDE + 1], order[: NEIGHBOURS + 1]
    alike = (middles @ middles[near].T).astype(np.float64)
    spans = np.broadcast_to(span[beside], (len(span), len(beside)))
    return _mean_of_others(spans, beside), _mean_of_others(alike, near)


def _mean_of_others(values: Floats, places: Places) -> Floats:
    """Of each row (m, k) the mean without one value: that at the row's own place, or else the last."""
    rows, left_out = np.arange(len(values)), np.full(len(values), len(places) - 1)
    left_out[places] = np.arange(len(places))
    mean: Floats = (values.sum(axis=1) - values[rows, left_out]) / (len(places) - 1)
    return mean


def _in_blocks(
    cosines: Floats, passages: Passages, order: Places, firsts: Places
) -> tuple[Floats, Floats, Floats, Vectors]:
    """Each entry's span, the cosine of its middle, the mean cosine of its three nearest passages, and its middle.

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
    middles = blocks.sum(axis=1) / lengths[:, None].astype(np.float32)
    return span, near.sum(axis=1) / lengths, near[:, :NEARBY].sum(axis=1) / counts, middles


def _told_apart(cosines: Floats, passages: Passages, chosen: Places) -> tuple[Floats, Floats, Floats]:
    """What the heads say of the entries that are likeliest before, and of the rest that they are none of them."""
    candidates = np.flatnonzero(np.isin(passages.owners, chosen))
    near = candidates[np.argsort(-cosines[candidates], kind="stable")[:POOL_PASSAGES]]
    entries, classes = np.unique(passages.owners[near], return_inverse=True)
    likely, speaks, distinct = heads(Pool(passages.vectors[near], classes, cosines[near].astype(np.float32)))
    agreement = np.full(passages.entries, float(likely.min()) * NOT_LOOKED_AT)
    discriminant = np.full(passages.entries, float(speaks.min()) - FURTHER)
    distinctness = np.full(passages.entries, float(distinct.mean()))
    agreement[entries], discriminant[entries], distinctness[entries] = likely, speaks, distinct
    return agreement, discriminant, distinctness
