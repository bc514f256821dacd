"""Which figure counts which questions, and how the figures and the baselines look."""

from typing import Any

import numpy as np
import pytest

from knowledge.confidence import Verdict
from knowledge.evaluation.baselines import Bm25
from knowledge.evaluation.datasets import Query
from knowledge.evaluation.figures import Answers, figures_of
from knowledge.evaluation.report import as_text

SURE = {Verdict.QUOTE: 0.95, Verdict.CLARIFY: 0.55, Verdict.DECLINE: 0.05}


def figures(*answered: tuple[Verdict, int, bool], thresholds: bool = True) -> dict[str, Any]:
    """The figures of questions given as verdict, rank of the relevant entry (0: none found) and being in scope."""
    hits = np.zeros((len(answered), 10), np.bool_)
    for row, (_, rank, _) in enumerate(answered):
        hits[row, rank - 1] = rank > 0
    verdicts = [verdict for verdict, _, _ in answered]
    queries = [
        Query(str(row), "?", frozenset({"a"} if inside else ()), "test") for row, (*_, inside) in enumerate(answered)
    ]
    confidence = np.array([SURE[verdict] for verdict in verdicts])
    return figures_of(Answers(hits, confidence, verdicts if thresholds else None, [1.0, 3.0]), queries)


def test_n_counts_all_questions_and_hits_only_those_in_scope() -> None:
    found = figures((Verdict.QUOTE, 1, True), (Verdict.QUOTE, 2, True), (Verdict.DECLINE, 0, False))
    assert (found["n"], found["n_out_of_scope"], found["hit@1"], found["hit@3"]) == (3, 1, 0.5, 1.0)
    assert (found["p50_ms"], found["p95_ms"]) == (2.0, 2.9)


def test_false_answers_are_questions_out_of_scope_that_are_quoted() -> None:
    outside = [(verdict, 0, False) for verdict in (Verdict.QUOTE, Verdict.CLARIFY, Verdict.DECLINE, Verdict.DECLINE)]
    assert figures((Verdict.QUOTE, 1, True), *outside)["false_answers"] == 0.25


@pytest.mark.parametrize(
    ("answered", "refused"),
    [
        ((Verdict.QUOTE, 1), 0.0),
        ((Verdict.QUOTE, 2), 0.0),  # wrong, and no refusal
        ((Verdict.CLARIFY, 3), 0.0),  # the right entry is among the offers
        ((Verdict.CLARIFY, 4), 1.0),
        ((Verdict.CLARIFY, 0), 1.0),
        ((Verdict.DECLINE, 1), 1.0),
    ],
)
def test_a_question_in_scope_is_refused_if_no_offer_of_the_right_entry_is_made(
    answered: tuple[Verdict, int], refused: float
) -> None:
    assert figures((*answered, True))["false_refusals"] == refused


def test_wrong_answers_are_questions_in_scope_that_are_quoted_another_entry() -> None:
    assert figures((Verdict.QUOTE, 1, True), (Verdict.QUOTE, 2, True), (Verdict.CLARIFY, 2, True))[
        "wrong_answers"
    ] == pytest.approx(1 / 3, abs=1e-4)


def test_questions_out_of_scope_count_as_wrong_in_the_calibration() -> None:
    found = figures((Verdict.QUOTE, 1, True), (Verdict.QUOTE, 0, False))
    assert found["ece"] == pytest.approx(0.45)
    assert found["reliability"] == [{"low": 0.9, "high": 1.0, "confidence": 0.95, "right": 0.5, "n": 2}]


def test_what_does_not_apply_is_none() -> None:
    inside, outside = figures((Verdict.QUOTE, 1, True)), figures((Verdict.QUOTE, 0, False))
    assert (inside["auroc"], inside["false_answers"], inside["ece"]) == (None, None, pytest.approx(0.05))
    assert (outside["hit@1"], outside["mrr@10"], outside["ndcg@10"], outside["false_refusals"]) == (None,) * 4
    plain = figures((Verdict.QUOTE, 1, True), thresholds=False)
    assert (plain["false_refusals"], plain["ece"], plain["hit@1"]) == (None, None, 1.0)


def test_the_table_has_the_baselines_beside_the_product_and_a_dash_for_what_does_not_apply() -> None:
    product, plain = figures((Verdict.QUOTE, 1, True)), figures((Verdict.QUOTE, 2, True), thresholds=False)
    text = as_text({"set": "shop", "split": "test", "product": product, "baselines": {"bm25": plain}})
    rows = {line[:38].strip(): line[38:].split() for line in text.splitlines()}
    assert rows[""] == [] or rows[""] == ["product", "BM25"]
    assert rows["hit@1"] == ["100.0", "%", "0.0", "%"]
    assert rows["false refusals (in scope)"] == ["0.0", "%", "–"]


def test_bm25_is_the_textbook_formula() -> None:
    # Two texts of 2 and 4 words (mean 3); "refund" is in one of them, twice.
    scores = Bm25(["card lost", "Refund? My refund late"]).scores("refund please")
    rarity = np.log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    assert scores == pytest.approx([0, rarity * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 4 / 3))])
