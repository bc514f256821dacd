"""Two maximum likelihoods by Newton's method: a logistic regression, and a choice between options with features."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
# Value, slope and negated curvature of something to be made as large as possible.
Bend = tuple[float, Floats, Floats]
SHRINK = 1e-5
STEPS = 60


def logistic(features: Floats, targets: Floats, weights: Floats) -> Floats:
    """Return the weights (f,) under which targets (n,) of 0 or 1 are likeliest given features (n, f)."""

    def bend(at: Floats) -> Bend:
        scores = features @ at
        likely = 1 / (1 + np.exp(-scores))
        value = float(weights @ (targets * scores - np.logaddexp(0, scores)))
        slope = features.T @ (weights * (targets - likely))
        return value, slope, (features * (weights * likely * (1 - likely))[:, None]).T @ features

    return _maximise(bend, features.shape[1])


def choice(features: Floats, exists: Bools, right: Bools, weights: Floats) -> Floats:
    """Return the weights (f,) under which right options are likeliest: features (n, options, f), the rest without f."""

    def bend(at: Floats) -> Bend:
        scores = np.where(exists, features @ at, -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        true = np.where(right, shares, 0.0)
        hit = np.maximum(true.sum(axis=1, keepdims=True), 1e-12)
        slope = np.einsum("n,no,nof->f", weights, true / hit - shares, features)
        mean = np.einsum("no,nof->nf", shares, features)
        second = np.einsum("n,no,nof,nog->fg", weights, shares, features, features, optimize=True)
        return float(weights @ np.log(hit[:, 0])), slope, second - (mean * weights[:, None]).T @ mean

    return _maximise(bend, features.shape[2])


def _maximise(bend: Callable[[Floats], Bend], size: int) -> Floats:
    """Newton's steps, halved where they would go down."""
    at = np.zeros(size)
    value, slope, curve = _shrunk(bend, at)
    for _ in range(STEPS):
        step = np.linalg.solve(curve, slope)
        while True:
            tried = _shrunk(bend, at + step)
            if tried[0] >= value or np.abs(step).max() < 1e-6:
                break
            step /= 2
        at, (value, slope, curve) = at + step, tried
        if np.abs(step).max() < 1e-5:
            break
    return at


def _shrunk(bend: Callable[[Floats], Bend], at: Floats) -> Bend:
    value, slope, curve = bend(at)
    return value - SHRINK * float(at @ at), slope - 2 * SHRINK * at, curve + 2 * SHRINK * np.eye(len(at))
