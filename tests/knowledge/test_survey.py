"""Surveying: what the indexer finds a base to be like, when it looks again, and that retrieval goes by it."""

import pytest
from pytest_django import DjangoAssertNumQueries

from knowledge.indexing import drain, rebuild
from knowledge.models import Entry, KnowledgeBase
from knowledge.retrieval import retrieve
from knowledge.services import delete_entries
from knowledge.vector_store import StoreUnavailableError
from tests.knowledge.factories import MeddledStore, WordEmbedder, edit, make_entries, make_entry


def surveyed(base: KnowledgeBase) -> tuple[float | None, float | None, int]:
    row = KnowledgeBase.objects.get(pk=base.pk)
    return row.crowding, row.cohesion, row.surveyed_entries


def test_entries_that_are_near_to_each_other_are_a_crowd(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    for thing in ("car", "bike", "van"):
        make_entry(base, f"Where may I park my {thing} today?", f"{thing} park")
    drain(store, embedder)
    near, _, entries = surveyed(base)
    for topic in ("Refunds?", "Opening hours?", "Delivery abroad?"):
        make_entry(base, topic, topic)
    drain(store, embedder)
    mixed, _, more = surveyed(base)
    assert near is not None
    assert mixed is not None
    assert 0 < mixed < near <= 1
    assert (entries, more) == (3, 6)


def test_wordings_that_are_near_to_each_other_cohere(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entry(base, "Where may I park my car?", phrasings=["Where may I park my van?"])
    drain(store, embedder)
    alike = surveyed(base)[1]
    make_entry(base, "When do you open?", phrasings=["business hours"])
    drain(store, embedder)
    mixed = surveyed(base)[1]
    assert alike is not None
    assert mixed is not None
    assert 0 <= mixed < alike < 1


def test_one_entry_without_phrasings_tells_nothing(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entry(base)
    drain(store, embedder)
    assert surveyed(base) == (None, None, 1)


def test_an_edit_does_not_survey_a_base_again_and_a_twentieth_more_entries_do(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    make_entries(base, 40)
    drain(store, embedder)
    KnowledgeBase.objects.update(crowding=0.123)
    make_entry(base, "One more?")
    drain(store, embedder)
    assert surveyed(base)[0] == 0.123
    make_entries(base, 2)
    drain(store, embedder)
    assert surveyed(base)[0] != 0.123


@pytest.mark.parametrize("edited", [2, 3])
def test_edits_and_replacements_count_like_new_entries(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder, edited: int
) -> None:
    entries = make_entries(base, 40)
    drain(store, embedder)
    KnowledgeBase.objects.update(crowding=0.123)
    for entry in entries[:edited]:
        edit(entry, question=f"Something else than {entry.question}")
    drain(store, embedder)
    assert (surveyed(base)[0] == 0.123) == (edited == 2)


def test_entries_that_are_gone_count_too(base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder) -> None:
    entries = make_entries(base, 40)
    drain(store, embedder)
    KnowledgeBase.objects.update(crowding=0.123)
    delete_entries(Entry.objects.filter(pk__in=[entry.pk for entry in entries[:3]]))
    drain(store, embedder)
    assert surveyed(base)[0] != 0.123


def test_a_store_that_goes_away_meanwhile_fails_no_rebuild_and_the_next_edit_surveys(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = make_entries(base, 40)
    drain(store, embedder)
    KnowledgeBase.objects.update(crowding=0.123)
    with monkeypatch.context() as away:
        away.setattr("knowledge.indexing.survey.nearest_others", _away)
        rebuild(base, store, embedder)
    assert surveyed(base)[0] == 0.123
    edit(entries[0], answer="Elsewhere.")
    drain(store, embedder)
    assert surveyed(base)[0] != 0.123


def _away(*_: object) -> list[float]:
    raise StoreUnavailableError("Chroma is away.")


def test_a_rebuild_surveys_anew(base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder) -> None:
    make_entries(base, 3)
    drain(store, embedder)
    KnowledgeBase.objects.update(crowding=0.123)
    rebuild(base, store, embedder)
    assert surveyed(base)[0] != 0.123


@pytest.mark.parametrize("column", ["crowding", "cohesion"])
def test_the_same_hit_is_worth_less_where_everything_is_near(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder, column: str
) -> None:
    make_entries(base, 3)
    drain(store, words)
    sure = []
    for value in (0.1, 0.8):
        KnowledgeBase.objects.update(**{column: value})
        sure.append(retrieve("Where is thing1 please?", knowledge_bases=[base.pk], store=store).confidence)
    assert sure[0] > sure[1]


def test_a_question_costs_no_more_queries_for_it(
    base: KnowledgeBase,
    store: MeddledStore,
    words: WordEmbedder,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    make_entries(base, 3)
    drain(store, words)
    retrieve("Where is thing1?", knowledge_bases=[base.pk], store=store)
    with django_assert_max_num_queries(6):
        retrieve("Where is thing2?", knowledge_bases=[base.pk], store=store)
