"""Trying a question, and asking an entry's own wordings: with the real embedding model, over vectors in memory."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from knowledge.checking import MAX_WORDINGS, NEAR, check_entry, why_unchecked
from knowledge.confidence import Verdict
from knowledge.embedding import get_embedder
from knowledge.indexing import drain
from knowledge.models import Entry, KnowledgeBase
from knowledge.models.content import MAX_INDEX_ATTEMPTS
from knowledge.retrieval import retrieve
from tests.knowledge.factories import MeddledStore, edit, make_base, make_entry, reload

NOW = timezone.now()
Live = Callable[..., Entry]


@pytest.fixture
def live(base: KnowledgeBase, store: MeddledStore) -> Live:
    """Makes an entry that is indexed at once."""

    def make(question: str, answer: str, phrasings: tuple[str, ...] = (), base: KnowledgeBase = base) -> Entry:
        entry = make_entry(base, question, answer, phrasings)
        drain(store, get_embedder())
        return reload(entry)

    return make


def test_a_question_that_an_entry_answers_would_be_quoted(base: KnowledgeBase, store: MeddledStore, live: Live) -> None:
    parking = live("Where can I park my car?", "Behind the shop there are 12 free spaces.")
    live("When are you open?", "Monday to Friday, 9 to 17.")
    found = retrieve("Where can I park my car?", knowledge_bases=[base.pk], store=store)
    assert found.candidates[0].entry == parking
    assert found.verdict == Verdict.QUOTE


def test_a_question_about_nothing_there_is_would_be_declined(
    base: KnowledgeBase, store: MeddledStore, live: Live
) -> None:
    live("Where can I park my car?", "Behind the shop there are 12 free spaces.")
    found = retrieve("Who won the football cup in 1974?", knowledge_bases=[base.pk], store=store)
    assert found.verdict == Verdict.DECLINE


def test_did_you_mean_offers_three_at_most(base: KnowledgeBase, store: MeddledStore, live: Live) -> None:
    for thing in ("a car", "a bike", "a van", "a scooter"):
        live(f"Where can I park {thing}?", f"Park {thing} behind the shop.")
    found = retrieve("parking", knowledge_bases=[base.pk], store=store)
    assert found.offers == found.candidates[:3]


def test_all_wordings_of_an_entry_of_its_own_find_it(store: MeddledStore, live: Live) -> None:
    live("When are you open?", "Monday to Friday, 9 to 17.")
    entry = live("Where can I park my car?", "Behind the shop.", ("parking lot nearby", "space for my van"))
    check = check_entry(entry, store=store)
    assert [wording.text for wording in check.wordings] == [
        "Where can I park my car?",
        "parking lot nearby",
        "space for my van",
    ]
    assert (check.found, check.strays, check.neighbours, check.left_out) == (3, [], (), 0)


def test_a_wording_that_another_entry_answers_better_is_named_with_that_entry(store: MeddledStore, live: Live) -> None:
    refunds = live("How do I get a refund?", "We send your money back within a week.", ("money back", "my money back"))
    # The model is not asked again for what is stored: so this wording's vector is the other entry's, word for word.
    entry = live("How do I return a bike?", "Bring it to the shop.", ("money back",))
    check = check_entry(entry, store=store)
    candidates = {w.text: w.first.entry for w in check.wordings if w.first}
    assert candidates["How do I return a bike?"] == entry
    # Both say it, so either may be first; whichever is not is told so.
    loser, winner = (entry, refunds) if candidates["money back"] == refunds else (refunds, entry)
    assert [(w.text, w.first and w.first.entry) for w in check_entry(loser, store=store).strays] == [
        ("money back", winner)
    ]


def test_a_wording_that_finds_nothing_is_named(base: KnowledgeBase, store: MeddledStore, live: Live) -> None:
    entry = live("Where can I park my car?", "Behind the shop.")
    Entry.objects.filter(pk=entry.pk).update(valid_until=NOW - timedelta(days=1))
    check = check_entry(entry, store=store)
    assert [(wording.text, wording.first) for wording in check.strays] == [("Where can I park my car?", None)]


def test_an_entry_that_asks_the_same_is_named_once_and_one_that_asks_something_else_is_not(
    store: MeddledStore, live: Live
) -> None:
    live("When are you open?", "Monday to Friday, 9 to 17.")
    twin = live("Do I need a building permit for a deck?", "Seldom.", ("permit for a deck",))
    entry = live("Is a building permit required for a deck?", "In most cases not.", ("a permit for a deck?",))
    neighbours = check_entry(entry, store=store).neighbours
    assert [neighbour.entry for neighbour in neighbours] == [twin]
    assert NEAR <= neighbours[0].similarity <= 1.001
    assert neighbours[0].wording in ("Is a building permit required for a deck?", "a permit for a deck?")


def test_another_knowledge_base_is_no_neighbour(store: MeddledStore, live: Live) -> None:
    live("Where can I park my car?", "On the roof.", base=make_base("Garage"))
    entry = live("Where can I park my car?", "Behind the shop.")
    check = check_entry(entry, store=store)
    assert (check.strays, check.neighbours) == ([], ())


def test_only_so_many_wordings_are_asked_and_the_rest_are_counted(store: MeddledStore, live: Live) -> None:
    entry = live("Where is it?", "Here.", tuple(f"Where is place {n}?" for n in range(MAX_WORDINGS + 4)))
    check = check_entry(entry, store=store)
    assert (len(check.wordings), check.left_out) == (MAX_WORDINGS, 5)


def test_a_live_entrys_wordings_are_not_embedded_again(
    store: MeddledStore, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = live("Where can I park my car?", "Behind the shop.", ("parking lot nearby",))
    asked: list[str] = []
    monkeypatch.setattr(get_embedder(), "embed_batch", asked.extend)
    assert check_entry(entry, store=store).found == 2
    assert asked == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": Entry.Status.DRAFT}, "Not published"),
        ({"status": Entry.Status.ARCHIVED}, "Not published"),
        ({"answer": "Edited."}, "Waiting for the index"),
        ({"valid_from": NOW + timedelta(days=1)}, "Outside its dates"),
        ({"valid_until": NOW - timedelta(days=1)}, "Outside its dates"),
    ],
)
def test_what_visitors_cannot_find_is_not_checked_and_says_why(
    live: Live, store: MeddledStore, fields: dict[str, object], reason: str
) -> None:
    entry = live("Where can I park my car?", "Behind the shop.")
    assert why_unchecked(entry) == ""
    edit(entry, **fields)
    if not reason.startswith("Waiting"):
        drain(store, get_embedder())
    assert why_unchecked(reload(entry)).startswith(reason)


def test_an_entry_that_was_set_aside_is_not_checked(live: Live) -> None:
    entry = edit(live("Where can I park my car?", "Behind the shop."), answer="Edited.")
    Entry.objects.update(index_attempts=MAX_INDEX_ATTEMPTS)
    assert why_unchecked(reload(entry)).startswith("The indexer has set it aside")
