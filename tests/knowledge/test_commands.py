"""Importing, exporting and asking from the terminal: what is printed, what is kept, and how mistakes are told."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from knowledge.indexing import drain
from knowledge.models import Category, Entry, KnowledgeBase
from knowledge.selectors import rows_for_export
from tests.knowledge.factories import MeddledStore, WordEmbedder, make_base, make_entries, make_entry

GOOD = "id;question;answer;alternatives;category\nr1;När öppnar ni?;Klockan nio.;Öppettider?;Hours\nr2;Q2?;A2.;;\n"
HALF_BROKEN = "id,question,answer\nr1,Q1?,A1.\nr2,,A2.\nr1,Q3?,A3.\n"


def run(name: str, *arguments: str, **options: Any) -> tuple[str, str]:
    """What the command printed, and what it printed as errors."""
    out, err = StringIO(), StringIO()
    call_command(name, *arguments, stdout=out, stderr=err, no_color=True, **options)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    path = tmp_path / "faq.csv"
    path.write_text(GOOD, encoding="utf-8-sig")
    return path


@pytest.fixture
def half_broken(tmp_path: Path) -> Path:
    path = tmp_path / "half.csv"
    path.write_text(HALF_BROKEN)
    return path


# import_entries


def test_a_good_file_is_imported_and_the_command_says_how_it_read_it(base: KnowledgeBase, faq: Path) -> None:
    out, err = run("import_entries", str(faq))
    assert "Read as CSV with semicolons" in out
    assert "2 entries were added, 0 updated; 0 are unchanged." in out
    assert err == ""
    assert Entry.objects.get(reference="r1").question == "När öppnar ni?"


def test_the_same_file_again_changes_nothing(base: KnowledgeBase, faq: Path) -> None:
    run("import_entries", str(faq))
    out, _ = run("import_entries", str(faq))
    assert "0 entries were added, 0 updated; 2 are unchanged." in out
    assert set(Entry.objects.values_list("version", flat=True)) == {1}


def test_a_dry_run_says_what_would_happen_and_keeps_nothing(base: KnowledgeBase, faq: Path) -> None:
    out, _ = run("import_entries", str(faq), "--dry-run")
    assert "2 entries would be added, 0 updated; 0 are unchanged." in out
    assert not Entry.objects.exists()
    assert not Category.objects.exists()


def test_a_file_with_bad_rows_is_imported_not_at_all_and_every_bad_line_is_named(
    base: KnowledgeBase, half_broken: Path
) -> None:
    err = StringIO()
    with pytest.raises(CommandError, match=r"Nothing was imported: 2 rows have errors.*--keep-good-rows"):
        call_command("import_entries", str(half_broken), stdout=StringIO(), stderr=err, no_color=True)
    assert "line 3: error: The question is missing" in err.getvalue()
    assert "line 4: error: The id 'r1' on line 4 is already used on line 2" in err.getvalue()
    assert not Entry.objects.exists()


def test_the_good_rows_of_a_broken_file_are_kept_when_that_is_asked_for(base: KnowledgeBase, half_broken: Path) -> None:
    out, _ = run("import_entries", str(half_broken), "--keep-good-rows")
    assert "1 entries were added" in out
    assert Entry.objects.get().question == "Q1?"


def test_a_dry_run_of_a_broken_file_fails_as_the_real_import_would(base: KnowledgeBase, half_broken: Path) -> None:
    with pytest.raises(CommandError, match="Nothing would be imported without --keep-good-rows: 2 rows have errors"):
        run("import_entries", str(half_broken), "--dry-run")
    out, _ = run("import_entries", str(half_broken), "--dry-run", "--keep-good-rows")
    assert "1 entries would be added" in out
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "bad.csv: "),
        (b"name,text\nx,y\n", "question"),
        (b'[{"question": "Q?"}]', "one JSON list"),
        (b"id,question,answer\n", "no rows below"),
    ],
)
def test_a_file_that_is_of_no_use_is_refused_by_name_and_in_words(
    base: KnowledgeBase, tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(data)
    with pytest.raises(CommandError, match=message):
        run("import_entries", str(path))
    assert not Entry.objects.exists()


def test_a_file_that_is_not_there_is_too_large_or_a_folder_is_refused(base: KnowledgeBase, tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    big.write_bytes(b"x" * 1_000_001)
    for path, options, message in (
        (tmp_path / "nowhere.csv", (), "nowhere.csv cannot be read: No such file"),
        (tmp_path, (), "cannot be read: Is a directory"),
        (big, ("--max-mb", "1"), "larger than 1 MB. Split it, or raise --max-mb"),
    ):
        with pytest.raises(CommandError, match=message):
            run("import_entries", str(path), *options)


def test_an_encoding_that_is_only_assumed_is_said_with_an_example(base: KnowledgeBase, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_bytes(GOOD.encode("windows-1252"))
    out, _ = run("import_entries", str(path))
    assert "The encoding is an assumption. If “När öppnar ni?” looks wrong, give --encoding." in out


def test_where_there_are_two_bases_one_must_be_named(base: KnowledgeBase, faq: Path) -> None:
    other = make_base("Second Shop")
    with pytest.raises(CommandError, match=r"Say which one: --knowledge-base NAME\. There are: Second Shop, Shop"):
        run("import_entries", str(faq))
    with pytest.raises(CommandError, match="There is no knowledge base “Third”"):
        run("import_entries", str(faq), "--knowledge-base", "Third")
    run("import_entries", str(faq), "--knowledge-base", "second-shop")
    assert Entry.objects.filter(knowledge_base=other).count() == 2


def test_without_any_base_it_says_how_to_get_one(db: None, faq: Path) -> None:
    with pytest.raises(CommandError, match="none yet; add one in the admin"):
        run("import_entries", str(faq))


# export_entries


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_an_export_is_read_back_without_loss(base: KnowledgeBase, faq: Path, tmp_path: Path, ending: str) -> None:
    run("import_entries", str(faq))
    path = tmp_path / f"out.{ending}"
    assert "2 entries were written" in run("export_entries", str(path))[0]
    again = make_base("Again")
    run("import_entries", str(path), "--knowledge-base", "again")
    assert list(rows_for_export(again)) == list(rows_for_export(base))


def test_an_export_without_a_file_prints_one_json_object_a_line(base: KnowledgeBase) -> None:
    make_entries(base, 3)
    lines = run("export_entries")[0].splitlines()
    assert {json.loads(line)["question"] for line in lines} == {f"Where is thing{n}?" for n in range(3)}


@pytest.mark.parametrize(
    ("name", "message"), [("out.txt", r"must end in \.csv or \.jsonl"), ("no/out.csv", "cannot be")]
)
def test_an_export_to_where_nothing_can_be_written_is_refused(
    base: KnowledgeBase, tmp_path: Path, name: str, message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        run("export_entries", str(tmp_path / name))


# ask


@pytest.fixture
def asked(
    base: KnowledgeBase, store: MeddledStore, words: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> list[Entry]:
    """Entries in an index that `ask` uses."""
    monkeypatch.setattr("knowledge.retrieval.shelf.get_store", lambda: store)
    entries = make_entries(base, 8)
    drain(store, words)
    return entries


def test_asking_prints_the_nearest_questions_and_the_best_answer(asked: list[Entry]) -> None:
    lines = run("ask", "Where is thing3?")[0].splitlines()
    assert lines[0].split(maxsplit=1) == ["1.000", "Where is thing3?"]
    assert "Thing3 is in box3." in lines
    assert "from the index search" in lines[-1]
    assert "confidence " in lines[-1]


def test_asking_for_json_prints_one_object_with_everything_a_program_needs(asked: list[Entry]) -> None:
    found = json.loads(run("ask", "Where is thing3?", "--json", "--limit", "2")[0])
    best = found["candidates"][0]
    assert (found["way"], len(found["candidates"]), set(found["milliseconds"])) == (
        "index",
        2,
        {"embed", "search", "words", "rank", "join"},
    )
    assert (best["id"], best["answer"], best["matched"]) == (
        str(asked[3].pk),
        "Thing3 is in box3.",
        "Where is thing3?",
    )
    assert best["similarity"] == pytest.approx(1, abs=1e-3)
    assert 0.5 < found["confidence"] <= 1


def test_asking_where_nothing_is_known_says_so(base: KnowledgeBase, words: WordEmbedder) -> None:
    assert "Nothing was found." in run("ask", "Anything?")[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["  "], "The question is empty"),
        (["x" * 4_001], "The question has 4,001 characters"),
        (["a\x00"], "The question has a control character"),
        (["Q?", "--knowledge-base", "nowhere"], "There is no knowledge base “nowhere”"),
        (["Q?", "--limit", "0"], "--limit must be at least 1"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_words(
    asked: list[Entry], arguments: list[str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        run("ask", *arguments)


def test_asking_without_a_model_says_what_is_missing(base: KnowledgeBase, settings: Settings) -> None:
    make_entry(base)
    settings.EMBEDDING_MODEL = "/no/such/folder"
    with pytest.raises(CommandError, match=r"/no/such/folder, which has no model\.onnx"):
        run("ask", "Q?")
