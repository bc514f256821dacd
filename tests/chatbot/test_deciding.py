"""Which of quote, write, clarify and decline follows from what was found."""

import pytest

from chatbot.deciding import Outcome, decide
from knowledge.models import Entry
from knowledge.retrieval import Candidate


def found(*similarities: float) -> list[Candidate]:
    return [Candidate(Entry(question=f"Question at {s}"), s, slot=1) for s in similarities]


@pytest.mark.parametrize(
    ("similarities", "outcome"),
    [
        ([], Outcome.DECLINE),
        ([0.349, 0.3], Outcome.DECLINE),
        ([0.35, 0.1], Outcome.CLARIFY),
        ([0.599, 0.1], Outcome.CLARIFY),
        ([0.60, 0.5], Outcome.QUOTE),
        ([0.60], Outcome.QUOTE),
        ([0.70, 0.68], Outcome.CLARIFY),
        ([0.70, 0.66], Outcome.QUOTE),
        ([0.81, 0.79], Outcome.CLARIFY),
        ([0.90, 0.899], Outcome.QUOTE),
    ],
)
def test_without_a_model_the_nearest_entry_is_quoted_only_if_it_is_plainly_meant(
    similarities: list[float], outcome: str
) -> None:
    assert decide(found(*similarities), model_available=False).outcome == outcome


@pytest.mark.parametrize(
    ("similarities", "outcome"), [([], Outcome.DECLINE), ([0.34], Outcome.DECLINE), ([0.35], Outcome.WRITE)]
)
def test_with_a_model_whatever_has_to_do_with_the_question_is_given_to_it(
    similarities: list[float], outcome: str
) -> None:
    assert decide(found(*similarities), model_available=True).outcome == outcome


def test_a_quote_has_one_source_and_an_answer_to_write_has_up_to_five() -> None:
    candidates = found(0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
    assert list(decide(candidates, model_available=False).sources) == candidates[:1]
    assert list(decide(candidates, model_available=True).sources) == candidates[:5]


def test_a_decline_offers_up_to_three_entries_that_come_close_and_none_that_do_not() -> None:
    assert [c.similarity for c in decide(found(0.3, 0.28, 0.26, 0.25), model_available=False).offers] == [
        0.3,
        0.28,
        0.26,
    ]
    assert [c.similarity for c in decide(found(0.3, 0.24), model_available=False).offers] == [0.3]


def test_every_decision_says_why() -> None:
    assert "0.30" in decide(found(0.3), model_available=False).why


def test_a_nearer_entry_that_waits_to_be_indexed_is_offered_and_its_neighbour_is_not_quoted() -> None:
    neighbour, waiting = found(0.82), found(0.95)
    for model_available in (True, False):
        decision = decide(neighbour, model_available=model_available, waiting=waiting)
        assert decision.outcome == Outcome.CLARIFY
        assert list(decision.offers) == [*waiting, *neighbour]


def test_an_entry_that_waits_and_is_farther_changes_nothing() -> None:
    assert decide(found(0.82), model_available=False, waiting=found(0.7)).outcome == Outcome.QUOTE


def test_an_entry_that_waits_and_has_little_to_do_with_the_question_changes_nothing() -> None:
    assert decide([], model_available=False, waiting=found(0.2)).outcome == Outcome.DECLINE
