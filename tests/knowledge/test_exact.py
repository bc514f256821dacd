"""Exact search: over what is published now, from the vectors that SQL has."""

import gc
from datetime import timedelta

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from knowledge import exact
from knowledge.exact import search_exactly
from knowledge.models import Entry, KnowledgeBase, Vector
from knowledge.passages import parse_passage_id
from knowledge.services import delete_entries
from knowledge.vectors import vectors_for
from tests.knowledge.factories import WordEmbedder, edit, make_base, make_entries, make_entry, reload, true_ids


def ids(base: KnowledgeBase, embedder: WordEmbedder, question: str = "Where is thing1?", limit: int = 100) -> list[str]:
    vector = embedder.embed_one(question)
    return [hit.id for hit in search_exactly(base.pk, embedder.name, vector, limit)]


def embed_all(base: KnowledgeBase, embedder: WordEmbedder) -> None:
    for entry in Entry.objects.filter(knowledge_base=base):
        phrasings = [p.text for p in entry.phrasings.all()]
        vectors_for(embedder, [f"{entry.question}\n{entry.answer}", entry.question, *phrasings])


def test_every_published_passage_is_ranked_by_its_cosine(base: KnowledgeBase, embedder: WordEmbedder) -> None:
    entries = make_entries(base, 5)
    embed_all(base, embedder)
    hits = search_exactly(base.pk, "words", embedder.embed_one("Where is thing1?"), 100)
    assert {hit.id for hit in hits} == true_ids(base)
    assert parse_passage_id(hits[0].id)[::2] == (entries[1].pk, 1)
    assert hits[0].similarity == pytest.approx(1, abs=1e-5)
    assert [hit.similarity for hit in hits] == sorted((hit.similarity for hit in hits), reverse=True)


def test_no_more_than_the_limit_is_returned(base: KnowledgeBase, embedder: WordEmbedder) -> None:
    make_entries(base, 5)
    embed_all(base, embedder)
    assert len(ids(base, embedder, limit=3)) == 3


def test_a_base_without_entries_or_vectors_has_no_hits(base: KnowledgeBase, embedder: WordEmbedder) -> None:
    assert ids(base, embedder) == []
    make_entry(base)
    assert ids(base, embedder) == []


def test_edits_deletions_and_drafts_show_at_once(base: KnowledgeBase, embedder: WordEmbedder) -> None:
    first, second, third = make_entries(base, 3)
    embed_all(base, embedder)
    ids(base, embedder)
    edit(first, answer="Moved.")
    edit(second, status=Entry.Status.DRAFT)
    delete_entries(Entry.objects.filter(pk=third.pk))
    embed_all(base, embedder)
    assert set(ids(base, embedder)) == true_ids(base)


def test_an_edit_from_a_machine_whose_clock_is_behind_shows_too(base: KnowledgeBase, embedder: WordEmbedder) -> None:
    entry, *_ = make_entries(base, 3)
    embed_all(base, embedder)
    ids(base, embedder)
    edit(entry, answer="Moved.")
    Entry.objects.filter(pk=entry.pk).update(updated_at=entry.updated_at - timedelta(minutes=1))
    embed_all(base, embedder)
    assert set(ids(base, embedder)) == true_ids(base)


def test_vectors_that_were_still_being_made_are_found_soon(
    base: KnowledgeBase, embedder: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact, "INCOMPLETE_S", 0.0)
    make_entries(base, 3)
    assert ids(base, embedder) == []
    embed_all(base, embedder)
    assert set(ids(base, embedder)) == true_ids(base)


def test_each_base_and_each_model_is_searched_by_itself(base: KnowledgeBase, embedder: WordEmbedder) -> None:
    other = make_base("Other")
    make_entries(base, 2)
    make_entries(other, 3)
    embed_all(base, embedder)
    embed_all(other, embedder)
    assert (set(ids(base, embedder)), set(ids(other, embedder))) == (true_ids(base), true_ids(other))
    assert ids(base, WordEmbedder("another model")) == []


def test_a_second_search_asks_only_whether_anything_changed(
    base: KnowledgeBase, embedder: WordEmbedder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_entries(base, 3)
    embed_all(base, embedder)
    ids(base, embedder)
    with django_assert_num_queries(1):
        ids(base, embedder)


def test_edits_do_not_pile_up_in_memory(base: KnowledgeBase, embedder: WordEmbedder) -> None:
    entry, *_ = make_entries(base, 3)
    for number in range(10):
        edit(reload(entry), answer=f"Box {number}.")
        embed_all(base, embedder)
        ids(base, embedder)
    gc.collect()
    assert sum(isinstance(found, exact.Snapshot) for found in gc.get_objects()) == 1


def test_what_another_model_made_under_the_same_name_is_read_anew(base: KnowledgeBase, embedder: WordEmbedder) -> None:
    entry = make_entry(base)
    embed_all(base, embedder)
    question = embedder.embed_one(entry.question)

    def similarity(generation: str) -> float:
        return search_exactly(base.pk, "words", question, 1, generation=generation)[0].similarity

    assert similarity("one") == pytest.approx(1, abs=1e-5)
    for row in Vector.objects.all():
        Vector.objects.filter(pk=row.pk).update(data=(-np.frombuffer(row.data, "<f4")).tobytes())
    assert similarity("one") == pytest.approx(1, abs=1e-5)
    assert similarity("two") < 0
