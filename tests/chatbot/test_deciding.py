"""Which of quote, write, clarify and decline follows from what was found."""

import pytest

from chatbot.deciding import WRITE_AT, Mode, Outcome, Policy, decide
from chatbot.models import Assistant
from knowledge.confidence import CLARIFY_AT, LEAD_AT, QUOTE_AT
from knowledge.models import Entry
from knowledge.retrieval import Candidate, Evidence, Retrieval


def candidates(*similarities: float, coverage: float = 0.0) -> tuple[Candidate, ...]:
    evidence = Evidence(coverage=coverage)
    return tuple(Candidate(Entry(question=f"Question at {s}"), s, 1, evidence=evidence) for s in similarities)


def found(
    confidence: float, near: tuple[Candidate, ...] | None = None, waiting: tuple[Candidate, ...] = ()
) -> Retrieval:
    near = candidates(0.8, 0.7, 0.6, 0.5, 0.4, 0.3) if near is None else near
    return Retrieval(near, "index", {}, waiting, confidence)


@pytest.mark.parametrize(
    ("confidence", "outcome"),
    [
        (0.0, Outcome.DECLINE),
        (CLARIFY_AT - 0.001, Outcome.DECLINE),
        (CLARIFY_AT, Outcome.CLARIFY),
        (QUOTE_AT - 0.001, Outcome.CLARIFY),
        (QUOTE_AT, Outcome.QUOTE),
        (1.0, Outcome.QUOTE),
    ],
)
def test_without_a_model_an_entry_is_quoted_only_if_it_is_plainly_meant(confidence: float, outcome: str) -> None:
    assert decide(found(confidence), model_available=False).outcome == outcome


@pytest.mark.parametrize(
    ("confidence", "outcome"),
    [
        (CLARIFY_AT - 0.001, Outcome.DECLINE),
        (CLARIFY_AT, Outcome.CLARIFY),
        (WRITE_AT - 0.001, Outcome.CLARIFY),
        (WRITE_AT, Outcome.WRITE),
        (QUOTE_AT - 0.001, Outcome.WRITE),
        (QUOTE_AT, Outcome.QUOTE),
    ],
)
def test_with_a_model_what_is_not_plain_is_written_and_what_is_plain_still_quoted(
    confidence: float, outcome: str
) -> None:
    assert decide(found(confidence), model_available=True).outcome == outcome


@pytest.mark.parametrize(
    ("confidence", "outcome"),
    [(CLARIFY_AT - 0.001, Outcome.DECLINE), (CLARIFY_AT, Outcome.WRITE), (0.99, Outcome.WRITE)],
)
def test_an_assistant_that_writes_whenever_it_can_gives_everything_to_the_model(
    confidence: float, outcome: str
) -> None:
    policy = Policy(mode=Mode.WRITE)
    assert decide(found(confidence), model_available=True, policy=policy).outcome == outcome


@pytest.mark.parametrize("confidence", [0.0, CLARIFY_AT, WRITE_AT, QUOTE_AT, 1.0])
def test_an_assistant_that_only_quotes_does_with_a_model_what_it_does_without(confidence: float) -> None:
    near = found(confidence)
    quoting = decide(near, model_available=True, policy=Policy(mode=Mode.QUOTE))
    assert quoting == decide(near, model_available=False)


def test_an_assistants_own_thresholds_count_and_candors_where_it_has_none() -> None:
    policy = Policy.of(Assistant(quote_at=0.9, clarify_at=0.0))
    assert (policy.quote_at, policy.clarify_at, policy.write_at) == (0.9, 0.0, WRITE_AT)
    assert decide(found(0.8), model_available=False, policy=policy).outcome == Outcome.CLARIFY
    assert decide(found(0.0), model_available=False, policy=policy).outcome == Outcome.CLARIFY


@pytest.mark.parametrize("model_available", [True, False])
def test_nothing_found_is_a_decline(model_available: bool) -> None:
    assert decide(found(0.0, ()), model_available=model_available).outcome == Outcome.DECLINE


def test_a_quote_has_one_source_and_an_answer_to_write_has_up_to_five() -> None:
    near = found(0.9)
    assert decide(near, model_available=False).sources == near.candidates[:1]
    assert decide(near, model_available=True, policy=Policy(mode=Mode.WRITE)).sources == near.candidates[:5]


def test_a_decline_offers_up_to_three_entries_that_come_close_and_none_that_do_not() -> None:
    def offered(*similarities: float) -> list[float]:
        decision = decide(found(0.01, candidates(*similarities)), model_available=False)
        return [candidate.similarity for candidate in decision.offers]

    assert offered(0.3, 0.28, 0.26, 0.25) == [0.3, 0.28, 0.26]
    assert offered(0.3, 0.24) == [0.3]


def test_every_decision_says_why() -> None:
    assert "0.05" in decide(found(0.05), model_available=False).why


def test_a_nearer_entry_that_waits_to_be_indexed_is_offered_and_its_neighbour_is_not_quoted() -> None:
    neighbour, waiting = candidates(0.82), candidates(0.95)
    for model_available in (True, False):
        decision = decide(found(0.9, neighbour, waiting), model_available=model_available)
        assert decision.outcome == Outcome.CLARIFY
        assert decision.offers == (*waiting, *neighbour)


def test_an_entry_that_waits_and_is_farther_changes_nothing() -> None:
    decision = decide(found(0.9, candidates(0.82), candidates(0.7)), model_available=False)
    assert decision.outcome == Outcome.QUOTE


def test_an_entry_that_waits_and_has_little_to_do_with_the_question_changes_nothing() -> None:
    assert decide(found(0.0, (), candidates(0.2)), model_available=False).outcome == Outcome.DECLINE


def test_an_entry_that_only_words_found_is_offered_if_it_has_half_of_them() -> None:
    few, many = candidates(0.0, coverage=0.4), candidates(0.0, coverage=0.6)
    assert decide(found(0.01, few), model_available=False).offers == ()
    assert decide(found(0.3, many), model_available=False).offers == many


def test_an_entry_that_another_may_be_as_well_is_asked_about_however_sure_it_is() -> None:
    torn = Retrieval(candidates(0.8, 0.79), "index", {}, (), 0.95, lead=LEAD_AT - 0.01)
    decision = decide(torn, model_available=False)
    assert (decision.outcome, decision.offers) == (Outcome.CLARIFY, torn.candidates)
    assert f"{torn.lead:.2f}" in decision.why
