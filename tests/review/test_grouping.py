"""Questions that mean the same are put together, others are not, whatever the order; the clearest speaks for all."""

import itertools

import numpy as np
import pytest

from knowledge.embedding import get_embedder
from review.grouping import TOGETHER_AT, Groups, clearest

SAME = ("Do you sell tandems?", "do you sell tandem bikes?", "do you sell tandems")
OTHER = "Can my dog come into the workshop?"


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_what_means_the_same_is_together_in_any_order(order: tuple[int, ...]) -> None:
    texts = [(*SAME, OTHER)[i] for i in order]
    groups, embedder = Groups(), get_embedder()
    placed = {text: groups.place(embedder.embed_one(text))[0] for text in texts}
    assert len({placed[text] for text in SAME}) == 1
    assert placed[OTHER] != placed[SAME[0]]


def test_a_group_that_is_there_takes_on_what_is_near_to_its_mean() -> None:
    vectors = [get_embedder().embed_one(text) for text in SAME[:2]]
    groups = Groups([np.sum(vectors, axis=0)], [2])
    assert groups.place(get_embedder().embed_one(SAME[2])) == (0, False)
    assert groups.place(get_embedder().embed_one(OTHER)) == (1, True)


def test_many_groups_find_room() -> None:
    vectors = np.eye(384, dtype=np.float32)[:300]
    groups = Groups()
    assert [groups.place(vector)[0] for vector in vectors] == list(range(300))
    assert [groups.place(vector) for vector in vectors[:3]] == [(0, False), (1, False), (2, False)]


def test_a_chain_of_near_questions_does_not_end_far_from_its_beginning() -> None:
    angles = np.arccos(TOGETHER_AT) * 0.8 * np.arange(6)
    chain = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    groups = Groups()
    assert len({groups.place(vector)[0] for vector in chain}) > 1


def test_without_groups_nothing_is_near() -> None:
    assert Groups().nearest(np.ones(3, np.float32)) == (-1, -1.0)
    assert Groups().similar(np.ones(3, np.float32)) == []


def test_the_clearest_is_the_nearest_to_all_and_of_equals_the_shortest() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert clearest(vectors, ["a long one", "short", "other"]) == 1
