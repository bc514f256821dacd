"""Entries found by the words of a question."""

import importlib
import uuid

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from knowledge.lexical import LexicalMatch, index_words, search_words, weights
from knowledge.lexical.weights import bank_of
from knowledge.models import Entry, KnowledgeBase, Posting
from knowledge.services import change_language, delete_bases, delete_entries, set_status
from tests.knowledge.factories import edit, make_base, make_entry

pytestmark = pytest.mark.django_db

RANKING = [(3, 1.4235, 0.3726), (4, 1.4235, 0.3726), (1, 1.3234, 0.3726), (2, 1.2365, 0.3726), (5, 0.1118, 0.0337)]


@pytest.fixture
def base() -> KnowledgeBase:
    return make_base()


def search(question: str, base: KnowledgeBase, **options: object) -> dict[uuid.UUID, LexicalMatch]:
    return search_words(question, knowledge_bases=[base.pk], **options)  # type: ignore[arg-type]


def test_the_entry_with_the_rarer_words_comes_first(base: KnowledgeBase) -> None:
    for city in ("Lund", "Oslo", "Rome"):
        make_entry(base, f"Where is the shop in {city}?", "In the centre.")
    towed = make_entry(base, "Where is my towed car?", "At the pound.")
    found = search("where is the car", base)
    assert next(iter(found)) == towed.pk
    assert found[towed.pk].words[0] == "car"
    assert [match.bm25 for match in found.values()] == sorted((m.bm25 for m in found.values()), reverse=True)


def test_coverage_is_the_share_of_rarity_that_agrees(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Refund policy")
    make_entry(base, "Opening hours")
    assert search("refund policy", base)[entry.pk].coverage == pytest.approx(1)
    half = search("refund zebras", base)[entry.pk]
    assert 0 < half.coverage < 0.5  # what nobody has is rarer than what one has
    assert half.words == ("refund",)


def test_question_phrasings_and_answer_are_found_and_link_targets_are_not(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Alpha?", "See [bravo](https://charlie.example) now.", ["Delta?"])
    for word in ("alpha", "bravo", "delta"):
        assert list(search(word, base)) == [entry.pk]
    assert search("charlie", base) == {}


def test_a_word_of_the_question_outweighs_one_of_the_answer(base: KnowledgeBase) -> None:
    told = make_entry(base, "Something else here?", "The deposit is due.")
    asked = make_entry(base, "What deposit is due?", "Something else here.")
    assert list(search("deposit", base)) == [asked.pk, told.pk]


def test_an_edit_is_found_by_the_next_question(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Where is the library?")
    assert entry.pk in search("library", base)
    edit(entry, question="Where is the museum?", phrasings=["Any exhibition?"])
    assert search("library", base) == {}
    assert list(search("museum", base)) == list(search("exhibition", base)) == [entry.pk]


def test_drafts_archived_and_deleted_entries_are_not_found(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Where is the library?", status=Entry.Status.DRAFT)
    everything = Entry.objects.filter(knowledge_base=base)
    assert search("library", base) == {}
    set_status(everything, Entry.Status.PUBLISHED)
    assert list(search("library", base)) == [entry.pk]
    set_status(everything, Entry.Status.ARCHIVED)
    assert search("library", base) == {}
    assert not Posting.objects.exists()
    set_status(everything, Entry.Status.PUBLISHED)
    delete_entries(everything)
    assert search("library", base) == {}
    assert not Posting.objects.exists()


def test_a_deleted_knowledge_base_takes_its_words_along(base: KnowledgeBase) -> None:
    kept = make_entry(make_base("Museum"), "Where is the library?")
    make_entry(base, "Where is the library?")
    delete_bases(KnowledgeBase.objects.filter(pk=base.pk))
    assert not KnowledgeBase.objects.filter(pk=base.pk).exists()
    assert set(Posting.objects.values_list("entry", flat=True)) == {kept.pk}


def test_bases_are_apart_and_can_be_searched_together(base: KnowledgeBase) -> None:
    other = make_base("Museum")
    here, there = make_entry(base, "Tickets for students?"), make_entry(other, "Tickets for children?")
    assert list(search("tickets", base)) == [here.pk]
    both = search_words("tickets", knowledge_bases=[other.pk, base.pk])
    assert list(both) == sorted([here.pk, there.pk])
    assert len({match.bm25 for match in both.values()}) == 1
    assert search_words("tickets", knowledge_bases=[]) == {}


def test_an_entry_moved_to_another_base_is_found_there_alone(base: KnowledgeBase) -> None:
    other = make_base("Museum")
    entry = make_entry(base, "Tickets for students?")
    edit(entry, knowledge_base=other)
    assert search("tickets", base) == {}
    assert list(search("tickets", other)) == [entry.pk]


@pytest.mark.parametrize(
    ("question", "written", "language"),
    [
        ("refund", "All refunds?", "en"),
        ("Refunds", "A refund?", "en"),
        ("REFNUDS", "All refunds?", "en"),
        ("refnds", "A refund?", "en"),
        ("frågor", "En fråga?", "sv"),
        ("fragor", "Alla frågor?", "sv"),
        ("strasse", "Welche Straße?", "de"),
        ("E4041", "What is E-4041?", "en"),
        ("e 4041", "What is E-4041?", "en"),
        ("E-4041", "What is E4041?", "en"),
        ("返品できますか", "返品について", "ja"),
        ("คืนเงิน", "ขอคืนเงินได้ไหม", "th"),
        ("배송", "배송은 언제?", "ko"),
        ("الشحن", "ما هو الشَّحْن؟", "ar"),
    ],
)
def test_another_form_of_a_word_is_found(question: str, written: str, language: str, base: KnowledgeBase) -> None:
    KnowledgeBase.objects.filter(pk=base.pk).update(language=language)
    base.refresh_from_db()
    entry = make_entry(base, written, "–")
    make_entry(base, "Zzz", "–")
    assert list(search(question, base)) == [entry.pk]


def test_an_entry_in_a_language_of_its_own_is_found_by_its_stems(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Alla frågor?", "–", language="sv")
    assert list(search("fråga", base)) == [entry.pk]


def test_a_slip_counts_less_than_the_word_itself(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Refund policy")
    slip, right = search("refnud", base)[entry.pk], search("refund", base)[entry.pk]
    assert slip.words == ("refnud",)
    assert 0 < slip.coverage < right.coverage
    assert 0 < slip.bm25 < right.bm25


def test_a_word_that_an_entry_has_is_not_corrected(base: KnowledgeBase) -> None:
    make_entry(base, "Which bank?")
    tree = make_entry(base, "Which bark?")
    assert list(search("bark", base)) == [tree.pk]


@pytest.mark.parametrize("question", ["", " ", "😀🎉", "?!", "\ud800", "\x00", "zzzzqq", "' OR 1=1 --;"])
def test_a_question_without_known_words_finds_nothing(question: str, base: KnowledgeBase) -> None:
    make_entry(base)
    assert search(question, base) == {}


def test_an_empty_base_has_nothing(base: KnowledgeBase) -> None:
    assert search("anything", base) == {}


def test_a_long_pasted_question_is_bounded(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Refund policy")
    pasted = "refund " + " ".join(f"word{n}" for n in range(2_000))
    with CaptureQueriesContext(connection) as queries:
        assert list(search(pasted, base)) == [entry.pk]
    assert len(queries) <= 6
    assert search("x" * 4_000, base) == {}


def test_thousands_of_identical_entries_stay_bounded_and_in_order(base: KnowledgeBase) -> None:
    entries = [
        Entry(knowledge_base=base, question="When do you open?", answer="At nine.", status=Entry.Status.PUBLISHED)
        for _ in range(3_000)
    ]
    Entry.objects.bulk_create(entries)
    with CaptureQueriesContext(connection) as queries:
        index_words([(entry, ()) for entry in entries])
    assert len(queries) < 20
    found = search("when do you open", base)
    assert list(found) == sorted(entry.pk for entry in entries)[:30]
    assert len({match.bm25 for match in found.values()}) == 1
    assert search("when do you open", base) == found


def test_words_common_in_a_large_base_still_count_for_the_candidates_of_rare_ones(base: KnowledgeBase) -> None:
    entries = [
        Entry(knowledge_base=base, question=f"Where is thing{n}?", answer="–", status=Entry.Status.PUBLISHED)
        for n in range(2_500)
    ]
    Entry.objects.bulk_create(entries)
    index_words([(entry, ()) for entry in entries])
    found = search("where is thing7", base)
    assert next(iter(found)) == entries[7].pk
    assert found[entries[7].pk].words[0] == "thing7"
    assert found[entries[7].pk].coverage == pytest.approx(1)


def test_the_ranking_is_the_same_on_every_database() -> None:
    base = KnowledgeBase.objects.create(pk=uuid.UUID(int=7), name="Fixed", slug="fixed")
    texts = ["Track my card", "Track a card payment", "Card lost", "Card lost", "Top up by card"]
    for at, text in enumerate(texts):
        make_entry(base, text, "We help.", id=uuid.UUID(int=at + 1))
    found = search("track the lost card", base)
    assert [(key.int, round(match.bm25, 4), round(match.coverage, 4)) for key, match in found.items()] == RANKING


def test_the_migration_fills_in_what_saving_would_have(base: KnowledgeBase) -> None:
    make_entry(base, "Where is the library?", "Here.", ["Any books?"])
    make_entry(base, "Alla frågor?", "Nej.", language="sv")
    make_entry(base, "A draft", status=Entry.Status.DRAFT)
    saved = sorted(Posting.objects.values_list())
    Posting.objects.all().delete()
    importlib.import_module("knowledge.migrations.0003_words").fill(apps, None)
    assert sorted(Posting.objects.values_list()) == saved


def test_indexing_again_changes_nothing(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Where is the library?", "Here, there, everywhere.", ["Library?"])
    before = sorted(Posting.objects.values_list())
    index_words([(entry, ["Library?"])])
    assert sorted(Posting.objects.values_list()) == before
    assert bank_of([base.pk]).size == 1


def test_a_language_that_another_process_brought_is_seen_though_the_size_may_be_old(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "_LARGE", 1)
    monkeypatch.setattr(weights, "_KEPT_BRIEFLY_S", 0)
    entry = make_entry(base, "Where is the library?")
    assert (bank_of([base.pk]).size, bank_of([base.pk]).languages) == (1, ("en",))
    Entry.objects.filter(pk=entry.pk).update(language="sv")
    assert bank_of([base.pk]).languages == ("en", "sv")
    KnowledgeBase.objects.filter(pk=base.pk).update(language="de")
    assert bank_of([base.pk]).languages == ("de", "sv")
    Posting.objects.all().delete()
    assert bank_of([base.pk]).size == 1


def test_the_last_entry_of_a_base_is_known_to_be_gone(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Where is the library?")
    assert search("library", base)
    delete_entries(Entry.objects.filter(pk=entry.pk))
    assert search("library", base) == {}


def test_a_base_whose_language_changes_has_its_words_stemmed_anew(base: KnowledgeBase) -> None:
    inheriting, own = make_entry(base, "Die Häuser?"), make_entry(base, "Die Häuser?", language="sv")
    assert inheriting.pk not in search("Haus", base)
    assert change_language(base, "de") == 1
    assert inheriting.pk in search("Haus", base)
    assert own.pk in search("Häuser", base)
