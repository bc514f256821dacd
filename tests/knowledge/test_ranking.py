"""Ranking: what each kind of evidence says, on arrays small enough to reckon by hand."""

import numpy as np
import pytest

from knowledge.ranking import NONE_OF_THESE, Passages, Signals, probabilities, signals

EAST, NORTH, WEST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]


def weighed(
    *entries: list[list[float]], bm25: list[float] | None = None, coverage: list[float] | None = None
) -> Signals:
    """Entries asked for what lies in the east."""
    passages = Passages(
        np.array([row for rows in entries for row in rows], np.float32),
        np.array([place for place, rows in enumerate(entries) for _ in rows]),
        np.array([slot for rows in entries for slot in range(len(rows))]),
        len(entries),
    )
    nothing = [0.0] * len(entries)
    return signals(np.array(EAST, np.float32), passages, np.array(bm25 or nothing), np.array(coverage or nothing))


def test_an_entry_is_as_near_as_its_nearest_passage_and_says_which_that_is() -> None:
    found = weighed([NORTH, WEST], [NORTH, EAST, WEST])
    assert found.phrasing == pytest.approx([0, 1])
    assert list(found.nearest) == [0, 1]


def test_an_entry_as_a_whole_is_the_mean_of_its_passages() -> None:
    assert weighed([EAST, NORTH], [EAST, WEST]).entry == pytest.approx([np.sqrt(0.5), 0])


def test_the_passages_around_a_question_agree_on_an_entry() -> None:
    near = [float(np.cos(0.3)), float(np.sin(0.3))]
    found = weighed([near, near, near], [[near[0], -near[1]], WEST, WEST])
    assert found.phrasing[0] == pytest.approx(found.phrasing[1])
    assert found.agreement[0] > found.agreement[1]


def test_words_count_in_proportion_to_the_best_of_the_question() -> None:
    assert weighed([EAST], [EAST], bm25=[4.0, 1.0]).bm25 == pytest.approx([1, 0.25])
    assert weighed([EAST], [EAST]).bm25 == pytest.approx([0, 0])


@pytest.mark.parametrize("evidence", ["bm25", "coverage"])
def test_of_entries_that_are_equally_near_the_one_with_the_words_comes_first(evidence: str) -> None:
    scores = weighed([EAST], [EAST], **{evidence: [0.2, 0.9]}).scores()
    assert scores[1] > scores[0]


def test_equal_entries_have_equal_scores() -> None:
    assert len(set(weighed([EAST, NORTH], [EAST, NORTH]).scores().round(9))) == 1


def test_what_is_missing_to_one_is_the_probability_that_none_is_meant() -> None:
    assert probabilities(np.array([NONE_OF_THESE])) == pytest.approx([0.5])
    assert probabilities(np.array([NONE_OF_THESE, NONE_OF_THESE])) == pytest.approx([1 / 3, 1 / 3])
    assert probabilities(np.array([-1e6])) == pytest.approx([0])
    assert probabilities(np.array([1e6, 0])) == pytest.approx([1, 0])
    assert probabilities(np.zeros(0)).shape == (0,)
