"""The vectors of an entry together: read in one go, never old, and put together where they are not."""

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from knowledge import entry_vectors
from knowledge.indexing import drain
from knowledge.models import KnowledgeBase, Vector
from knowledge.passages import passages, vectors_digest
from knowledge.vectors import store_together
from tests.knowledge.factories import DIMENSION, MeddledStore, WordEmbedder, edit, make_entry, reload


def test_they_are_those_of_the_passages_in_order(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entry = make_entry(base, phrasings=["Opening hours?"])
    drain(store, embedder)
    version = (entry.pk, entry.content_hash)
    rows = entry_vectors.entry_vectors("words", [version])[version]
    assert rows == pytest.approx(embedder.embed(passages(entry.question, entry.answer, ["Opening hours?"])), abs=1e-3)


def test_many_entries_are_read_in_one_query(
    base: KnowledgeBase,
    store: MeddledStore,
    embedder: WordEmbedder,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    entries = [make_entry(base, f"Where is thing{n}?") for n in range(30)]
    drain(store, embedder)
    entry_vectors.forget()
    versions = [(entry.pk, entry.content_hash) for entry in entries]
    with django_assert_num_queries(1):
        assert len(entry_vectors.entry_vectors("words", versions)) == 30
    with django_assert_num_queries(0):
        entry_vectors.entry_vectors("words", versions)


def test_those_of_an_entry_that_is_embedded_and_not_indexed_are_put_together(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entry = make_entry(base)
    drain(store, embedder)
    Vector.objects.filter(pk=vectors_digest("words", entry.content_hash)).delete()
    entry_vectors.forget()
    assert len(entry_vectors.entry_vectors("words", [(entry.pk, entry.content_hash)])) == 1


def test_an_edit_has_vectors_of_its_own(base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder) -> None:
    before = make_entry(base)
    drain(store, embedder)
    after = edit(before, question="Something else entirely?")
    drain(store, embedder)
    versions = [(before.pk, before.content_hash), (after.pk, reload(after).content_hash)]
    found = entry_vectors.entry_vectors("words", versions)
    assert not np.allclose(found[versions[0]], found[versions[1]])


def test_a_model_that_changed_its_dimension_under_its_name_is_not_compared(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entry = make_entry(base)
    drain(store, embedder)
    versions = [(entry.pk, entry.content_hash)]
    assert entry_vectors.entry_vectors("words", versions, DIMENSION + 1) == {}
    assert len(entry_vectors.entry_vectors("words", versions, DIMENSION)) == 1


def test_what_another_model_made_under_the_same_name_is_read_anew(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entry = make_entry(base)
    drain(store, embedder)
    version = (entry.pk, entry.content_hash)
    before = entry_vectors.entry_vectors("words", [version], generation="one")[version]
    Vector.objects.all().delete()
    store_together("words", [(entry.content_hash, -before)])
    kept = entry_vectors.entry_vectors("words", [version], generation="one")[version]
    anew = entry_vectors.entry_vectors("words", [version], generation="two")[version]
    assert np.array_equal(kept, before)
    assert np.array_equal(anew, -before)
