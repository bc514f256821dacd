"""Watching: an index that lost something, has too much, or lies is found out and mended from SQL."""

from pathlib import Path

import pytest
from pytest_django import Settings

from knowledge.indexing import drain, examine, tend
from knowledge.indexing.generations import VerificationError
from knowledge.models import Collection, Entry, KnowledgeBase, StoreHealth
from knowledge.passages import passage_ids
from knowledge.retrieval import retrieve
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

State = StoreHealth.State


def name_of(base: KnowledgeBase) -> str:
    return Collection.objects.active("words").get(knowledge_base=base).name


def health() -> StoreHealth:
    return StoreHealth.objects.get()


@pytest.fixture
def entries(base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder) -> list[Entry]:
    """Ten live entries."""
    made = make_entries(base, 10)
    drain(store, embedder)
    return made


def mend(base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder, *, full: bool) -> None:
    """Do what the worker does every half minute, and prove the result."""
    tend(store, embedder, full=full)
    drain(store, embedder)
    assert index_ids(base, store) == true_ids(base)
    assert examine(base, store, embedder).ok
    assert health().state == State.OK


@pytest.mark.parametrize("full", [True, False])
def test_nothing_is_found_in_a_true_index_and_nothing_is_written(
    entries: list[Entry], store: MeddledStore, embedder: WordEmbedder, full: bool
) -> None:
    store.before_upsert = lambda: pytest.fail("written")
    assert [finding.ok for finding in tend(store, embedder, full=full)] == [True]


@pytest.mark.parametrize("full", [True, False])
def test_lost_vectors_are_written_again_without_embedding(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, embedder: WordEmbedder, full: bool
) -> None:
    lost = passage_ids(entries[3].pk, entries[3].content_hash, 2)[:1]
    store.delete(name_of(base), lost)
    assert examine(base, store, embedder, full=full).missing == set(lost)
    embedder.down = True
    mend(base, store, embedder, full=full)


@pytest.mark.parametrize("full", [True, False])
def test_vectors_that_no_entry_has_are_removed(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, embedder: WordEmbedder, full: bool
) -> None:
    store.upsert(name_of(base), ["what is this"], embedder.embed(["what is this"]))
    assert examine(base, store, embedder, full=full).extra == {"what is this"}
    mend(base, store, embedder, full=full)


def test_as_many_lost_as_too_many_are_found_by_a_full_look(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, embedder: WordEmbedder
) -> None:
    store.delete(name_of(base), passage_ids(entries[3].pk, entries[3].content_hash, 1))
    store.upsert(name_of(base), ["what is this"], embedder.embed(["what is this"]))
    mend(base, store, embedder, full=True)


def test_a_wiped_store_is_filled_again_from_sql(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, embedder: WordEmbedder
) -> None:
    for name in store.names():
        store.drop(name)
    assert examine(base, store, embedder, full=False).broken == "The collection is not in Chroma."
    embedder.down = True
    mend(base, store, embedder, full=False)


def test_a_wiped_store_is_noticed_for_a_base_without_entries_too(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entry = make_entry(base)
    drain(store, embedder)
    edit(entry, status=Entry.Status.DRAFT)
    drain(store, embedder)
    store.drop(name_of(base))
    mend(base, store, embedder, full=False)


def test_a_store_that_counts_right_and_finds_nothing_is_found_out_and_built_anew(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, embedder: WordEmbedder
) -> None:
    old = name_of(base)
    store.blind = True
    assert "does not find" in examine(base, store, embedder, full=False).broken
    store.before_upsert = once(lambda: setattr(store, "blind", False))
    mend(base, store, embedder, full=False)
    assert name_of(base) != old


def test_while_the_store_lies_exact_search_answers(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, words: WordEmbedder
) -> None:
    store.blind = True
    with pytest.raises(VerificationError):
        tend(store, words, full=False)
    found = retrieve("Where is thing7?", knowledge_bases=[base.pk], store=store)
    assert (found.way, found.candidates[0].entry) == ("exact", entries[7])


def test_a_store_that_lies_again_after_the_rebuild_is_reported_and_asked_to_begin_anew(
    entries: list[Entry], store: MeddledStore, embedder: WordEmbedder, settings: Settings, tmp_path: Path
) -> None:
    settings.CHROMA_DIR = str(tmp_path)
    store.blind = True
    with pytest.raises(VerificationError):
        tend(store, embedder, full=False)
    assert health().state == State.DOWN
    assert "does not find" in (tmp_path / "set-aside").read_text()


def test_a_folder_that_vanished_does_not_hide_what_is_wrong(
    entries: list[Entry], store: MeddledStore, embedder: WordEmbedder, settings: Settings, tmp_path: Path
) -> None:
    settings.CHROMA_DIR = str(tmp_path / "vanished")
    store.blind = True
    with pytest.raises(VerificationError):
        tend(store, embedder, full=False)
    assert health().state == State.DOWN


def test_a_database_set_back_to_yesterday_gets_the_index_of_yesterday(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, embedder: WordEmbedder
) -> None:
    rows = list(Entry.objects.filter(pk__in=[entries[0].pk, entries[1].pk]).values())
    edit(entries[0], answer="Moved to box 99.", phrasings=["New?"])
    edit(entries[1], status=Entry.Status.ARCHIVED)
    make_entry(base, "Written today?")
    drain(store, embedder)
    Entry.objects.filter(question="Written today?").delete()
    entries[0].phrasings.all().delete()
    for row in rows:
        Entry.objects.filter(pk=row["id"]).update(**row)
    mend(base, store, embedder, full=True)


def test_what_is_set_aside_is_reported_and_not_repaired_for_ever(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, embedder: WordEmbedder
) -> None:
    bad = make_entry(base, "Is this poison?")
    embedder.refuses = "poison"
    for _ in range(5):
        drain(store, embedder)
    finding = examine(base, store, embedder)
    assert (finding.ok, finding.failed, finding.waiting, finding.missing) == (False, 1, 0, frozenset())
    tend(store, embedder, full=True)
    assert reload(bad).index_state == Entry.IndexState.FAILED


def test_an_entry_that_waits_is_not_ok_but_nothing_is_missing(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, embedder: WordEmbedder
) -> None:
    edit(entries[0], answer="Moved.")
    finding = examine(base, store, embedder)
    assert (finding.ok, finding.waiting, finding.missing, finding.extra) == (False, 1, frozenset(), frozenset())


def test_a_store_that_is_down_is_reported_as_down_until_it_is_back(
    entries: list[Entry], store: MeddledStore, embedder: WordEmbedder
) -> None:
    store.down = True
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            tend(store, embedder, full=False)
    assert (health().state, health().detail) == (State.DOWN, "Chroma is away.")
    store.down = False
    tend(store, embedder, full=False)
    assert (health().state, health().detail) == (State.OK, "")


def test_each_base_is_looked_at_for_itself(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entry(other := make_base("Other"))
    drain(store, embedder)
    store.drop(name_of(other))
    findings = {finding.base: finding.ok for finding in tend(store, embedder, full=False)}
    assert findings == {base: True, other: False}
    assert index_ids(other, store) == true_ids(other)
