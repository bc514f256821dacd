"""A rehearsal finds what the same retrieval finds once the edit is published, and writes nothing."""

import random
from typing import Any

import pytest

from knowledge import indexing, rehearsal
from knowledge.models import Entry, KnowledgeBase
from knowledge.rehearsal import Edit, Rehearsal
from knowledge.retrieval import Retrieval, retrieve
from knowledge.services import delete_entries, save_entry
from tests.knowledge.factories import MeddledStore, WordEmbedder, make_entry

QUESTIONS = [
    "where is thing3 kept",
    "how long does thing5 last in the box",
    "thing1 or thing2",
    "what is in box4",
    "nothing of the kind",
    "wher is thimg7",
]


@pytest.fixture(autouse=True)
def _one_embedder(monkeypatch: pytest.MonkeyPatch, words: WordEmbedder) -> None:
    monkeypatch.setattr("knowledge.rehearsal.shelf.get_embedder", lambda: words)


def fill(base: KnowledgeBase, number: int = 12) -> list[Entry]:
    return [
        make_entry(base, f"Where is thing{n}?", f"Thing{n} is in box{n}.", [f"how long does thing{n} last"])
        for n in range(number)
    ]


def summary(found: Retrieval) -> tuple[Any, ...]:
    """What matters of a retrieval, to six digits."""
    candidates = [(c.entry.pk, c.entry.answer, c.slot, round(c.score, 4)) for c in found.candidates]
    return candidates, round(found.confidence, 6), round(found.lead, 6), found.verdict


def random_edit(entries: list[Entry], base: KnowledgeBase, dice: random.Random) -> Edit:
    """One of what editors do: reword, add or remove a phrasing, unpublish, delete, add."""
    entry = Entry.objects.get(pk=dice.choice(entries).pk)
    phrasings = [p.text for p in entry.phrasings.all()]
    match dice.choice(["words", "phrasing", "fewer", "off", "delete", "new"]):
        case "words":
            entry.question = f"Where is {dice.choice(['thing3', 'thing7', 'my hat'])} now?"
            entry.answer = f"It is {dice.choice(['gone', 'in box4', 'kept in a box that lasts'])}."
        case "phrasing":
            phrasings.append(dice.choice(QUESTIONS))
        case "fewer":
            phrasings = []
        case "off":
            entry.status = Entry.Status.ARCHIVED
        case "delete":
            return Edit(entry.pk, None)
        case "new":
            entry = Entry(knowledge_base=base, question=dice.choice(QUESTIONS), answer="A new one.", status="published")
            phrasings = ["is there anything new in box4"]
    return Edit(entry.pk, entry, tuple(phrasings))


def publish(edit: Edit) -> None:
    if edit.entry is None:
        delete_entries(Entry.objects.filter(pk=edit.entry_id))
    else:
        save_entry(edit.entry, phrasings=edit.phrasings)


@pytest.mark.parametrize("seed", range(30))
def test_a_rehearsed_edit_finds_what_the_published_one_finds(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder, seed: int
) -> None:
    entries, dice = fill(base), random.Random(seed)
    indexing.drain(store, words)
    now = [summary(retrieve(q, knowledge_bases=[base.pk], store=store)) for q in QUESTIONS]
    assert [summary(retrieve(q, knowledge_bases=[base.pk], shelf=Rehearsal([base.pk]))) for q in QUESTIONS] == now
    edit = random_edit(entries, base, dice)
    shelf = Rehearsal([base.pk], [edit])
    rehearsed = [summary(retrieve(q, knowledge_bases=[base.pk], shelf=shelf)) for q in QUESTIONS]
    publish(edit)
    indexing.drain(store, words)
    assert rehearsed == [summary(retrieve(q, knowledge_bases=[base.pk], store=store)) for q in QUESTIONS]


def test_nothing_is_changed_by_a_rehearsal(base: KnowledgeBase, store: MeddledStore, words: WordEmbedder) -> None:
    entry = fill(base, 3)[0]
    indexing.drain(store, words)
    before = list(Entry.objects.order_by("pk").values())
    entry.answer = "Something else."
    Rehearsal([base.pk], [Edit(entry.pk, entry, ("new words",))])
    assert list(Entry.objects.order_by("pk").values()) == before
    assert entry.history.count() == 1


def test_what_is_kept_in_memory_follows_the_next_save(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder
) -> None:
    entry = fill(base, 3)[0]
    indexing.drain(store, words)
    Rehearsal([base.pk])
    fresh = Entry.objects.get(pk=entry.pk)
    fresh.answer = "It moved."
    save_entry(fresh)
    indexing.drain(store, words)
    found = retrieve("where is thing0", knowledge_bases=[base.pk], shelf=Rehearsal([base.pk]))
    assert found.candidates[0].entry.answer == "It moved."


def test_an_entry_outside_its_dates_is_not_found(base: KnowledgeBase, store: MeddledStore, words: WordEmbedder) -> None:
    from datetime import timedelta

    from django.utils import timezone

    entry = fill(base, 3)[0]
    indexing.drain(store, words)
    entry.valid_until = timezone.now() - timedelta(days=1)
    found = retrieve("where is thing0", knowledge_bases=[base.pk], shelf=Rehearsal([base.pk], [Edit(entry.pk, entry)]))
    assert entry.pk not in {c.entry.pk for c in found.candidates}


@pytest.fixture(autouse=True)
def _nothing_loaded() -> None:
    rehearsal.forget()
