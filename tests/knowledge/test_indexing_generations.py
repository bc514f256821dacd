"""Generations: a new index is built beside the old one and takes its place only when it is proved."""

import pytest

from knowledge.embedding import EmbeddingUnavailableError
from knowledge.indexing import drain, rebuild, tend
from knowledge.indexing.generations import VerificationError
from knowledge.models import Collection, Entry, KnowledgeBase
from knowledge.models.content import MAX_INDEX_ATTEMPTS
from knowledge.services import delete_entries
from knowledge.vector_store import StoreError
from tests.knowledge.factories import (
    MeddledStore,
    WordEmbedder,
    edit,
    index_ids,
    make_base,
    make_entries,
    make_entry,
    reload,
    true_ids,
)

State = Entry.IndexState


def active(model: str = "words") -> Collection:
    return Collection.objects.active(model).get()


def test_a_rebuild_embeds_nothing_and_leaves_one_collection(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 70)
    drain(store, embedder)
    embedder.down = True
    counted: list[int] = []
    rebuild(base, store, embedder, counted.append)
    assert sum(counted) == 70
    assert active().generation == 2
    assert store.names() == {active().name}
    assert index_ids(base, store) == true_ids(base)


def test_until_the_new_one_is_complete_the_old_collection_is_the_active_one(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 70)
    drain(store, embedder)
    seen: list[int] = []
    store.before_upsert = lambda: seen.append(active().generation)
    rebuild(base, store, embedder)
    assert set(seen) == {1}


def test_another_model_gets_a_new_verified_collection_at_the_next_look(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 3)
    drain(store, embedder)
    old = active().name
    tend(store, other := WordEmbedder("other"), full=False)
    assert index_ids(base, store, "other") == true_ids(base)
    assert old not in store.names()
    assert set(Entry.objects.values_list("indexed_model", flat=True)) == {"other"}
    assert len(other.embedded) == 6


def test_an_edit_under_another_model_does_not_leave_the_unedited_entries_behind(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entry, *_ = make_entries(base, 3)
    drain(store, embedder)
    edit(entry, answer="Moved.")
    drain(store, WordEmbedder("other"))
    assert index_ids(base, store, "other") == true_ids(base)


def test_a_model_that_goes_away_while_a_base_is_rebuilt_leaves_the_old_index(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 3)
    drain(store, embedder)
    other = WordEmbedder("other")
    other.down = True
    with pytest.raises(EmbeddingUnavailableError):
        rebuild(base, store, other)
    assert index_ids(base, store) == true_ids(base)


def test_one_text_that_the_model_refuses_does_not_stop_a_rebuild(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 70)
    bad = make_entry(base, "Is this poison?")
    drain(store, embedder)
    other = WordEmbedder("other")
    other.refuses = "poison"
    rebuild(base, store, other)
    assert len(index_ids(base, store, "other")) == 140
    assert reload(bad).index_state == State.WAITING
    for _ in range(MAX_INDEX_ATTEMPTS):
        drain(store, other)
    assert reload(bad).index_state == State.FAILED
    assert Entry.objects.dirty().count() == 1


def test_a_text_that_was_set_aside_does_not_stop_a_rebuild_either(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 3)
    bad = make_entry(base, "Is this poison?")
    embedder.refuses = "poison"
    for _ in range(MAX_INDEX_ATTEMPTS):
        drain(store, embedder)
    rebuild(base, store, embedder)
    assert len(index_ids(base, store)) == 6
    assert reload(bad).index_state == State.FAILED


def test_what_killed_builds_left_behind_is_dropped(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    make_entries(base, 3)
    drain(store, embedder)
    store.after_upsert = die
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            rebuild(base, store, embedder)
    store.after_upsert = lambda: None
    assert len(store.names()) == 3
    tend(store, embedder, full=False)
    assert store.names() == {active().name}
    assert Collection.objects.count() == 1


def test_a_collection_left_over_under_the_new_name_is_not_built_upon(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 3)
    drain(store, embedder)
    newer = active().name.removesuffix("1") + "2"
    store.create(newer)
    store.upsert(newer, ["of-a-later-day"], embedder.embed(["x"]))
    rebuild(base, store, embedder)
    assert index_ids(base, store) == true_ids(base)


def test_an_index_that_does_not_find_what_was_put_in_does_not_take_over(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 3)
    drain(store, embedder)
    store.blind = True
    with pytest.raises(VerificationError, match="does not find"):
        rebuild(base, store, embedder)
    assert active().generation == 1


def test_an_index_that_lost_vectors_on_the_way_does_not_take_over(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    def lose() -> None:
        newest = Collection.objects.latest("generation").name
        store.delete(newest, sorted(store.ids(newest))[:1])

    make_entries(base, 3)
    drain(store, embedder)
    store.after_upsert = lose
    with pytest.raises(StoreError, match="has 5 of 6 vectors"):
        rebuild(base, store, embedder)
    assert active().generation == 1


def test_entries_deleted_or_unpublished_before_a_rebuild_are_not_in_it(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    gone, off, *_ = make_entries(base, 4)
    drain(store, embedder)
    delete_entries(Entry.objects.filter(pk=gone.pk))
    edit(off, status=Entry.Status.DRAFT)
    rebuild(base, store, embedder)
    assert index_ids(base, store) == true_ids(base)
    drain(store, embedder)
    assert index_ids(base, store) == true_ids(base)


def test_the_collection_of_a_deleted_base_is_dropped_and_no_other(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entry(base)
    make_entry(other := make_base("Other"))
    drain(store, embedder)
    base.delete()
    tend(store, embedder, full=False)
    assert store.names() == {active().name}
    assert index_ids(other, store) == true_ids(other)


def test_an_empty_base_can_be_rebuilt(base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder) -> None:
    rebuild(base, store, embedder)
    assert index_ids(base, store) == set()


def test_200_identical_entries_do_not_look_like_a_broken_index(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    for _ in range(200):
        make_entry(base)
    drain(store, embedder)
    rebuild(base, store, embedder)
    assert tend(store, embedder, full=True)[0].ok
