"""Bulk work: one transaction, a version for each entry, one hint to the indexer; and the hint that may fail."""

from collections.abc import Callable
from pathlib import Path

import pytest
from celery import Celery
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from config.celery import app
from knowledge import indexing, tasks
from knowledge.importing import Row
from knowledge.indexing import drain
from knowledge.models import Entry, KnowledgeBase, PendingRemoval
from knowledge.services import (
    delete_entries,
    import_rows,
    request_indexing,
    retry_indexing,
    save_entry,
    set_status,
)
from tests.knowledge.factories import (
    MeddledStore,
    WordEmbedder,
    edit,
    index_ids,
    make_entries,
    make_entry,
    reload,
    true_ids,
)

Capture = DjangoCaptureOnCommitCallbacks
ALL = Entry.objects.all


def bare_entries(base: KnowledgeBase, number: int) -> None:
    """Drafts, made the fast way."""
    Entry.objects.bulk_create(
        Entry(knowledge_base=base, question=f"Q{n}?", answer=f"A{n}.", version=1) for n in range(number)
    )


def test_publishing_in_bulk_is_a_version_of_each_entry_that_changed(base: KnowledgeBase) -> None:
    alice = User.objects.create(username="alice")
    make_entry(base, status=Entry.Status.PUBLISHED)
    draft = make_entry(base, status=Entry.Status.DRAFT, phrasings=["One?"])
    assert set_status(ALL(), Entry.Status.PUBLISHED, author=alice) == 1
    latest = draft.history.latest("version")
    assert (latest.version, latest.status, latest.phrasings) == (2, "published", ["One?"])
    assert (latest.history_user, latest.history_change_reason) == (alice, "Published in bulk")
    assert reload(draft).index_state == Entry.IndexState.WAITING


def test_a_list_that_counts_and_joins_can_be_changed_and_deleted_as_well(base: KnowledgeBase) -> None:
    make_entry(base, phrasings=["One?", "Two?"])
    listed = ALL().annotate(number=Count("phrasings")).select_related("category").order_by("number")
    assert set_status(listed, Entry.Status.DRAFT) == 1
    assert request_indexing(listed) == 0
    assert retry_indexing(listed) == 0
    assert delete_entries(listed) == 1


def test_bulk_work_does_not_overwrite_what_somebody_edited_meanwhile(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    chosen = ALL()
    len(chosen)
    edit(entry, answer="Edited meanwhile.")
    set_status(chosen, Entry.Status.ARCHIVED)
    assert reload(entry).answer == "Edited meanwhile."


def test_1000_entries_in_one_action_are_one_hint_and_one_run_with_work(
    base: KnowledgeBase,
    store: MeddledStore,
    embedder: WordEmbedder,
    django_capture_on_commit_callbacks: Capture,
) -> None:
    bare_entries(base, 1_000)
    with django_capture_on_commit_callbacks() as hints:
        assert set_status(ALL(), Entry.Status.PUBLISHED) == 1_000
    runs = [drain(store, embedder).worked for _ in range(3)]
    assert (len(hints), runs) == (1, [True, False, False])
    assert index_ids(base, store) == true_ids(base)


def test_an_import_of_many_rows_is_one_hint_however_slow_the_broker(
    base: KnowledgeBase, django_capture_on_commit_callbacks: Capture
) -> None:
    rows = [Row(line=n, reference=str(n), question=f"Q{n}?", answer="A.") for n in range(30)]
    with django_capture_on_commit_callbacks() as hints:
        import_rows(base, rows)
    assert len(hints) == 1
    with django_capture_on_commit_callbacks() as hints:
        import_rows(base, rows)
        import_rows(base, [Row(line=1, reference="new", question="Q?", answer="A.")], dry_run=True)
    assert hints == []


def test_the_queries_of_a_bulk_action_do_not_grow_with_each_entry(
    base: KnowledgeBase, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    bare_entries(base, 150)
    with django_assert_max_num_queries(12):
        set_status(ALL(), Entry.Status.PUBLISHED)


def test_deleting_in_bulk_notes_what_the_index_has_of_each(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 3)
    drain(store, embedder)
    make_entry(base, "Not indexed yet?")
    assert delete_entries(ALL()) == 4
    assert PendingRemoval.objects.count() == 3
    assert Entry.history.filter(history_type="-").count() == 4
    drain(store, embedder)
    assert index_ids(base, store) == set()


def test_asking_for_indexing_again_writes_again_and_embeds_nothing(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 3)
    make_entry(base, status=Entry.Status.DRAFT)
    drain(store, embedder)
    assert request_indexing(ALL()) == 3
    embedder.down = True
    assert drain(store, embedder).indexed == 3


# The hint

CHANGES: dict[str, Callable[[Entry], object]] = {
    "save": save_entry,
    "status": lambda _: set_status(ALL(), Entry.Status.ARCHIVED),
    "delete": lambda _: delete_entries(ALL()),
    "request": lambda _: request_indexing(ALL()),
    "retry": lambda _: retry_indexing(ALL()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_hints_once_and_only_after_the_commit(
    base: KnowledgeBase, django_capture_on_commit_callbacks: Capture, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    sent: list[dict[str, object]] = []
    monkeypatch.setattr(tasks.drain_index, "apply_async", lambda **options: sent.append(options))
    entry = make_entry(base)
    with django_capture_on_commit_callbacks(execute=True):
        CHANGES[change](entry)
        assert sent == []
    assert len(sent) == 1
    assert "args" not in sent[0]


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_hints_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []
    monkeypatch.setattr(tasks.drain_index, "apply_async", lambda **options: sent.append(options))
    base = KnowledgeBase.objects.create(name="Shop", slug="shop")
    with transaction.atomic():
        make_entry(base)
        transaction.set_rollback(True)
    assert sent == []
    make_entry(base)
    assert len(sent) == 1


def no_work() -> None:
    """A task."""


def test_a_broker_whose_folder_cannot_be_written_costs_the_editor_nothing(
    base: KnowledgeBase,
    django_capture_on_commit_callbacks: Capture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "broker").write_text("a file where a folder should be")
    broken = Celery("broken", broker="files://localhost", set_as_current=False)
    broken.conf.broker_transport_options = {"folder": str(tmp_path / "broker")}
    monkeypatch.setattr(tasks, "drain_index", broken.task(no_work))
    with django_capture_on_commit_callbacks(execute=True):
        entry = make_entry(base)
    broken.close()
    assert "index_hint_not_sent" in caplog.text
    assert reload(entry).index_state == Entry.IndexState.WAITING


def test_a_hint_is_understood_by_the_worker_that_gets_it(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "get_writing_store", lambda: store)
    monkeypatch.setattr(tasks, "get_embedder", lambda: embedder)
    make_entry(base)
    assert app.tasks["knowledge.tasks.drain_index"].apply().get() == 1
    assert indexing.examine(base, store, embedder).ok
