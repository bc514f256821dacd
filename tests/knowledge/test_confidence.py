"""Confidence: what makes it rise and fall, and what a visitor gets for it."""

from dataclasses import replace

import pytest

from knowledge.confidence import (
    CLARIFY_AT,
    LEAD_AT,
    MOST_WORDS,
    QUOTE_AT,
    Match,
    Scale,
    Verdict,
    by_words,
    confidence,
    verdict,
)

MATCH = Match(span=0.7, entry=0.6, nearby=0.6, discriminant=0.2, distinctness=0.5, overlap=2.0, words=8, wordings=6)
SCALE = Scale()


@pytest.mark.parametrize(
    "more",
    [{"span": 0.8}, {"entry": 0.7}, {"discriminant": 0.3}, {"overlap": 3.0}, {"words": 12}, {"wordings": 9}],
)
def test_more_of_the_evidence_is_more_confidence(more: dict[str, float]) -> None:
    better = replace(MATCH, **more)  # type: ignore[arg-type]
    assert confidence(better, SCALE) > confidence(MATCH, SCALE)


@pytest.mark.parametrize("more", [{"crowding": 0.6}, {"cohesion": 0.6}])
def test_where_everything_is_near_a_near_hit_is_worth_less(more: dict[str, float]) -> None:
    assert confidence(MATCH, replace(SCALE, **more)) < confidence(MATCH, SCALE)


def test_it_is_a_probability_whatever_comes_in() -> None:
    nothing, everything = Match(0, 0, 0, 0, 0, 0, 0, 0), Match(1e9, 1e9, 0, 1e9, 0, 1e9, 64, 10_000)
    assert 0 <= confidence(nothing, SCALE) < 0.01
    assert 0.99 < confidence(everything, SCALE) <= 1


def test_a_pasted_letter_is_no_surer_than_a_long_question() -> None:
    assert confidence(replace(MATCH, words=64), SCALE) == confidence(replace(MATCH, words=MOST_WORDS), SCALE)


def test_a_base_of_its_own_calibration_moves_it_and_the_order_stays() -> None:
    worse = replace(MATCH, span=0.5)
    doubted = replace(SCALE, slope=0.5, offset=-1.0)
    assert confidence(MATCH, doubted) != confidence(MATCH, SCALE)
    assert confidence(MATCH, doubted) > confidence(worse, doubted)


@pytest.mark.parametrize(
    ("sure", "lead", "expected"),
    [
        (QUOTE_AT, LEAD_AT, Verdict.QUOTE),
        (QUOTE_AT, LEAD_AT - 0.01, Verdict.CLARIFY),
        (QUOTE_AT - 0.01, 1.0, Verdict.CLARIFY),
        (CLARIFY_AT, 0.0, Verdict.CLARIFY),
        (CLARIFY_AT - 0.01, 1.0, Verdict.DECLINE),
    ],
)
def test_an_entry_is_quoted_where_it_is_sure_and_ahead_of_all_others(sure: float, lead: float, expected: str) -> None:
    assert verdict(sure, lead) == expected


def test_words_alone_never_make_an_answer_plain() -> None:
    assert by_words(1.0) < QUOTE_AT
