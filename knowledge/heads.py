"""Two small heads, learned for each question from the passages around it: whose words are these?

Nothing is kept between questions, so an edit counts at once. Pure functions on arrays. The first draws the borders
between entries, the second the shape of what each one's wordings scatter over; each is right where the other is not.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]

# The loss of the logistic regression against its own weight (its C), its steps and their momentum: more change nothing.
C, STEPS, MOMENTUM = 6.0, 12, 0.5
# What is known of the scatter of wordings before any is seen: its sum over all dimensions (two wordings of an entry
# have a cosine of about a half), and how many wordings that knowledge is worth.
USUAL_SCATTER, WORTH = 0.5, 60


@dataclass(frozen=True)
class Pool:
    """n passages (n, d), unit rows; the class (0 to m-1) of each, none empty; their cosines with the question (n,)."""

    vectors: Vectors
    classes: Places
    cosines: Vectors

    @property
    def gram(self) -> Vectors:
        """The cosines of the passages with each other (n, n)."""
        return self.vectors @ self.vectors.T


def heads(pool: Pool) -> tuple[Floats, Floats, Floats]:
    """Return `agreement`, `discriminant` and `distinctness` of the m classes, shape (m,) each."""
    gram = pool.gram
    members = np.eye(int(pool.classes.max()) + 1, dtype=np.float32)[pool.classes]
    return agreement(pool, gram, members), *discriminant(pool, gram, members)


def agreement(pool: Pool, gram: Vectors, members: Vectors) -> Floats:
    """How likely each class has the question's words, summing to 1.

    A logistic regression from passages to classes, in its dual form with a fixed bound on the curvature (Böhning 1992),
    so that a step is two small matrix products. In single precision: exact to the fourth digit of a probability.
    """
    unit = np.eye(len(gram), dtype=np.float32)
    inverse = np.linalg.inv(gram / 4 + unit / C)
    weights, step = np.zeros_like(members), np.zeros_like(members)
    for _ in range(STEPS):
        slope = members - _softmax(gram @ weights) - weights / C
        step = inverse @ slope + MOMENTUM * step
        weights += step
    likely: Floats = _softmax((pool.cosines @ weights)[None, :])[0].astype(np.float64)
    return likely


def discriminant(pool: Pool, gram: Vectors, members: Vectors) -> tuple[Floats, Floats]:
    """How far the question speaks for each class, and how far each class stands out, both per dimension.

    Linear discriminant analysis (Fisher 1936; Rao 1948): classes are normal with means mu and one covariance S for all,
    and a question q speaks for a class by mu' S^-1 q - mu' S^-1 mu / 2. The second number is mu' S^-1 mu. S is the
    scatter of the passages around their means, drawn to an even one; its inverse is taken by Woodbury's identity, from
    cosines alone: n passages are far fewer than their dimensions.
    """
    dimension, (n, m) = pool.vectors.shape[1], members.shape
    share = members / members.sum(axis=0)

    def centred(rows: Vectors) -> Vectors:
        apart: Vectors = rows - members @ (share.T @ rows)
        return apart

    prior = WORTH * USUAL_SCATTER / dimension
    with_means = gram @ share
    scatter = centred(centred(gram).T) + prior * np.eye(n, dtype=np.float32)
    known = centred(np.column_stack([pool.cosines, with_means]))
    solved = np.linalg.solve(scatter, known)
    scale = (n - m + WORTH) / prior / dimension
    speaks = scale * (share.T @ pool.cosines - known[:, 1:].T @ solved[:, 0])
    distinct = scale * ((share * with_means).sum(axis=0) - (known[:, 1:] * solved[:, 1:]).sum(axis=0))
    return (speaks - distinct / 2).astype(np.float64), distinct.astype(np.float64)


def _softmax(rows: Vectors) -> Vectors:
    odds = np.exp(rows - rows.max(axis=1, keepdims=True))
    likely: Vectors = odds / odds.sum(axis=1, keepdims=True)
    return likely
