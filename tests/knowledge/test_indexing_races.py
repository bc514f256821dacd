"""Editors who do not wait: what happens to an entry while the indexer is in the middle of it."""

from collections.abc import Callable

import pytest

from knowledge.indexing import drain, rebuild, tend
from knowledge.models import Entry, KnowledgeBase, PendingRemoval
from knowledge.services import delete_entries, request_indexing, set_status
from tests.knowledge.factories import (
    MeddledStore,
    WordEmbedder,
    edit,
    index_ids,
    make_entries,
    make_entry,
    once,
    reload,
    true_ids,
)


def delete(entry: Entry) -> int:
    return delete_entries(Entry.objects.filter(pk=entry.pk))


def unpublish(entry: Entry) -> int:
    return set_status(Entry.objects.filter(pk=entry.pk), Entry.Status.ARCHIVED)


MEDDLING: dict[str, Callable[[Entry], object]] = {
    "answer": lambda entry: edit(entry, answer="At ten, since today."),
    "more phrasings": lambda entry: edit(entry, phrasings=["One?", "Two?", "Three?", "Four?"]),
    "fewer phrasings": lambda entry: edit(entry, phrasings=[]),
    "owner of the version": lambda entry: edit(entry, language="sv"),
    "there and back": lambda entry: (edit(entry, answer="At ten."), edit(entry, answer="At nine.")),
    "twice": lambda entry: (edit(entry, answer="At ten."), edit(entry, answer="At eleven.")),
    "unpublished": unpublish,
    "unpublished and published": lambda entry: (unpublish(entry), edit(entry, status=Entry.Status.PUBLISHED)),
    "deleted": delete,
    "asked for again": lambda entry: request_indexing(Entry.objects.filter(pk=entry.pk)),
}
WHEN = ("embedding", "before the write", "after the write")


def meddle(when: str, action: Callable[[], object], store: MeddledStore, embedder: WordEmbedder) -> None:
    """Have the action happen once, at that moment."""
    act = once(action)
    if when == "embedding":
        embedder.before = lambda _: act()
    elif when == "before the write":
        store.before_upsert = act
    else:
        store.after_upsert = act


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("what", MEDDLING)
def test_a_new_entry_that_changes_while_it_is_indexed_ends_up_right(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder, what: str, when: str
) -> None:
    make_entries(base, 2)
    entry = make_entry(base, phrasings=["One?", "Two?"])
    meddle(when, lambda: MEDDLING[what](entry), store, embedder)
    drain(store, embedder)
    assert index_ids(base, store) == true_ids(base)
    assert not Entry.objects.dirty().exists()
    assert not PendingRemoval.objects.exists()


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("what", MEDDLING)
def test_a_live_entry_that_changes_while_an_edit_of_it_is_indexed_ends_up_right(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder, what: str, when: str
) -> None:
    entry = make_entry(base, phrasings=["One?", "Two?"])
    drain(store, embedder)
    edit(entry, answer="At eight.", phrasings=["One?"])
    meddle(when, lambda: MEDDLING[what](entry), store, embedder)
    drain(store, embedder)
    assert index_ids(base, store) == true_ids(base)
    assert not Entry.objects.dirty().exists()


def test_an_entry_that_was_edited_meanwhile_stays_dirty_until_its_new_text_is_in(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entry = make_entry(base)
    seen: list[str] = []
    store.after_upsert = once(lambda: edit(entry, answer="At ten."))
    drain(store, embedder, lambda _: seen.append(reload(entry).index_state))
    assert seen == [Entry.IndexState.WAITING, Entry.IndexState.LIVE]


@pytest.mark.parametrize("what", MEDDLING)
def test_an_entry_that_changes_while_its_base_is_rebuilt_ends_up_right(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder, what: str
) -> None:
    make_entries(base, 2)
    entry = make_entry(base, phrasings=["One?", "Two?"])
    drain(store, embedder)
    store.after_upsert = once(lambda: MEDDLING[what](entry))
    rebuild(base, store, embedder)
    drain(store, embedder)
    assert index_ids(base, store) == true_ids(base)
    assert not Entry.objects.dirty().exists()


@pytest.mark.parametrize("what", MEDDLING)
def test_a_dirty_entry_that_changes_while_its_base_is_rebuilt_is_right_after_the_next_look(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder, what: str
) -> None:
    make_entries(base, 2)
    entry = make_entry(base, phrasings=["One?", "Two?"])
    store.after_upsert = once(lambda: MEDDLING[what](entry))
    rebuild(base, store, embedder)
    drain(store, embedder)
    tend(store, embedder, full=False)
    drain(store, embedder)
    assert index_ids(base, store) == true_ids(base)
    assert not Entry.objects.dirty().exists()


def test_a_kill_between_the_write_and_the_mark_is_made_good_by_the_next_drain(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    entry = make_entry(base)
    store.after_upsert = die
    with pytest.raises(KeyboardInterrupt):
        drain(store, embedder)
    assert reload(entry).index_state == Entry.IndexState.WAITING
    store.after_upsert = lambda: None
    drain(store, embedder)
    assert index_ids(base, store) == true_ids(base)


def test_what_a_kill_between_write_and_mark_left_of_a_deleted_entry_is_removed_at_the_next_look(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    make_entries(base, 2)
    entry = make_entry(base)
    store.after_upsert = die
    with pytest.raises(KeyboardInterrupt):
        drain(store, embedder)
    store.after_upsert = lambda: None
    delete(entry)
    drain(store, embedder)
    tend(store, embedder, full=False)
    assert index_ids(base, store) == true_ids(base)
