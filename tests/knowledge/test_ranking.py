"""Ranking: what each kind of evidence says, on arrays small enough to reckon by hand."""

from typing import Any

import numpy as np
import pytest

from knowledge.ranking import (
    BESIDE,
    MOST_PER_ENTRY,
    SPAN_RIDGE,
    USUAL_BESIDE,
    USUAL_NEIGHBOURS,
    Memory,
    Passages,
    Signals,
    shares,
    signals,
)

EAST, NORTH, WEST, UP = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]
NORTH_EAST = [np.sqrt(0.5), np.sqrt(0.5), 0.0]


def weighed(
    *entries: list[list[float]],
    question: list[float] = EAST,
    bm25: list[float] | None = None,
    coverage: list[float] | None = None,
    memory: Any = None,
) -> Signals:
    """Entries asked for what lies in the east, if not told otherwise."""
    passages = Passages(
        np.array([row for rows in entries for row in rows], np.float32),
        np.array([place for place, rows in enumerate(entries) for _ in rows]),
        np.array([slot for rows in entries for slot in range(len(rows))]),
        len(entries),
    )
    nothing = [0.0] * len(entries)
    words = np.array(bm25 or nothing), np.array(coverage or nothing)
    return signals(np.array(question, np.float32), passages, *words, memory=memory, entries=len(entries))


def test_an_entry_is_as_near_as_its_nearest_passage_and_says_which_that_is() -> None:
    found = weighed([NORTH, WEST], [NORTH, EAST, WEST])
    assert found.phrasing == pytest.approx([0, 1])
    assert list(found.nearest) == [0, 1]


def test_the_mean_of_an_entry_is_that_of_its_passages_and_its_whole_is_its_first() -> None:
    found = weighed([EAST, NORTH], [NORTH, EAST])
    assert found.entry == pytest.approx([np.sqrt(0.5), np.sqrt(0.5)])
    assert found.whole == pytest.approx([1, 0])


def test_a_question_between_two_passages_is_spanned_by_both_though_near_to_neither() -> None:
    found = weighed([EAST, NORTH], [EAST, UP], question=NORTH_EAST)
    assert found.phrasing[0] == pytest.approx(found.phrasing[1], abs=1e-6)
    assert found.span == pytest.approx([np.sqrt(1 / (1 + SPAN_RIDGE)), np.sqrt(0.5 / (1 + SPAN_RIDGE))])


def test_the_three_nearest_passages_have_a_mean_of_their_own() -> None:
    assert weighed([EAST, EAST, NORTH, NORTH, NORTH], [EAST, NORTH]).nearby == pytest.approx([2 / 3, 1 / 2])


def test_entries_with_few_and_many_passages_are_weighed_in_one_go() -> None:
    many = [[float(np.cos(a)), float(np.sin(a)), 0.0] for a in np.linspace(0.1, 3, 3 * MOST_PER_ENTRY)]
    together = weighed([EAST], many, [NORTH, UP])
    assert together.span[0] == pytest.approx(weighed([EAST]).span[0])
    assert together.span[2] == pytest.approx(weighed([NORTH, UP]).span[0])
    assert 0 < together.span[1] <= 1


def test_the_head_takes_the_question_for_the_words_of_the_entry_that_stands_around_it() -> None:
    near = [float(np.cos(0.3)), float(np.sin(0.3)), 0.0]
    found = weighed([near, near, near], [[near[0], -near[1], 0.0], WEST, WEST])
    assert found.phrasing[0] == pytest.approx(found.phrasing[1])
    assert found.agreement[0] > found.agreement[1]
    assert found.agreement.sum() == pytest.approx(1)


def test_an_entry_that_the_head_did_not_look_at_is_less_likely_than_all_it_did() -> None:
    turned = [[[float(np.cos(a)), float(np.sin(a)), 0.0]] for a in np.linspace(0, 3, 40)]
    agreement = weighed(*turned).agreement
    assert agreement[-1] == agreement[-2] < agreement[0]
    assert (agreement > 0).all()


def test_each_entry_knows_how_far_the_question_lies_in_those_beside_it() -> None:
    found = weighed([EAST], [NORTH_EAST], [NORTH])
    assert found.beside == pytest.approx([found.span[[1, 2]].mean(), found.span[[0, 2]].mean(), found.span[:2].mean()])


def test_only_the_nearest_are_beside_an_entry() -> None:
    found = weighed([EAST], *[[NORTH_EAST]] * BESIDE, *[[NORTH]] * 5)
    assert found.beside[0] == pytest.approx(found.span[1])
    assert found.beside[-1] == pytest.approx((found.span[0] + 14 * found.span[1]) / BESIDE)


def test_an_entry_knows_how_near_its_neighbours_are_to_it_whatever_the_question() -> None:
    close, apart = weighed([EAST], [NORTH_EAST]), weighed([EAST], [NORTH])
    assert close.neighbours == pytest.approx([np.sqrt(0.5)] * 2)
    assert apart.neighbours == pytest.approx([0, 0], abs=1e-6)


def test_a_single_entry_has_usual_neighbours() -> None:
    alone = weighed([EAST, NORTH])
    assert alone.beside == pytest.approx([USUAL_BESIDE])
    assert alone.neighbours == pytest.approx([USUAL_NEIGHBOURS])


def test_words_count_in_proportion_to_the_best_of_the_question() -> None:
    assert weighed([EAST], [EAST], bm25=[4.0, 1.0]).bm25 == pytest.approx([1, 0.25])
    assert weighed([EAST], [EAST]).bm25 == pytest.approx([0, 0])


def test_of_entries_that_are_equally_near_the_one_with_the_words_comes_first() -> None:
    scores = weighed([EAST], [EAST], coverage=[0.2, 0.9]).scores()
    assert scores[1] > scores[0]


def test_equal_entries_have_equal_scores() -> None:
    assert len(set(weighed([EAST, NORTH], [EAST, NORTH]).scores().round(9))) == 1


def test_the_shares_of_entries_add_up_to_one_whatever_their_scores() -> None:
    assert shares(np.array([3.0])) == pytest.approx([1])
    assert shares(np.array([3.0, 3.0])) == pytest.approx([0.5, 0.5])
    assert shares(np.array([1e6, -1e6])) == pytest.approx([1, 0])


def test_what_was_reckoned_before_changes_nothing_but_the_time() -> None:
    entries = [[UP, EAST if place % 2 else NORTH_EAST] for place in range(12)]
    memory: Memory = {}
    for bm25 in ([float(n) for n in range(12)], [float(12 - n) for n in range(12)], [1.0] * 12):
        anew, remembered = weighed(*entries, bm25=bm25), weighed(*entries, bm25=bm25, memory=memory)
        assert np.array_equal(anew.scores(), remembered.scores())
    assert len(memory) > 1
