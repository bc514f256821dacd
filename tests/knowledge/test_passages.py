"""Passages and their names: what is embedded of an entry, and how a hit is traced back to the text it stands for."""

import importlib
import uuid

import pytest
from django.apps import apps
from hypothesis import given
from hypothesis import strategies as st

from knowledge.models import Entry
from knowledge.passages import content_hash, parse_passage_id, passage_ids, passages, vector_digest
from knowledge.texts import as_asked
from tests.knowledge.factories import make_base, make_entry, reload

ENTRY = uuid.UUID("12345678-1234-5678-1234-567812345678")
text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


def test_the_whole_entry_comes_first_then_the_question_then_each_phrasing() -> None:
    assert passages("Q?", "A.", ["P1?", "P2?"]) == ["Q?\nP1?\nP2?\nA.", "Q?", "P1?", "P2?"]
    assert passages("Q?", "A.", []) == ["Q?\nA.", "Q?"]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("refund", "refund?"),
        ("I want a refund.", "I want a refund?"),
        ("  refund ?! ", "refund?"),
        ("返金できますか。", "返金できますか?"),
        ("هل يمكنني الإلغاء؟", "هل يمكنني الإلغاء?"),
        ("What is C#", "What is C#?"),
        ("20 %", "20 %?"),
        ("...", "..."),
        ("", ""),
    ],
)
def test_wordings_are_embedded_as_they_are_asked(written: str, asked: str) -> None:
    assert passages(written, "A.", [written])[1:] == [asked, asked]
    assert as_asked(asked) == asked


def test_phrasings_leave_the_answer_room_in_the_whole() -> None:
    many = ["p" * 250, "q" * 250, "r" * 250]
    assert passages("Q?", "A.", many)[0] == f"Q?\n{many[0]}\n{many[1]}\nA."
    assert passages("Q?", "A.", many)[2:] == [f"{phrasing}?" for phrasing in many]


def test_the_same_words_always_give_the_same_hash() -> None:
    assert content_hash("Q?", "A.", ["P"]) == content_hash("Q?", "A.", ["P"])


@pytest.mark.parametrize("words", [("Q", "A.", ["P"]), ("Q?", "A", ["P"]), ("Q?", "A.", []), ("Q?", "A.", ["P", "P2"])])
def test_any_change_of_words_gives_another_hash(words: tuple[str, str, list[str]]) -> None:
    assert content_hash(*words) != content_hash("Q?", "A.", ["P"])


@given(text, text, st.lists(text, max_size=3), text, text, st.lists(text, max_size=3))
def test_two_different_contents_never_share_a_hash(
    question: str, answer: str, phrasings: list[str], question2: str, answer2: str, phrasings2: list[str]
) -> None:
    same = (question, answer, phrasings) == (question2, answer2, phrasings2)
    assert (content_hash(question, answer, phrasings) == content_hash(question2, answer2, phrasings2)) is same


def test_the_order_of_phrasings_is_part_of_the_hash_because_slots_are_numbered() -> None:
    assert content_hash("Q?", "A.", ["P1", "P2"]) != content_hash("Q?", "A.", ["P2", "P1"])


def test_an_id_leads_back_to_its_entry_its_content_and_its_slot() -> None:
    name = content_hash("Q?", "A.", [])
    keys = [parse_passage_id(passage_id) for passage_id in passage_ids(ENTRY, name, 3)]
    assert keys == [(ENTRY, name[:16], slot) for slot in range(3)]


@pytest.mark.parametrize("rubbish", ["", "x", "a:b:c", f"{ENTRY.hex}:abc", f"{ENTRY.hex}:abc:x", f"{ENTRY.hex}:a:1:2"])
def test_an_id_that_is_not_ours_is_a_value_error(rubbish: str) -> None:
    with pytest.raises(ValueError, match=r"unpack|badly formed|invalid literal"):
        parse_passage_id(rubbish)


def test_a_vector_is_named_for_its_model_and_its_text() -> None:
    names = {vector_digest(model, words) for model in ("m1", "m2") for words in ("a", "b")}
    assert len(names) == 4


@pytest.mark.django_db
def test_the_upgrade_names_the_content_of_published_entries_anew() -> None:
    base = make_base()
    published = make_entry(base, phrasings=["One?", "Two?"])
    draft = make_entry(base, "A draft?", status=Entry.Status.DRAFT)
    expected = published.content_hash
    Entry.objects.filter(pk=published.pk).update(content_hash="old", indexed_hash="old")
    importlib.import_module("knowledge.migrations.0011_wordings_as_asked").stamp(apps, None)
    assert (reload(published).content_hash, reload(draft).content_hash) == (expected, "")
    assert published in Entry.objects.to_index()
