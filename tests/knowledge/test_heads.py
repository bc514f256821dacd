"""The two heads: each against the textbook's own way of reckoning, and on what only one of them can tell."""

import numpy as np
import pytest

from knowledge.heads import USUAL_SCATTER, WORTH, C, Floats, Places, Pool, heads

DIMENSION = 24


def drawn(seed: int, *, classes: int = 4, each: int = 5) -> Pool:
    """Passages scattered around as many directions, and a question near to the first."""
    dice = np.random.default_rng(seed)
    centres = dice.normal(size=(classes, DIMENSION))
    rows = np.repeat(centres, each, axis=0) + dice.normal(scale=0.6, size=(classes * each, DIMENSION))
    question = centres[0] + dice.normal(scale=0.6, size=DIMENSION)
    unit = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return Pool(unit, np.repeat(np.arange(classes), each), (unit @ (question / np.linalg.norm(question))).astype("f4"))


def with_question(rows: list[list[float]], classes: list[int], question: list[float]) -> Pool:
    vectors = np.array(rows, np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    asked = np.array(question, np.float32) / np.linalg.norm(question)
    return Pool(vectors, np.array(classes), vectors @ asked)


def by_covariance(vectors: Floats, classes: Places, question: Floats) -> tuple[Floats, Floats]:
    """The same with the covariance itself, as a textbook has it."""
    m = int(classes.max()) + 1
    means = np.stack([vectors[classes == one].mean(axis=0) for one in range(m)])
    apart = vectors - means[classes]
    dimension = vectors.shape[1]
    prior = WORTH * USUAL_SCATTER / dimension * np.eye(dimension)
    inverse = np.linalg.inv((apart.T @ apart + prior) / (len(vectors) - m + WORTH))
    distinct = np.einsum("md,de,me->m", means, inverse, means)
    return (means @ inverse @ question - distinct / 2) / dimension, distinct / dimension


@pytest.mark.parametrize("seed", range(5))
def test_the_discriminant_is_what_the_covariance_itself_gives(seed: int) -> None:
    dice = np.random.default_rng(seed)
    vectors = dice.normal(size=(20, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    classes, question = np.repeat(np.arange(4), 5), vectors[0] + dice.normal(scale=0.1, size=DIMENSION)
    question /= np.linalg.norm(question)
    _, speaks, distinct = heads(Pool(vectors.astype("f4"), classes, (vectors @ question).astype("f4")))
    expected = by_covariance(vectors, classes, question)
    assert speaks == pytest.approx(expected[0], abs=1e-3)
    assert distinct == pytest.approx(expected[1], rel=1e-3)


def test_agreement_is_the_logistic_regression_at_its_optimum() -> None:
    pool = drawn(1)
    agreement = heads(pool)[0]
    members = np.eye(4)[pool.classes]
    weights = np.zeros((DIMENSION, 4))
    for _ in range(20_000):  # plain gradient descent, far beyond what is needed
        odds = np.exp(pool.vectors @ weights)
        slope = pool.vectors.T @ (odds / odds.sum(axis=1, keepdims=True) - members) + weights / C
        weights -= 0.2 * slope
    question = np.linalg.lstsq(pool.vectors, pool.cosines, rcond=None)[0]
    odds = np.exp(question @ weights)
    assert agreement == pytest.approx(odds / odds.sum(), abs=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_both_find_the_class_that_the_question_was_drawn_from(seed: int) -> None:
    agreement, speaks, distinct = heads(drawn(seed))
    assert agreement.argmax() == speaks.argmax() == 0
    assert agreement.sum() == pytest.approx(1)
    assert (distinct > 0).all()


def test_what_wordings_scatter_over_anyway_does_not_count() -> None:
    """All are worded from east to west: that a question is in the west says nothing, and that it leans north does."""
    north, up = [[1.0, 3.0, 0.0], [-1.0, 3.0, 0.0]], [[3.0, 0.0, 3.0], [-3.0, 0.0, 3.0]]
    pool = with_question((north + up) * 10, [0, 0, 1, 1] * 10, [-9, 3.0, 0.5])
    assert pool.classes[pool.cosines.argmax()] == 1
    _, speaks, _ = heads(pool)
    assert speaks[0] > speaks[1]


def test_classes_of_one_passage_and_equal_ones_have_numbers_too() -> None:
    same = with_question([[1.0, 0, 0]] * 3, [0, 1, 2], [1.0, 0, 0])
    agreement, speaks, distinct = heads(same)
    assert agreement == pytest.approx([1 / 3] * 3)
    assert np.ptp(speaks) < 1e-5
    assert np.isfinite(distinct).all()
    alone = heads(with_question([[1.0, 0, 0]], [0], [0.0, 1, 0]))
    assert alone[0] == pytest.approx([1])
    assert all(np.isfinite(numbers).all() for numbers in alone)
