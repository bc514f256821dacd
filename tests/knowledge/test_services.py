"""Saving an entry: words, version, hash and history stay in step, and mistakes are told in words."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from knowledge.indexing import drain
from knowledge.models import Category, Entry, KnowledgeBase, PendingRemoval
from knowledge.passages import content_hash
from knowledge.services import EntryChangedError, EntryGoneError, restore_version, save_entry
from tests.knowledge.factories import MeddledStore, WordEmbedder, edit, make_base, make_entry, reload

NOW = timezone.now()


def refusal(base: KnowledgeBase, **fields: object) -> str:
    with pytest.raises(ValidationError) as caught:
        make_entry(base, **fields)  # type: ignore[arg-type]
    assert not Entry.objects.exists()
    return " ".join(caught.value.messages)


def phrasings_of(entry: Entry) -> list[str]:
    return [p.text for p in reload(entry).phrasings.all()]


# Version, hash, history


def test_a_new_entry_is_version_one_and_its_hash_is_that_of_its_words(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Q?", "A.", phrasings=["P"])
    assert (reload(entry).version, reload(entry).content_hash) == (1, content_hash("Q?", "A.", ["P"]))


def test_a_draft_has_no_hash_because_it_has_nothing_to_index(base: KnowledgeBase) -> None:
    assert make_entry(base, status=Entry.Status.DRAFT).content_hash == ""


def test_every_save_is_a_version_with_its_words_its_phrasings_its_author_and_its_reason(base: KnowledgeBase) -> None:
    alice = User.objects.create(username="alice")
    entry = make_entry(base, "Q?", "A.", phrasings=["One?", "Two?"])
    save_entry(entry, phrasings=["Two?"], author=alice, reason="Shorter")
    second, first = entry.history.order_by("-version")
    assert (first.version, first.history_type, first.phrasings) == (1, "+", ["One?", "Two?"])
    assert (second.version, second.history_type, second.phrasings) == (2, "~", ["Two?"])
    assert (second.history_user, second.history_change_reason) == (alice, "Shorter")


def test_phrasings_that_are_not_given_are_kept(base: KnowledgeBase) -> None:
    entry = make_entry(base, phrasings=["One?", "Two?"])
    edit(entry, answer="At ten.")
    assert phrasings_of(entry) == ["One?", "Two?"]
    assert reload(entry).content_hash == content_hash("When do you open?", "At ten.", ["One?", "Two?"])


def test_phrasings_keep_the_order_in_which_they_were_given(base: KnowledgeBase) -> None:
    entry = make_entry(base, phrasings=["b", "a", "c"])
    edit(entry, phrasings=["c", "b", "a"])
    assert phrasings_of(entry) == ["c", "b", "a"]


def test_phrasings_are_trimmed_each_kept_once_and_the_question_is_none_of_them(base: KnowledgeBase) -> None:
    given = ["  Opening\n hours?", "opening HOURS?", "", "  ", "when do you open?", "Open?"]
    assert phrasings_of(make_entry(base, phrasings=given)) == ["Opening hours?", "Open?"]


def test_a_save_never_undoes_what_the_indexer_wrote_meanwhile(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    loaded_before = make_entry(base)
    drain(store, embedder)
    indexed = reload(loaded_before)
    save_entry(loaded_before)
    after = reload(loaded_before)
    for name in ("indexed_hash", "indexed_model", "indexed_passages", "indexed_at"):
        assert getattr(after, name) == getattr(indexed, name)
    assert after.index_state == Entry.IndexState.LIVE


def test_a_refused_save_leaves_no_trace(base: KnowledgeBase) -> None:
    entry = make_entry(base, phrasings=["One?"])
    entry.answer = ""
    with pytest.raises(ValidationError):
        save_entry(entry, phrasings=["Two?"])
    assert (reload(entry).version, reload(entry).answer, phrasings_of(entry)) == (1, "At nine.", ["One?"])
    assert entry.history.count() == 1


def test_a_new_entry_that_was_refused_and_corrected_is_version_one(base: KnowledgeBase) -> None:
    entry = Entry(knowledge_base=base, question="Q?", answer="")
    with pytest.raises(ValidationError):
        save_entry(entry)
    entry.answer = "A."
    assert save_entry(entry).version == 1


# Two editors


def test_a_save_over_a_version_that_somebody_else_replaced_is_refused_and_says_what_to_do(base: KnowledgeBase) -> None:
    mine = make_entry(base)
    edit(mine, answer="Theirs.")
    mine.answer = "Mine."
    with pytest.raises(EntryChangedError, match=r"version 2 now, you began with version 1.*Copy your text"):
        save_entry(mine, expected_version=1)
    assert reload(mine).answer == "Theirs."


def test_a_save_of_the_expected_version_is_taken(base: KnowledgeBase) -> None:
    assert save_entry(make_entry(base), expected_version=1).version == 2


def test_a_save_without_an_expected_version_continues_the_stored_one(base: KnowledgeBase) -> None:
    mine = make_entry(base)
    edit(mine, answer="Theirs.")
    assert save_entry(mine).version == 3


def test_a_save_of_an_entry_that_was_deleted_is_refused_and_says_what_to_do(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    Entry.objects.all().delete()
    with pytest.raises(EntryGoneError, match="Copy your text"):
        save_entry(entry)
    assert not Entry.objects.exists()


# What is refused, and what is repaired


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"question": ""}, "cannot be blank"),
        ({"question": " \n "}, "cannot be blank"),
        ({"answer": "  "}, "cannot be blank"),
        ({"question": "x" * 501}, "The question has 501 characters; at most 500"),
        ({"answer": "x" * 16_001}, "The answer has 16,001 characters; at most 16,000"),
        ({"answer": "a\x00b"}, "a control character (U+0000) at position 2"),
        ({"question": "a\ud800"}, "half a character (U+D800)"),
        ({"reference": "x" * 101}, "The reference has 101 characters"),
        ({"phrasings": ["x" * 501]}, "has 501 characters"),
        ({"phrasings": ["ok", "a\x07"]}, "a control character (U+0007)"),
        ({"status": "published?"}, "is not a valid choice"),
        ({"valid_from": NOW, "valid_until": NOW - timedelta(days=1)}, "must come after"),
        ({"valid_from": NOW, "valid_until": NOW}, "must come after"),
        ({"language": "x" * 11}, "at most 10 characters"),
    ],
)
def test_what_cannot_be_stored_is_refused_in_words(
    base: KnowledgeBase, fields: dict[str, object], message: str
) -> None:
    assert message in refusal(base, **fields)


def test_line_ends_and_composed_letters_are_unified_and_the_question_is_one_line(base: KnowledgeBase) -> None:
    entry = make_entry(base, "  When\r\ndo  you\topen? ", "Cafe\u0301\r\nopen\r")
    assert (entry.question, entry.answer) == ("When do you open?", "Café\nopen")


def test_a_category_of_another_base_is_refused(base: KnowledgeBase) -> None:
    theirs = Category.objects.create(knowledge_base=make_base("Other"), name="Hours")
    assert "belongs to another knowledge base" in refusal(base, category=theirs)


def test_a_reference_is_used_once_in_a_base_and_empty_ones_do_not_count(base: KnowledgeBase) -> None:
    make_entry(base, reference="a")
    make_entry(make_base("Other"), reference="a")
    make_entry(base, reference="")
    make_entry(base, reference="")
    with pytest.raises(ValidationError, match="Another entry of this knowledge base has this reference"):
        make_entry(base, reference="a")


# Moving and restoring


def test_an_entry_that_moves_to_another_base_leaves_a_note_and_waits_to_be_indexed_there(
    base: KnowledgeBase, store: MeddledStore, embedder: WordEmbedder
) -> None:
    entry = make_entry(base)
    drain(store, embedder)
    edit(entry, knowledge_base=make_base("Other"))
    assert PendingRemoval.objects.get().knowledge_base == base
    assert reload(entry).index_state == Entry.IndexState.WAITING


def test_restoring_brings_back_words_and_phrasings_as_a_new_version_and_keeps_the_status(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Q?", "A.", phrasings=["One?"])
    edit(entry, question="Q2?", answer="B.", phrasings=["Two?"])
    edit(entry, status=Entry.Status.DRAFT)
    restored = reload(restore_version(reload(entry), 1))
    assert (restored.question, restored.answer, phrasings_of(entry)) == ("Q?", "A.", ["One?"])
    assert (restored.version, restored.status) == (4, Entry.Status.DRAFT)
    assert entry.history.first().history_change_reason == "Restored version 1"


def test_restoring_a_version_that_never_was_is_refused(base: KnowledgeBase) -> None:
    with pytest.raises(Entry.DoesNotExist, match="no version 9"):
        restore_version(make_entry(base), 9)


def test_restoring_over_somebody_elses_save_is_refused(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    edit(entry, answer="Theirs.")
    with pytest.raises(EntryChangedError):
        restore_version(entry, 1, expected_version=1)


def test_an_answer_that_could_not_be_shown_whole_is_refused_and_not_cut(base: KnowledgeBase) -> None:
    assert "takes 16,002 bytes" in refusal(base, question="Long?", answer="é" * 8_001)
    assert make_entry(base, "Q?", "é" * 8_000).version == 1
