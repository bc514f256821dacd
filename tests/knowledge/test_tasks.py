"""The tasks: what they call, what they retry, and what is done though the store or the lease is not to be had."""

from collections.abc import Callable

import pytest
from celery import Task

from knowledge import tasks
from knowledge.embedding import EmbeddingRefusedError, EmbeddingSetupError, EmbeddingUnavailableError
from knowledge.indexing.lease import hold_lease
from knowledge.models import Entry, KnowledgeBase, StoreHealth, Vector
from knowledge.vector_store import CollectionMissingError, StoreUnavailableError
from tests.knowledge.factories import MeddledStore, WordEmbedder, index_ids, make_entries, make_entry, true_ids


@pytest.fixture(autouse=True)
def _parts(monkeypatch: pytest.MonkeyPatch, store: MeddledStore, embedder: WordEmbedder) -> None:
    monkeypatch.setattr(tasks, "get_writing_store", lambda: store)
    monkeypatch.setattr(tasks, "get_embedder", lambda: embedder)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What was sent to the broker."""
    messages: list[dict[str, object]] = []
    for task in (tasks.drain_index, tasks.tend_index):
        monkeypatch.setattr(task, "apply_async", lambda **options: messages.append(options))
    return messages


def test_draining_says_how_many_entries_it_indexed_and_may_run_again(base: KnowledgeBase) -> None:
    make_entries(base, 3)
    assert [tasks.drain_index(), tasks.drain_index()] == [3, 0]


def test_a_second_drain_while_the_first_runs_ends_at_once_and_loses_nothing(base: KnowledgeBase) -> None:
    make_entry(base)
    with hold_lease():
        assert tasks.drain_index() == 0
    assert tasks.drain_index() == 1


def test_tending_mends_the_index_and_drains(base: KnowledgeBase, store: MeddledStore) -> None:
    make_entries(base, 3)
    tasks.drain_index()
    store.drop(next(iter(store.names())))
    make_entry(base, "Saved without a hint?")
    tasks.tend_index()
    assert index_ids(base, store) == true_ids(base)
    assert StoreHealth.objects.get().state == "ok"


def test_while_the_store_is_down_tending_makes_the_vectors_from_which_exact_search_answers(
    base: KnowledgeBase, store: MeddledStore
) -> None:
    make_entry(base)
    tasks.drain_index()
    make_entry(base, "Saved while it is down?", "Yes.")
    store.down = True
    with pytest.raises(StoreUnavailableError):
        tasks.tend_index()
    # Two texts of each, and those of each together.
    assert Vector.objects.count() == 6
    assert StoreHealth.objects.get().state == "down"


def test_a_look_that_meets_a_lease_leaves_it_alone(base: KnowledgeBase, sent: list[dict[str, object]]) -> None:
    with hold_lease():
        tasks.tend_index()
    assert sent == []


def test_a_full_look_that_meets_the_lease_of_a_killed_worker_comes_again_after_it(
    base: KnowledgeBase, sent: list[dict[str, object]]
) -> None:
    with hold_lease():
        tasks.tend_index(full=True)
    assert [(message["kwargs"], message["countdown"]) for message in sent] == [({"full": True}, 35)]


@pytest.mark.parametrize("task", [tasks.drain_index, tasks.tend_index])
@pytest.mark.parametrize("error", [StoreUnavailableError("away"), EmbeddingUnavailableError("away")])
def test_what_may_pass_is_retried_and_in_the_end_reported(
    base: KnowledgeBase, embedder: WordEmbedder, store: MeddledStore, task: Task[[], object], error: Exception
) -> None:
    tries = fail_with(error, store, embedder)
    make_entry(base)
    result = task.apply()
    assert type(result.result) is type(error)
    assert len(tries) >= 5


@pytest.mark.parametrize(
    "error", [EmbeddingSetupError("a wrong key"), CollectionMissingError("gone"), ZeroDivisionError("a bug")]
)
def test_what_cannot_pass_is_not_retried(
    base: KnowledgeBase, embedder: WordEmbedder, store: MeddledStore, error: Exception
) -> None:
    tries = fail_with(error, store, embedder)
    make_entry(base)
    assert tasks.drain_index.apply().result is error
    assert len(tries) == 1


def test_a_refused_text_fails_no_task(base: KnowledgeBase, embedder: WordEmbedder, store: MeddledStore) -> None:
    fail_with(EmbeddingRefusedError("too long"), store, embedder)
    entry = make_entry(base)
    assert tasks.drain_index.apply().result == 0
    assert Entry.objects.get(pk=entry.pk).index_error == "too long"


def fail_with(error: Exception, store: MeddledStore, embedder: WordEmbedder) -> list[object]:
    """Have the model (or, for a missing collection, the store) fail; returns a list that grows with each try."""
    tries: list[object] = []

    def fail(*args: object) -> None:
        tries.append(args)
        raise error

    place: Callable[..., None] = fail
    if isinstance(error, CollectionMissingError):
        store.before_upsert = place
    else:
        embedder.before = place
    return tries
