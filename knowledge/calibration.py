"""A base's own calibration of the confidence, from questions whose right answers are known: Platt scaling.

Pure functions. Two numbers, and drawn towards changing nothing: a dozen questions must not turn everything over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
# Fewer questions than this say more about chance than about the base.
FEWEST = 20
# The weight of "slope 1, offset 0" in questions.
TRUST = 4.0
# A calibration turns no order round, and makes nothing certain.
LOWEST_SLOPE, HIGHEST_SLOPE = 0.2, 3.0
STEPS = 50
FOLDS = 5


class TooFewQuestionsError(ValueError):
    """The questions are too few or too alike to calibrate with; the message says what is missing."""


@dataclass(frozen=True)
class Calibration:
    """The log-odds of a confidence become slope times them plus offset."""

    slope: float = 1.0
    offset: float = 0.0

    def apply(self, evidence: Floats) -> Floats:
        """Return calibrated probabilities (n,) of log-odds (n,)."""
        likely: Floats = 1 / (1 + np.exp(-np.clip(self.slope * evidence + self.offset, -30, 30)))
        return likely


def fit(evidence: Sequence[float], right: Sequence[bool]) -> Calibration:
    """Return the calibration under which `right` (was the first entry a right one?) is likeliest.

    Maximum a posteriori by Newton's method; targets are smoothed as Platt (1999) does. Raises TooFewQuestionsError.
    """
    scores, targets = np.array(evidence, np.float64), np.array(right, np.float64)
    hits, misses = targets.sum(), (1 - targets).sum()
    if len(targets) < FEWEST:
        raise TooFewQuestionsError(f"There are {len(targets)} questions; a calibration needs at least {FEWEST}.")
    if not hits or not misses:
        which = "right" if hits else "wrong"
        raise TooFewQuestionsError(
            f"Retrieval is {which} on every one of these questions, so they do not show where it stops being so. "
            f"Add questions that {'no entry answers' if hits else 'an entry answers'}."
        )
    return _fit(scores, targets)


def held_out(evidence: Sequence[float], right: Sequence[bool]) -> Floats:
    """Return probabilities (n,), each by a calibration fitted without its question's fifth: what new questions get."""
    scores, targets = np.array(evidence, np.float64), np.array(right, np.float64)
    # Right ones and others are dealt out evenly.
    fold = np.empty(len(targets), np.intp)
    fold[np.argsort(targets, kind="stable")] = np.arange(len(targets)) % FOLDS
    likely = np.empty(len(targets))
    for one in range(FOLDS):
        here = fold == one
        likely[here] = _fit(scores[~here], targets[~here]).apply(scores[here])
    return likely


def _fit(scores: Floats, targets: Floats) -> Calibration:
    hits, misses = targets.sum(), (1 - targets).sum()
    smooth = np.where(targets > 0, (hits + 1) / (hits + 2), 1 / (misses + 2))
    ones = np.ones_like(scores)
    slope, offset = _likeliest(np.column_stack([scores, ones]), smooth, np.array([1.0, 0.0]), np.zeros_like(scores))
    kept = float(np.clip(slope, LOWEST_SLOPE, HIGHEST_SLOPE))
    if kept != slope:
        # The offset that belongs to a slope that was not taken would be wrong by as much.
        (offset,) = _likeliest(ones[:, None], smooth, np.zeros(1), kept * scores)
    return Calibration(kept, float(offset))


def _likeliest(rows: Floats, targets: Floats, usual: Floats, known: Floats) -> Floats:
    """The factors (f,) of rows (n, f) under which targets are likeliest, drawn to the usual; `known` is added (n,)."""
    at = usual.copy()
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-np.clip(rows @ at + known, -30, 30)))
        slope = rows.T @ (targets - likely) - TRUST * (at - usual)
        curve = (rows * (likely * (1 - likely))[:, None]).T @ rows + TRUST * np.eye(len(at))
        step = np.linalg.solve(curve, slope)
        at = at + step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-6:
            break
    return at
