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
    smooth = np.where(targets > 0, (hits + 1) / (hits + 2), 1 / (misses + 2))
    rows, at, usual = np.column_stack([scores, np.ones_like(scores)]), np.array([1.0, 0.0]), np.array([1.0, 0.0])
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-np.clip(rows @ at, -30, 30)))
        slope = rows.T @ (smooth - likely) - TRUST * (at - usual)
        curve = (rows * (likely * (1 - likely))[:, None]).T @ rows + TRUST * np.eye(2)
        step = np.linalg.solve(curve, slope)
        at = at + step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-6:
            break
    return Calibration(float(np.clip(at[0], LOWEST_SLOPE, HIGHEST_SLOPE)), float(at[1]))
