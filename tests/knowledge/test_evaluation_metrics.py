"""The figures of an evaluation, against values worked out by hand."""

import math

import numpy as np
import pytest

from knowledge.evaluation import metrics
from knowledge.evaluation.metrics import Bools


def hits(*ranks: int, depth: int = 10) -> Bools:
    """One row per question with the relevant entry at that rank (1-based), 0 for none."""
    made = np.zeros((len(ranks), depth), np.bool_)
    for row, rank in enumerate(ranks):
        if rank:
            made[row, rank - 1] = True
    return made


def test_hit_at_k_is_the_share_of_questions_with_a_relevant_entry_among_the_first_k() -> None:
    assert [metrics.hit_at(hits(1, 2, 4, 0), k) for k in (1, 3, 5)] == [0.25, 0.5, 0.75]


def test_mrr_is_the_mean_of_one_over_the_first_relevant_rank() -> None:
    assert metrics.mean_reciprocal_rank(hits(1, 2, 4, 0)) == pytest.approx((1 + 1 / 2 + 1 / 4) / 4)


def test_ndcg_of_one_relevant_entry_is_its_discount() -> None:
    assert metrics.ndcg(hits(1, 2, 0), np.array([1, 1, 1])) == pytest.approx((1 + 1 / math.log2(3)) / 3)


def test_ndcg_of_several_relevant_entries_is_measured_against_the_best_order() -> None:
    found = hits(1)
    found[0, 2] = True  # ranks 1 and 3 of two relevant ones
    best = 1 + 1 / math.log2(3)
    assert metrics.ndcg(found, np.array([2])) == pytest.approx((1 + 1 / math.log2(4)) / best)


def test_ndcg_does_not_ask_for_more_relevant_entries_than_there_are_ranks() -> None:
    assert metrics.ndcg(np.ones((1, 3), np.bool_), np.array([7])) == pytest.approx(1)


def test_auroc_counts_pairs_in_the_right_order_and_ties_half() -> None:
    # 0.9 beats both, 0.5 ties with one and beats the other: 3.5 of 4 pairs.
    assert metrics.auroc(np.array([0.9, 0.5]), np.array([0.5, 0.1])) == 3.5 / 4


def test_auroc_does_not_apply_where_nothing_is_out_of_scope() -> None:
    assert metrics.auroc(np.array([0.9]), np.array([])) is None


def test_answered_at_precision_takes_the_largest_share_that_keeps_the_precision() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    right = np.array([True, True, False, True, True])
    in_scope = np.array([True, True, False, True, True])
    # All five answered: 4 of 5 right. The first two: 2 of 2 right, which is half of the four in scope.
    assert metrics.answered_at_precision(confidence, right, in_scope, 0.8) == 1.0
    assert metrics.answered_at_precision(confidence, right, in_scope, 0.9) == 0.5


def test_answered_at_precision_answers_questions_of_the_same_confidence_together() -> None:
    confidence, right = np.array([0.9, 0.9]), np.array([True, False])
    assert metrics.answered_at_precision(confidence, right, np.array([True, True]), 0.9) == 0.0


def test_answered_at_precision_counts_nine_right_of_ten_as_ninety_percent() -> None:
    right = np.array([True] * 9 + [False])
    assert metrics.answered_at_precision(np.full(10, 0.5), right, np.ones(10, np.bool_), 0.9) == 0.9


def test_bins_hold_mean_confidence_and_share_right_and_the_last_one_takes_certainty() -> None:
    bins = metrics.reliability(np.array([0.02, 0.04, 1.0]), np.array([False, True, True]))
    assert [(b.low, b.n, b.right) for b in bins] == [(0.0, 2, 0.5), (0.9, 1, 1.0)]
    assert bins[0].confidence == pytest.approx(0.03)


def test_calibration_error_weighs_the_gap_of_each_bin_by_its_questions() -> None:
    bins = metrics.reliability(np.array([0.8, 0.8, 0.8, 0.4]), np.array([True, True, False, False]))
    # |0.8 - 2/3| of three questions, |0.4 - 0| of one.
    assert metrics.expected_calibration_error(bins) == pytest.approx((3 * (0.8 - 2 / 3) + 0.4) / 4)
