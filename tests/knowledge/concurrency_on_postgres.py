"""Editors and indexers at the same time, on PostgreSQL. Run by test_services_postgres.py, with DATABASE_URL set.

Not named test_*: SQLite has one writer, so there these tests would show nothing.
"""

import threading
from collections.abc import Callable, Sequence

import pytest
from django.db import connection, connections

from knowledge import tasks
from knowledge.indexing import drain, tend
from knowledge.indexing.lease import LeaseTakenError
from knowledge.models import Entry, KnowledgeBase
from knowledge.services import EntryChangedError, save_entry, set_status
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

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _silent_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    assert connection.vendor == "postgresql"
    monkeypatch.setattr(tasks.drain_index, "apply_async", lambda **_: None)


def at_once(works: Sequence[Callable[[], object]]) -> list[Exception]:
    """Do everything at the same time; returns what went wrong."""
    errors: list[Exception] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except Exception as error:  # noqa: BLE001  (a thread's outermost edge)
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_eight_saves_of_one_entry_are_eight_versions() -> None:
    entry = make_entry(make_base())
    assert at_once([lambda n=n: edit(entry, answer=f"Answer {n}.") for n in range(8)]) == []  # type: ignore[misc]
    assert reload(entry).version == 9
    assert sorted(entry.history.values_list("version", flat=True)) == list(range(1, 10))


def test_of_two_editors_who_began_with_the_same_version_one_is_told() -> None:
    entry = make_entry(make_base())
    saves = [lambda: save_entry(reload(entry), expected_version=1) for _ in range(2)]
    assert [type(error) for error in at_once(saves)] == [EntryChangedError]


def test_bulk_actions_edits_and_indexers_do_not_lock_each_other_out() -> None:
    base, store, embedder = make_base(), MeddledStore(), WordEmbedder()
    entries = make_entries(base, 120)

    def toggle() -> None:
        for status in (Entry.Status.DRAFT, Entry.Status.PUBLISHED) * 4:
            set_status(Entry.objects.order_by("-updated_at"), status)

    def toggle_from_below() -> None:
        for status in (Entry.Status.ARCHIVED, Entry.Status.PUBLISHED) * 4:
            set_status(Entry.objects.order_by("updated_at"), status)

    def index() -> None:
        for _ in range(15):
            drain(store, embedder)

    def rewrite() -> None:
        for entry in entries[::-3]:
            edit(entry, answer="Rewritten.")

    assert at_once([toggle, toggle_from_below, index, index, rewrite]) == []
    settle(base, store, embedder)


def settle(base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder) -> None:
    """Let the indexer catch up, and prove the result."""
    tend(store, embedder, full=True)
    drain(store, embedder)
    assert index_ids(base, store) == true_ids(base)
    assert not Entry.objects.dirty().exists()


def test_of_many_indexers_one_works_and_nothing_is_done_twice() -> None:
    base, store, embedder = make_base(), MeddledStore(), WordEmbedder()
    make_entries(base, 40)
    reports: list[int] = []
    works = [lambda: reports.append(drain(store, embedder).indexed) for _ in range(4)]
    assert [error for error in at_once(works) if not isinstance(error, LeaseTakenError)] == []
    settle(base, store, embedder)
    assert sum(reports) == 40
