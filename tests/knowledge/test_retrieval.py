"""Retrieval: the right entry for a question, only what may be said now, and an answer whatever the store does."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from knowledge.confidence import CLARIFY_AT, QUOTE_AT, Verdict
from knowledge.heads import Floats
from knowledge.importing import Row
from knowledge.indexing import drain
from knowledge.models import Entry, KnowledgeBase
from knowledge.ranking import Signals
from knowledge.retrieval import Candidate, RetrievalError, retrieve
from knowledge.services import import_rows
from knowledge.vector_store import ChromaStore, StoreUnavailableError, VectorStore
from tests.knowledge.embedding_server import hanging
from tests.knowledge.factories import (
    MeddledStore,
    WordEmbedder,
    edit,
    make_base,
    make_entries,
    make_entry,
    reload,
)

NOW = timezone.now()
ODD_QUESTIONS = {
    "one letter": "a",
    "emoji": "🚲🔋❓",
    "4,000 characters": "where is it " * 334,
    "Japanese": "電池の充電時間は？",
    "Arabic": "كم تكلفة الإصلاح؟",
    "SQL": "'; DROP TABLE knowledge_entry; --",
    "control characters": "\x00\x07\x1b[31m",
    "half a character": "\ud83d",
    "nothing": "",
    "spaces": " \n\t ",
}


def found_by(question: str, *bases: KnowledgeBase, store: VectorStore, limit: int = 5) -> list[Entry]:
    ids = [base.pk for base in bases]
    return [c.entry for c in retrieve(question, knowledge_bases=ids, limit=limit, store=store).candidates]


@pytest.fixture
def entries(base: KnowledgeBase, store: MeddledStore, words: WordEmbedder) -> list[Entry]:
    """Ten live entries."""
    made = make_entries(base, 10)
    drain(store, words)
    return made


def test_the_entry_that_was_asked_for_comes_first_and_each_entry_once(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore
) -> None:
    found = found_by("Where is thing4?", base, store=store)
    assert (found[0], len(found), len(set(found))) == (entries[4], 5, 5)


def test_a_candidate_says_which_words_were_nearest(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder
) -> None:
    make_entry(base, "When do you open?", "At nine.", phrasings=["Opening hours please"])
    drain(store, words)
    questions = ("Opening hours please", "When do you open?", "When do you open?\nOpening hours please\nAt nine.")
    found = [retrieve(q, knowledge_bases=[base.pk], store=store).candidates[0] for q in questions]
    assert [candidate.matched for candidate in found] == ["Opening hours please", "When do you open?", ""]
    assert [candidate.similarity for candidate in found] == pytest.approx([1, 1, 0.9], abs=0.02)


def test_a_phrasing_that_was_taken_away_meanwhile_is_no_error(base: KnowledgeBase) -> None:
    assert Candidate(make_entry(base), similarity=0.9, slot=7).matched == ""


def test_it_says_how_it_was_found_and_how_long_each_step_took(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore
) -> None:
    found = retrieve("Where is thing4?", knowledge_bases=[base.pk], store=store)
    assert found.way == "index"
    assert set(found.milliseconds) == {"embed", "search", "words", "rank", "join"}
    assert all(ms >= 0 for ms in found.milliseconds.values())


# Only what may be said now


@pytest.mark.parametrize(
    "fields",
    [
        {"status": Entry.Status.DRAFT},
        {"status": Entry.Status.ARCHIVED},
        {"valid_until": NOW - timedelta(seconds=1)},
        {"valid_from": NOW + timedelta(hours=1)},
        {"answer": "Now in another box."},
        {"phrasings": ["Another phrasing?"]},
    ],
)
def test_what_changed_since_it_was_indexed_is_not_served(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, fields: dict[str, object]
) -> None:
    edit(entries[4], **fields)
    assert entries[4] not in found_by("Where is thing4?", base, store=store, limit=10)


def test_an_edited_entry_waits_in_its_new_words_until_it_is_indexed(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, words: WordEmbedder
) -> None:
    edit(entries[4], answer="Now in another box.")
    waiting = retrieve("Where is thing4?", knowledge_bases=[base.pk], store=store).waiting
    assert [c.entry.answer for c in waiting] == ["Now in another box."]
    drain(store, words)
    assert not retrieve("Where is thing4?", knowledge_bases=[base.pk], store=store).waiting


@pytest.mark.parametrize("status", [Entry.Status.DRAFT, Entry.Status.ARCHIVED])
def test_an_entry_taken_back_does_not_wait(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, status: str
) -> None:
    edit(entries[4], status=status)
    assert not retrieve("Where is thing4?", knowledge_bases=[base.pk], store=store).waiting


def test_a_deleted_entry_is_not_served(base: KnowledgeBase, entries: list[Entry], store: MeddledStore) -> None:
    Entry.objects.filter(pk=entries[4].pk).delete()
    assert entries[4] not in found_by("Where is thing4?", base, store=store, limit=10)


def test_an_entry_is_served_between_its_dates(base: KnowledgeBase, entries: list[Entry], store: MeddledStore) -> None:
    edit(entries[4], valid_from=NOW - timedelta(hours=1), valid_until=NOW + timedelta(hours=1))
    assert found_by("Where is thing4?", base, store=store)[0] == entries[4]


def test_entries_behind_fifty_that_are_no_longer_published_are_still_found(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder
) -> None:
    for _ in range(50):
        make_entry(base, "Where is thing4?", "Thing4 was in box4.")
    drain(store, words)
    Entry.objects.update(status=Entry.Status.ARCHIVED)
    live = make_entry(base, "Where is thing5?", "In box5.")
    drain(store, words)
    Entry.objects.exclude(pk=live.pk).update(indexed_hash="x" * 64)
    assert found_by("Where is thing4?", base, store=store) == [live]


# Bases


def test_two_bases_are_searched_as_one(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, words: WordEmbedder
) -> None:
    other = make_base("Other")
    there = make_entry(other, "Where is thing4 in winter?", "In the cellar.")
    drain(store, words)
    assert found_by("Where is thing4 in winter?", base, other, store=store)[:2] == [there, entries[4]]


def test_a_base_that_was_not_asked_for_is_not_searched(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, words: WordEmbedder
) -> None:
    other = make_base("Other")
    there = make_entry(other, "Where is thing4?", "In the cellar.")
    drain(store, words)
    assert found_by("Where is thing4?", other, store=store) == [there]
    assert there not in found_by("Where is thing4?", base, store=store)


def test_no_base_an_empty_base_and_a_base_of_one_are_answered(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder
) -> None:
    assert found_by("Anything?", store=store) == []
    assert found_by("Anything?", base, store=store) == []
    only = make_entry(base)
    drain(store, words)
    assert found_by("Anything?", base, store=store) == [only]


def test_thousands_of_identical_entries_are_answered_with_as_many_as_were_asked_for(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder
) -> None:
    rows = [Row(line, str(line), "When do you open?", "At nine.", ()) for line in range(1, 2_001)]
    assert import_rows(base, rows).created == 2_000
    drain(store, words)
    assert len(set(found_by("When do you open?", base, store=store))) == 5
    assert retrieve("When do you open?", knowledge_bases=[base.pk], store=store).verdict == Verdict.CLARIFY


@pytest.mark.parametrize("odd", ODD_QUESTIONS)
def test_any_question_at_all_is_answered_without_an_error(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, odd: str
) -> None:
    assert len(found_by(ODD_QUESTIONS[odd], base, store=store)) == 5


# The store is away, or lies


def down(store: MeddledStore) -> None:
    store.down = True


def blind(store: MeddledStore) -> None:
    store.blind = True


def wiped(store: MeddledStore) -> None:
    for name in store.names():
        store.drop(name)


@pytest.mark.parametrize("trouble", [down, blind, wiped])
def test_exact_search_finds_the_same_while_the_store_is_in_trouble(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, trouble: Callable[[MeddledStore], None]
) -> None:
    questions = [f"Where is thing{n}, please?" for n in range(10)]
    before = [found_by(question, base, store=store, limit=1) for question in questions]
    trouble(store)
    assert [found_by(question, base, store=store, limit=1) for question in questions] == before
    assert retrieve(questions[0], knowledge_bases=[base.pk], store=store).way == "exact"


def test_an_edit_is_found_exactly_while_the_store_is_down(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, words: WordEmbedder
) -> None:
    store.down = True
    edit(entries[4], question="Where is the blue thing?")
    with pytest.raises(StoreUnavailableError):
        drain(store, words)
    assert found_by("Where is the blue thing?", base, store=store)[0] == entries[4]


def test_a_model_that_is_away_is_a_retrieval_error_in_words_for_staff(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, words: WordEmbedder
) -> None:
    words.down = True
    with pytest.raises(RetrievalError, match="could not be embedded: The embedding server is away"):
        found_by("Who are you?", base, store=store)


def test_while_the_model_is_away_the_words_of_a_question_are_looked_up_and_never_make_an_answer_plain(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, words: WordEmbedder
) -> None:
    words.down = True
    found = retrieve("Where is thing4?", knowledge_bases=[base.pk], store=store)
    assert (found.way, found.candidates[0].entry) == ("words", entries[4])
    assert CLARIFY_AT < found.confidence < QUOTE_AT


def test_an_entry_that_has_no_vector_yet_is_found_by_its_words_and_waits(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore
) -> None:
    fresh = make_entry(base, "Error E-4041 on the display?", "Charge it.")
    found = retrieve("my display says e4041", knowledge_bases=[base.pk], store=store)
    assert fresh in [candidate.entry for candidate in found.waiting]


def test_a_code_that_vectors_miss_is_found_by_its_words(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore, words: WordEmbedder
) -> None:
    for code in ("E-4041", "E-4042", "E-4043"):
        make_entry(base, f"What does error {code} on the display mean?", "Charge it.")
    drain(store, words)
    assert found_by("error e4042 on display", base, store=store)[0].question.find("E-4042") > 0


def test_the_confidence_tells_a_question_that_an_entry_answers_from_one_that_none_does(
    base: KnowledgeBase, entries: list[Entry], store: MeddledStore
) -> None:
    answered, unanswered = (
        retrieve(question, knowledge_bases=[base.pk], store=store).confidence
        for question in ("Where is thing4?", "Who won the cup final?")
    )
    # Vectors of words are nearer to each other than those of a model, so a little less than to be quoted is enough.
    assert answered > 0.5
    assert unanswered < CLARIFY_AT


def test_a_model_that_is_not_there_is_a_retrieval_error_too(base: KnowledgeBase, settings: Settings) -> None:
    settings.EMBEDDING_MODEL = "/no/such/folder"
    with pytest.raises(RetrievalError, match="/no/such/folder"):
        retrieve("Where is thing4?", knowledge_bases=[base.pk])


def test_the_number_of_queries_does_not_grow_with_the_entries(
    base: KnowledgeBase,
    entries: list[Entry],
    store: MeddledStore,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(10):
        found = found_by("Where is thing4?", base, store=store)
        assert all(entry.phrasings.all() is not None and entry.knowledge_base.name for entry in found)


def test_a_hung_chroma_costs_one_timeout_and_then_nothing(
    base: KnowledgeBase,
    entries: list[Entry],
    store: MeddledStore,
    chroma_at: Callable[[str, float], ChromaStore],
) -> None:
    with hanging() as url:
        hung = chroma_at(url, 0.3)
        found = [retrieve("Where is thing4?", knowledge_bases=[base.pk], store=hung) for _ in range(2)]
    assert [f.candidates[0].entry for f in found] == [reload(entries[4])] * 2
    assert found[0].milliseconds["search"] < 1_000
    assert found[1].milliseconds["search"] < 100


@pytest.mark.parametrize("change", [{"status": Entry.Status.DRAFT}, {"question": "What is a tandem?"}])
def test_an_entry_that_changes_while_a_question_is_ranked_is_neither_served_nor_counted(
    base: KnowledgeBase,
    entries: list[Entry],
    store: MeddledStore,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, object],
) -> None:
    def weigh_and_be_edited(scores: Signals) -> Floats:
        edit(reload(entries[4]), **change)
        return weigh(scores)

    weigh = Signals.scores
    monkeypatch.setattr(Signals, "scores", weigh_and_be_edited)
    found = retrieve("Where is thing4?", knowledge_bases=[base.pk], store=store)
    assert entries[4] not in [candidate.entry for candidate in found.candidates]
    assert found.confidence < QUOTE_AT


def test_how_sure_it_is_does_not_depend_on_how_many_are_wanted(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder
) -> None:
    """Entries with dozens of phrasings: a hundred passages are of five entries."""
    ways = [f"please way{n}" for n in range(40)]
    for thing in range(12):
        make_entry(base, f"Where is thing{thing}?", phrasings=[f"Where is thing{thing}? {way}" for way in ways[:25]])
    drain(store, words)
    one, many = (
        retrieve("Where is thing3? please", knowledge_bases=[base.pk], limit=limit, store=store) for limit in (1, 10)
    )
    assert len(many.candidates) == 10
    assert (one.confidence, one.lead) == (many.confidence, many.lead)
