"""Confidence: what makes it rise and fall, and what a visitor gets for it."""

from dataclasses import replace

import pytest

from knowledge.confidence import (
    CLARIFY_AT,
    ENTRIES_SEEN,
    LEAD_AT,
    LEAST_LEAD,
    QUOTE_AT,
    Match,
    Scale,
    Verdict,
    by_words,
    confidence,
    verdict,
)

MATCH = Match(
    span=0.7,
    entry=0.6,
    nearby=0.6,
    discriminant=0.2,
    distinctness=0.5,
    beside=0.4,
    neighbours=0.6,
    small_talk=0.0,
    words=8,
    lead=0.9,
    overlap=2.0,
)
SCALE = Scale()


@pytest.mark.parametrize(
    "more",
    [{"span": 0.8}, {"entry": 0.7}, {"discriminant": 0.3}, {"overlap": 3.0}, {"neighbours": 0.7}],
)
def test_more_of_the_evidence_is_more_confidence(more: dict[str, float]) -> None:
    better = replace(MATCH, **more)  # type: ignore[arg-type]
    assert confidence(better, SCALE) > confidence(MATCH, SCALE)


@pytest.mark.parametrize("more", [{"crowding": 0.6}, {"cohesion": 0.6}])
def test_where_everything_is_near_a_near_hit_is_worth_less(more: dict[str, float]) -> None:
    assert confidence(MATCH, replace(SCALE, **more)) < confidence(MATCH, SCALE)  # type: ignore[arg-type]


def test_in_a_small_base_a_near_hit_is_worth_less_and_never_nothing() -> None:
    small, usual, large = (confidence(MATCH, replace(SCALE, entries=n)) for n in (45, 60, 120))
    assert small < usual < large
    tiny, huge = (confidence(MATCH, replace(SCALE, entries=n)) for n in (1, 100_000))
    assert (tiny, huge) == tuple(confidence(MATCH, replace(SCALE, entries=n)) for n in ENTRIES_SEEN)


def test_it_is_a_probability_whatever_comes_in() -> None:
    nothing, everything = Match(*[0] * 11), Match(1e9, 1e9, 0, 1e9, 0, 0, 1e9, 0, 9, 1, 1e9)
    assert 0 <= confidence(nothing, SCALE) < 0.02
    assert 0.99 < confidence(everything, SCALE) <= 1


def test_what_lies_as_far_in_other_entries_is_about_what_they_have_in_common() -> None:
    assert confidence(replace(MATCH, beside=0.6), SCALE) < confidence(MATCH, SCALE)


def test_what_people_say_to_anybody_is_less_of_a_question() -> None:
    assert confidence(replace(MATCH, small_talk=0.3), SCALE) < confidence(MATCH, SCALE)


@pytest.mark.parametrize(("words", "other"), [(1, 5), (31, 300)])
def test_near_neighbours_speak_for_an_entry_in_long_questions_alone(words: int, other: int) -> None:
    def sure(words: int, neighbours: float) -> float:
        return confidence(replace(MATCH, words=words, neighbours=neighbours), SCALE)

    assert sure(12, 0.8) > sure(8, 0.8) > sure(5, 0.8) == sure(5, 0.2) > sure(8, 0.2)
    assert sure(words, 0.8) == sure(other, 0.8)


def test_one_of_many_that_may_be_meant_is_less_sure_and_never_without_bound() -> None:
    assert confidence(replace(MATCH, lead=0.3), SCALE) < confidence(MATCH, SCALE)
    assert confidence(replace(MATCH, lead=0.0), SCALE) == confidence(replace(MATCH, lead=LEAST_LEAD), SCALE)


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
