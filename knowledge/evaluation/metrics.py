"""What the answers to many questions are worth: pure functions on arrays, no question and no entry in sight.

`hits` has a row per question and a column per rank (best first): is the entry there a relevant one? `right` says of
each question whether its first entry is relevant; out of scope nothing is. Shares are between 0 and 1.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
BINS = 10


@dataclass(frozen=True)
class Bin:
    """Questions of like confidence: how sure the product was of them (mean), and how many it got right (share)."""

    low: float
    high: float
    confidence: float
    right: float
    n: int


def hit_at(hits: Bools, k: int) -> float | None:
    """Return the share of questions with a relevant entry among the first `k`; None without questions."""
    return float(hits[:, :k].any(axis=1).mean()) if len(hits) else None


def mean_reciprocal_rank(hits: Bools) -> float | None:
    """Return the mean of 1 / rank of the first relevant entry, 0 where there is none."""
    if not len(hits):
        return None
    reciprocal = np.where(hits.any(axis=1), 1.0 / (hits.argmax(axis=1) + 1), 0.0)
    return float(reciprocal.mean())


def ndcg(hits: Bools, relevant: Counts) -> float | None:
    """Return the mean normalised discounted cumulative gain, gains 0 or 1; `relevant` counts what there is to find."""
    if not len(hits):
        return None
    discounts = 1.0 / np.log2(np.arange(hits.shape[1]) + 2)
    best = np.concatenate([[0.0], np.cumsum(discounts)])[np.minimum(relevant, hits.shape[1])]
    return float(((hits * discounts).sum(axis=1) / best).mean())


def auroc(inside: Floats, outside: Floats) -> float | None:
    """Return how often a question in scope has more confidence than one out of scope, ties counting half."""
    if not len(inside) or not len(outside):
        return None
    ordered = np.sort(outside)
    below = np.searchsorted(ordered, inside, "left")
    not_above = np.searchsorted(ordered, inside, "right")
    return float((below + not_above).mean() / (2 * len(outside)))


def answered_at_precision(confidence: Floats, right: Bools, in_scope: Bools, precision: float) -> float | None:
    """Return the largest share of questions in scope answered right where `precision` of all that is answered is right.

    Answered is what is at or above one threshold, so questions of the same confidence are answered together or not.
    """
    if not in_scope.any():
        return None
    order = np.argsort(-confidence, kind="stable")
    correct = np.cumsum(right[order])
    answered = np.arange(1, len(order) + 1)
    is_threshold = np.append(np.diff(confidence[order]) != 0, True)
    # In whole numbers: 9 of 10 is 0.9, and 0.9 as a float may say otherwise.
    good = is_threshold & (correct >= precision * answered - 1e-9)
    return float(correct[good].max() / in_scope.sum()) if good.any() else 0.0


def reliability(confidence: Floats, right: Bools) -> list[Bin]:
    """Sort questions into ten bins of confidence, equally wide; empty ones are left out."""
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = []
    for place in range(BINS):
        here = places == place
        if here.any():
            sure, share = float(confidence[here].mean()), float(right[here].mean())
            bins.append(Bin(place / BINS, (place + 1) / BINS, sure, share, int(here.sum())))
    return bins


def expected_calibration_error(bins: list[Bin]) -> float | None:
    """Return the mean distance between confidence and what came true, weighted by the questions in each bin."""
    total = sum(b.n for b in bins)
    return sum(b.n * abs(b.confidence - b.right) for b in bins) / total if total else None


def share(flags: Bools) -> float | None:
    """Return the share that is true; None of nothing."""
    return float(flags.mean()) if len(flags) else None
