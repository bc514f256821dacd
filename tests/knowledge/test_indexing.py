"""Draining: what was saved is in the index afterwards, and nothing else is, whatever happened on the way."""

from datetime import timedelta

import pytest
from django.utils import timezone

from knowledge.embedding import EmbeddingSetupError, EmbeddingUnavailableError
from knowledge.indexing import drain
from knowledge.models import Collection, Entry, KnowledgeBase, PendingRemoval, Vector
from knowledge.models.content import MAX_INDEX_ATTEMPTS
from knowledge.services import delete_entries, retry_indexing, set_status
from knowledge.vector_store import StoreUnavailableError
from tests.knowledge.factories import (
    MeddledStore,
    WordEmbedder,
    edit,
    index_ids,
    make_base,
    make_entries,
    make_entry,
    once,
    reload,
    true_ids,
)

State = Entry.IndexState


def test_a_saved_entry_waits_and_after_a_drain_it_is_live(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entry = make_entry(base, phrasings=["Opening hours?"])
    assert entry.index_state == State.WAITING
    report = drain(store, embedder)
    assert (report.indexed, report.failed, report.worked) == (1, set(), True)
    assert reload(entry).index_state == State.LIVE
    assert index_ids(base, store) == true_ids(base)
    assert len(true_ids(base)) == 3


def test_a_drain_with_nothing_to_do_touches_neither_store_nor_model(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entry(base)
    drain(store, embedder)
    store.down = embedder.down = True
    assert not drain(store, embedder).worked


def test_drafts_and_archived_entries_are_not_indexed(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    drafts = [make_entry(base, status=status) for status in (Entry.Status.DRAFT, Entry.Status.ARCHIVED)]
    assert not drain(store, embedder).worked
    assert {draft.index_state for draft in drafts} == {State.OFF}


def test_an_edit_replaces_the_old_passages(base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder) -> None:
    entry = make_entry(base, phrasings=["One?", "Two?"])
    drain(store, embedder)
    edit(entry, answer="At ten.", phrasings=["One?"])
    drain(store, embedder)
    assert index_ids(base, store) == true_ids(base)
    assert len(true_ids(base)) == 3


def test_only_the_passages_that_changed_are_embedded_again(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entry = make_entry(base, phrasings=["One?", "Two?"])
    drain(store, embedder)
    embedder.embedded.clear()
    edit(entry, phrasings=["One?", "Three?"])
    drain(store, embedder)
    assert set(embedder.embedded) == {"Three?", "When do you open?\nOne?\nThree?\nAt nine."}


@pytest.mark.parametrize("status", [Entry.Status.DRAFT, Entry.Status.ARCHIVED])
def test_an_entry_that_is_no_longer_published_leaves_the_index(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder, status: Entry.Status
) -> None:
    entry = make_entry(base)
    drain(store, embedder)
    edit(entry, status=status)
    drain(store, embedder)
    assert index_ids(base, store) == set()
    assert reload(entry).index_state == State.OFF


def test_a_deleted_entry_leaves_the_index_and_no_note_behind(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    gone, kept = make_entries(base, 2)
    drain(store, embedder)
    delete_entries(Entry.objects.filter(pk=gone.pk))
    report = drain(store, embedder)
    assert (report.removed, PendingRemoval.objects.count()) == (1, 0)
    assert index_ids(base, store) == true_ids(base)
    assert reload(kept).index_state == State.LIVE


def test_a_change_of_dates_alone_costs_no_embedding_and_no_write(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entry = make_entry(base)
    drain(store, embedder)
    edit(entry, valid_until=timezone.now() + timedelta(days=1))
    assert reload(entry).index_state == State.LIVE


def test_an_entry_moved_to_another_base_changes_its_index_as_well(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    other = make_base("Other")
    make_entry(other, "Something else?")
    entry = make_entry(base)
    drain(store, embedder)
    edit(entry, knowledge_base=other)
    drain(store, embedder)
    assert index_ids(base, store) == set()
    assert index_ids(other, store) == true_ids(other)
    assert len(true_ids(other)) == 4


def test_more_entries_than_a_batch_are_all_indexed_and_counted_batch_by_batch(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 70)
    batches: list[int] = []
    assert drain(store, embedder, batches.append).indexed == 70
    assert batches == [32, 32, 6]
    assert index_ids(base, store) == true_ids(base)


def test_an_edit_made_during_a_long_import_is_next(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entries = make_entries(base, 100)
    states: list[str] = []
    store.before_upsert = once(lambda: edit(entries[50], answer="Moved to box 7."))
    drain(store, embedder, lambda _: states.append(reload(entries[50]).index_state))
    assert states[1] == State.LIVE


# One bad text


def test_a_text_that_the_model_refuses_is_set_aside_with_its_reason_and_the_others_go_on(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 5)
    bad = make_entry(base, "Is this poison?")
    embedder.refuses = "poison"
    for _ in range(MAX_INDEX_ATTEMPTS):
        assert bad.pk in drain(store, embedder).failed
    assert not drain(store, embedder).worked
    assert reload(bad).index_state == State.FAILED
    assert reload(bad).index_error == "The text has poison in it."
    assert Entry.objects.dirty().count() == 1


def test_a_drain_gives_each_bad_text_one_try(base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder) -> None:
    bad = make_entry(base, "Is this poison?")
    embedder.refuses = "poison"
    drain(store, embedder)
    assert reload(bad).index_attempts == 1
    assert reload(bad).index_state == State.WAITING


@pytest.mark.parametrize("way", ["retry", "edit"])
def test_what_was_set_aside_is_live_after_a_retry_or_an_edit(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder, way: str
) -> None:
    bad = make_entry(base, "Is this poison?")
    embedder.refuses = "poison"
    for _ in range(MAX_INDEX_ATTEMPTS):
        drain(store, embedder)
    embedder.refuses = ""
    retry_indexing(Entry.objects.all()) if way == "retry" else edit(bad, question="Is this safe?")
    drain(store, embedder)
    assert (reload(bad).index_state, reload(bad).index_error) == (State.LIVE, "")
    assert index_ids(base, store) == true_ids(base)


def test_a_bad_text_that_was_unpublished_is_forgotten(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    bad = make_entry(base, "Is this poison?")
    embedder.refuses = "poison"
    drain(store, embedder)
    set_status(Entry.objects.all(), Entry.Status.ARCHIVED)
    assert not drain(store, embedder).failed
    assert (reload(bad).index_state, reload(bad).index_error) == (State.OFF, "")


# The model or the store is away


def test_while_the_store_is_away_vectors_are_made_for_every_base_and_rows_stay_dirty(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entries = [make_entry(base), make_entry(make_base("Other"), "Where are you?", "Here.")]
    store.down = True
    with pytest.raises(StoreUnavailableError):
        drain(store, embedder)
    assert Vector.objects.count() == 4
    assert [reload(entry).index_state for entry in entries] == [State.WAITING] * 2
    store.down = False
    embedder.down = True
    assert drain(store, embedder).indexed == 2


def test_a_bad_text_does_not_keep_the_others_vectors_from_being_made_while_the_store_is_away(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entry(base, "Is this poison?")
    make_entry(base, "Is this food?")
    embedder.refuses, store.down = "poison", True
    with pytest.raises(StoreUnavailableError):
        drain(store, embedder)
    assert Vector.objects.count() == 2


def test_a_store_that_goes_away_in_the_middle_loses_nothing(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 40)
    store.after_upsert = lambda: setattr(store, "down", True)
    with pytest.raises(StoreUnavailableError):
        drain(store, embedder)
    store.after_upsert, store.down = lambda: None, False
    drain(store, embedder)
    assert Entry.objects.dirty().count() == 0
    assert index_ids(base, store) == true_ids(base)


def test_a_model_that_is_away_costs_no_attempt_and_leaves_its_reason_on_the_rows(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entry = make_entry(base)
    embedder.down = True
    for _ in range(MAX_INDEX_ATTEMPTS + 1):
        with pytest.raises(EmbeddingUnavailableError):
            drain(store, embedder)
    assert (reload(entry).index_state, reload(entry).index_attempts) == (State.WAITING, 0)
    assert reload(entry).index_error == "The embedding server is away."
    embedder.down = False
    drain(store, embedder)
    assert (reload(entry).index_state, reload(entry).index_error) == (State.LIVE, "")


def test_a_wrong_key_sets_nothing_aside(base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder) -> None:
    def refuse(texts: object) -> None:
        raise EmbeddingSetupError("The embedding server refused the key.")

    entries = make_entries(base, 3)
    embedder.before = refuse
    for _ in range(MAX_INDEX_ATTEMPTS + 1):
        with pytest.raises(EmbeddingSetupError):
            drain(store, embedder)
    assert {(e.index_state, e.index_error) for e in map(reload, entries)} == {
        (State.WAITING, "The embedding server refused the key.")
    }


def test_the_first_entry_of_a_base_gets_it_a_collection(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entry(base)
    drain(store, embedder)
    collection = Collection.objects.get()
    assert (collection.state, collection.model, collection.generation) == (Collection.State.ACTIVE, "words", 1)
    assert store.names() == {collection.name}
