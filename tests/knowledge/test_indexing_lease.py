"""The writer's lease: one indexer at a time, a killed one blocks nobody for long, and nothing waits because of it."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from knowledge.indexing import LeaseLostError, LeaseTakenError, drain, rebuild, tend
from knowledge.indexing.lease import DURATION, HeldLease, hold_lease
from knowledge.models import Entry, KnowledgeBase, Lease
from tests.knowledge.factories import (
    MeddledStore,
    WordEmbedder,
    index_ids,
    make_entries,
    make_entry,
    once,
    true_ids,
)

pytestmark = pytest.mark.django_db


def steal() -> None:
    """What another process does after this one has slept too long."""
    Lease.objects.update(holder=uuid.uuid4(), expires_at=timezone.now() + DURATION)


def expire() -> None:
    """As if its holder had been killed half a minute ago."""
    Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def test_a_lease_is_held_by_one_at_a_time() -> None:
    with hold_lease(), pytest.raises(LeaseTakenError), hold_lease():
        pass


def test_a_lease_is_free_again_after_the_block_and_after_an_error_in_it() -> None:
    with pytest.raises(ZeroDivisionError), hold_lease():
        raise ZeroDivisionError
    with hold_lease():
        pass


def test_the_lease_of_a_killed_holder_can_be_taken_when_it_has_run_out() -> None:
    Lease.objects.create(name="index", holder=uuid.uuid4(), expires_at=timezone.now() + DURATION)
    expire()
    with hold_lease() as lease:
        lease.renew()


def test_who_comes_late_is_told_that_the_lease_is_lost_and_does_not_take_it_from_its_new_holder() -> None:
    with hold_lease() as late:
        steal()
        with pytest.raises(LeaseLostError):
            late.renew()
    assert Lease.objects.get().holder is not None


def test_a_lease_that_ran_out_and_was_not_taken_can_be_renewed() -> None:
    with hold_lease() as lease:
        expire()
        lease.renew()
        with pytest.raises(LeaseTakenError), hold_lease():
            pass


def test_releasing_what_another_holds_changes_nothing() -> None:
    with hold_lease():
        HeldLease(uuid.uuid4()).release()
        assert Lease.objects.get().holder is not None


def test_a_second_drain_turns_away_and_the_first_takes_what_was_saved_meanwhile(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    def save_and_hint() -> None:
        make_entry(base, "Saved meanwhile?")
        turned_away.append(drain(store, embedder).held_by_other)

    turned_away: list[bool] = []
    make_entries(base, 3)
    store.after_upsert = once(save_and_hint)
    assert not drain(store, embedder).held_by_other
    assert turned_away == [True]
    assert index_ids(base, store) == true_ids(base)


def test_what_is_saved_in_a_drains_last_moment_is_not_left_for_half_a_minute(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = HeldLease.release
    late = once(lambda: make_entry(base, "Saved at the last moment?"))

    def save_then_release(lease: HeldLease) -> None:
        late()
        release(lease)

    monkeypatch.setattr(HeldLease, "release", save_then_release)
    make_entry(base)
    drain(store, embedder)
    assert not Entry.objects.dirty().exists()


def test_a_drain_that_loses_its_lease_stops_and_the_new_holder_finishes(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 70)
    store.after_upsert = once(steal)
    report = drain(store, embedder)
    assert (report.held_by_other, report.indexed) == (True, 32)
    expire()
    assert drain(store, embedder).indexed == 38
    assert index_ids(base, store) == true_ids(base)


@pytest.mark.parametrize("work", ["rebuild", "tend"])
def test_other_work_on_the_index_is_refused_while_somebody_holds_the_lease(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder, work: str
) -> None:
    with hold_lease(), pytest.raises(LeaseTakenError, match="at the moment"):
        rebuild(base, store, embedder) if work == "rebuild" else tend(store, embedder, full=True)


def test_a_rebuild_that_loses_its_lease_does_not_switch(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 3)
    drain(store, embedder)
    before = store.names()
    store.after_upsert = once(steal)
    with pytest.raises(LeaseLostError):
        rebuild(base, store, embedder)
    expire()
    tend(store, embedder, full=True)
    assert store.names() == before
