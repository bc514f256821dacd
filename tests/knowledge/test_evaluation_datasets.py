"""Reading a set: what is taken, and that every mistake is named with its file and line."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from knowledge.evaluation import DatasetError, load_dataset

BANK: Sequence[dict[str, Any]] = (
    {"id": "open", "question": "When do you open?", "answer": "At nine.", "alternatives": ["Opening hours?"]},
    {"id": "pay", "question": "How can I pay?", "answer": ""},
)
QUERIES: Sequence[dict[str, Any]] = (
    {"id": "1", "text": "opening time", "relevant": ["open"], "split": "dev", "in_scope": True},
    {"id": "2", "text": "pay by card?", "relevant": ["pay"], "split": "test", "in_scope": True},
    {"id": "3", "text": "", "relevant": [], "split": "test", "in_scope": False},
)


def write(folder: Path, name: str, rows: Sequence[Any]) -> None:
    (folder / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set without mistakes."""
    write(tmp_path, "faqs.jsonl", BANK)
    write(tmp_path, "queries.jsonl", QUERIES)
    return tmp_path


@pytest.mark.parametrize(
    "chat", sorted((settings.BASE_DIR / "benchmarks" / "data" / "chats").iterdir()), ids=lambda p: p.name
)
def test_our_own_chats_can_be_measured_on(chat: Path) -> None:
    dataset = load_dataset(chat, split="dev")
    assert len(dataset.bank) > 20
    assert {query.in_scope for query in dataset.queries} == {True, False}


def refusal(folder: Path, **options: Any) -> str:
    with pytest.raises(DatasetError) as caught:
        load_dataset(folder, **{"split": "test"} | options)
    return str(caught.value)


def test_a_set_is_read_with_the_questions_of_its_split(folder: Path) -> None:
    dataset = load_dataset(folder, split="test")
    assert [entry.id for entry in dataset.bank] == ["open", "pay"]
    assert [(query.id, query.in_scope) for query in dataset.queries] == [("2", True), ("3", False)]


def test_another_bank_and_other_questions_can_be_named(folder: Path) -> None:
    write(folder, "small.jsonl", BANK[:1])
    write(folder, "other.jsonl", [{"id": 1, "text": "hours?", "relevant": ["open"]}])
    dataset = load_dataset(folder, split="test", bank="small.jsonl", queries="other.jsonl")
    assert len(dataset.bank) == 1
    assert [query.text for query in dataset.queries] == ["hours?"]


def test_a_limit_takes_the_same_mixed_questions_each_time(folder: Path) -> None:
    many = [dict(QUERIES[1], id=n, in_scope=n < 50, relevant=["pay"] if n < 50 else []) for n in range(100)]
    write(folder, "queries.jsonl", many)
    first, again = (load_dataset(folder, split="test", limit=20).queries for _ in range(2))
    assert first == again
    assert len(first) == 20
    assert 3 < sum(query.in_scope for query in first) < 17


def test_a_question_that_is_out_of_scope_needs_no_entry_even_if_it_names_one(folder: Path) -> None:
    write(folder, "queries.jsonl", [{"id": 1, "text": "x", "relevant": ["gone"], "in_scope": False}])
    assert not load_dataset(folder, split="test").queries[0].in_scope


def test_a_set_of_documents_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, "documents.jsonl", [{"id": 1, "title": "x", "text": "y"}])
    assert f"“{tmp_path.name}” is a set of documents" in refusal(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "no folder" in refusal(tmp_path / "nothing")


def test_a_missing_file_is_named_with_those_that_are_there(folder: Path) -> None:
    (folder / "queries.jsonl").rename(folder / "queries_sv.jsonl")
    message = refusal(folder)
    assert "has no queries.jsonl" in message
    assert "queries_sv.jsonl" in message
    assert "--queries" in message


def test_an_id_that_the_bank_does_not_have_is_named_with_the_line_of_its_question(folder: Path) -> None:
    write(folder, "queries.jsonl", [*QUERIES, {"id": "4", "text": "x", "relevant": ["gone", "lost"]}])
    message = refusal(folder)
    assert "queries.jsonl, line 4" in message
    assert "“gone”" in message
    assert "1 more" in message


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ([1], "not a JSON object"),
        ({"id": [], "text": "x", "relevant": []}, '"id"'),
        ({"id": 9, "relevant": []}, '"text"'),
        ({"id": 9, "text": "x", "relevant": "open"}, '"relevant" must be a list'),
        ({"id": 9, "text": "x", "relevant": [], "in_scope": True}, "names no entry"),
        ({"id": 9, "text": "x", "relevant": [], "in_scope": "no"}, "true or false"),
        ({"id": 9, "text": "x", "relevant": [], "split": "train"}, '"dev" or "test"'),
        ({"id": "2", "text": "x", "relevant": []}, "already used on line 2"),
    ],
)
def test_a_bad_question_is_refused_with_its_line(folder: Path, row: Any, said: str) -> None:
    write(folder, "queries.jsonl", [*QUERIES, row])
    message = refusal(folder)
    assert "queries.jsonl, line 4" in message
    assert said in message


def test_a_line_that_is_not_json_is_named(folder: Path) -> None:
    (folder / "faqs.jsonl").write_text('{"id": "a", "question": "b"}\n\n{"id": oops}\n')
    assert "faqs.jsonl, line 3: not valid JSON" in refusal(folder)


def test_a_repeated_id_in_the_bank_is_named_with_both_lines(folder: Path) -> None:
    write(folder, "faqs.jsonl", [*BANK, BANK[0]])
    assert "line 3: the id “open” is already used on line 1" in refusal(folder)


def test_a_file_that_is_not_utf_8_is_refused(folder: Path) -> None:
    (folder / "faqs.jsonl").write_bytes('{"id": 1, "question": "Öppet?"}'.encode("latin-1"))
    assert "not UTF-8" in refusal(folder)


def test_an_empty_split_says_what_the_others_have(folder: Path) -> None:
    write(folder, "queries.jsonl", QUERIES[1:])
    message = refusal(folder, split="dev")
    assert "“dev”" in message
    assert "2 in “test”" in message


def test_an_empty_bank_is_refused(folder: Path) -> None:
    (folder / "faqs.jsonl").write_text("\n")
    assert "has no entries" in refusal(folder)


def test_questions_without_an_id_are_taken_and_entries_without_one_are_not(folder: Path) -> None:
    write(folder, "queries.jsonl", [{"text": "opening time", "relevant": ["open"]}])
    assert [query.text for query in load_dataset(folder, split="test").queries] == ["opening time"]
    write(folder, "faqs.jsonl", [{"question": "When do you open?"}])
    assert "id" in refusal(folder)
