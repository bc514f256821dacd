"""Checking and rebuilding the index from the terminal: what is said, and the exit status that a script reads."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from knowledge.indexing import drain
from knowledge.indexing.lease import hold_lease
from knowledge.models import Collection, Entry, KnowledgeBase, Vector
from knowledge.services import index as index_services
from tests.knowledge.factories import (
    MeddledStore,
    WordEmbedder,
    edit,
    index_ids,
    make_base,
    make_entries,
    make_entry,
    true_ids,
)


@pytest.fixture(autouse=True)
def _parts(monkeypatch: pytest.MonkeyPatch, store: MeddledStore, embedder: WordEmbedder) -> None:
    monkeypatch.setattr(index_services, "get_writing_store", lambda: store)
    monkeypatch.setattr(index_services, "get_embedder", lambda: embedder)


@pytest.fixture
def entries(base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder) -> list[Entry]:
    """Twenty live entries."""
    made = make_entries(base, 20)
    drain(store, embedder)
    return made


def run(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out, stderr=out, no_color=True)
    return out.getvalue()


def failure(name: str, *arguments: str) -> str:
    """What the command printed and said before it failed."""
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(name, *arguments, stdout=out, stderr=out, no_color=True)
    assert caught.value.returncode == 1
    return f"{out.getvalue()}{caught.value}"


def test_a_true_index_passes_for_every_base(entries: list[Entry], store: MeddledStore, embedder: WordEmbedder) -> None:
    make_entry(make_base("Other"))
    drain(store, embedder)
    assert run("check_index").count("every published entry is in the index and can be found.") == 2


def test_what_differs_is_counted_and_the_command_fails_and_says_what_to_run(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, embedder: WordEmbedder
) -> None:
    name = Collection.objects.get().name
    store.delete(name, sorted(store.ids(name))[:3])
    store.upsert(name, ["x"], embedder.embed(["x"]))
    edit(entries[0], answer="Moved.")
    said = failure("check_index")
    assert "Shop: 3 passages missing, 1 too many, 1 entries waiting, 0 failed." in said
    assert "check_index --repair" in said


def test_repair_mends_everything_and_passes(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, embedder: WordEmbedder
) -> None:
    store.drop(Collection.objects.get().name)
    edit(entries[0], answer="Moved.")
    assert "can be found" in run("check_index", "--repair")
    assert index_ids(base, store) == true_ids(base)


def test_what_cannot_be_repaired_fails_and_points_to_the_reasons(
    base: KnowledgeBase, entries: list[Entry], embedder: WordEmbedder
) -> None:
    make_entry(base, "Is this poison?")
    embedder.refuses = "poison"
    assert "See the reasons in the admin" in failure("check_index", "--repair")


@pytest.mark.parametrize("command", [["check_index"], ["check_index", "--repair"], ["rebuild_index"]])
def test_a_store_that_is_down_is_told_in_words(entries: list[Entry], store: MeddledStore, command: list[str]) -> None:
    store.down = True
    assert "Chroma is away." in failure(*command)


@pytest.mark.parametrize("command", [["check_index", "--repair"], ["rebuild_index"]])
def test_who_meets_another_writer_is_told_to_try_again(entries: list[Entry], command: list[str]) -> None:
    with hold_lease():
        assert "Another process is writing to the index at the moment. Try again" in failure(*command)


def test_a_rebuild_counts_and_switches(base: KnowledgeBase, entries: list[Entry], store: MeddledStore) -> None:
    said = run("rebuild_index")
    assert "Indexed: 20 of 20" in said
    assert "The index of “Shop” was built anew." in said
    assert (Collection.objects.get().generation, index_ids(base, store)) == (2, true_ids(base))


def test_embedding_again_is_for_all_bases_for_their_vectors_are_of_one_model(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, embedder: WordEmbedder
) -> None:
    other = make_base("Other")
    make_entry(other, "Of another base?")
    drain(store, embedder)
    embedder.embedded.clear()
    said = run("rebuild_index", "--embed-again")
    assert {entries[0].question, "Of another base?"} < set(embedder.embedded)
    assert said.count("was built anew") == 2
    assert "restart the web processes" in said
    assert index_ids(other, store) == true_ids(other)


def test_nothing_is_forgotten_while_another_writes(entries: list[Entry], embedder: WordEmbedder) -> None:
    before = Vector.objects.count()
    with hold_lease():
        failure("rebuild_index", "--embed-again")
    assert Vector.objects.count() == before


def test_a_rebuild_that_is_interrupted_leaves_the_old_index(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    store.before_upsert = interrupt
    assert "Interrupted. The old index goes on answering." in failure("rebuild_index")
    assert index_ids(base, store) == true_ids(base)


def test_a_model_that_is_away_is_told_in_words(
    base: KnowledgeBase, entries: list[Entry], embedder: WordEmbedder
) -> None:
    make_entry(base, "Not embedded yet?")
    embedder.down = True
    assert "The embedding server is away. The old index goes on answering." in failure("rebuild_index")
