"""Imported files: every delimiter that spreadsheets write, and every way in which a file can be broken."""

import codecs
import contextlib
import csv
import dataclasses
import io
import json
import re
import time
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from knowledge.importing import (
    ImportFileError,
    Problem,
    Row,
    Sheet,
    read_rows,
    write_csv,
    write_jsonl,
)

ROOT = Path(__file__).resolve().parents[2]
PUBLIC_FAQ = ROOT.parent / "shared" / "benchmarks" / "zaragoza_faq" / "faqs.jsonl"
MEGABYTE = 1_000_000


def read(content: str | bytes, name: str = "faq.csv", encoding: str | None = None) -> Sheet:
    data = content.encode() if isinstance(content, str) else content
    return read_rows(data, name=name, encoding=encoding, max_bytes=30 * MEGABYTE)


def read_objects(*objects: object) -> Sheet:
    return read("".join(json.dumps(found) + "\n" for found in objects), "faq.jsonl")


def only_error(sheet: Sheet) -> Problem:
    assert sheet.rows == []
    (problem,) = sheet.problems
    assert problem.level == "error"
    return problem


def entry(**fields: object) -> dict[str, object]:
    return {"question": "Do you deliver?", "answer": "Yes."} | fields


# Files as a whole


def test_a_file_over_the_limit_is_refused_with_both_sizes_in_megabytes() -> None:
    with pytest.raises(ImportFileError, match=r"has 2\.1 MB; at most 2\.0 MB"):
        read_rows(b"x" * (2 * MEGABYTE + 1), name="faq.csv", max_bytes=2 * MEGABYTE)


@pytest.mark.parametrize("data", [b"", b" \r\n\n", codecs.BOM_UTF8])
@pytest.mark.parametrize("name", ["faq.csv", "faq.jsonl"])
def test_an_empty_file_is_refused(data: bytes, name: str) -> None:
    with pytest.raises(ImportFileError, match="The file is empty"):
        read(data, name)


@pytest.mark.parametrize("rest", ["", "\n", "\n\n,\n , ,\n"])
def test_a_file_with_only_a_header_is_refused(rest: str) -> None:
    with pytest.raises(ImportFileError, match="a header, but no rows"):
        read(f"question,answer,colour{rest}")


def test_a_json_list_is_refused_with_advice() -> None:
    with pytest.raises(ImportFileError, match="is one JSON list"):
        read(json.dumps([entry()]), "faq.json")


@pytest.mark.parametrize("name", ["faq.jsonl", "faq.ndjson", "faq.txt", "faq.csv", "faq"])
def test_objects_are_read_as_jsonl_whatever_the_file_is_called(name: str) -> None:
    sheet = read(json.dumps(entry()), name)
    assert (sheet.format, sheet.delimiter, len(sheet.rows)) == ("jsonl", None, 1)


@pytest.mark.parametrize("name", ["faq.csv", "FAQ.TSV", "faq.txt", "faq"])
def test_anything_else_is_read_as_csv(name: str) -> None:
    assert read("question,answer\na,b\n", name).format == "csv"


def test_a_jsonl_file_with_a_broken_first_line_is_still_read_as_jsonl() -> None:
    sheet = read(f'"question": 1\n{json.dumps(entry())}\n', "FAQ.JSONL")
    assert (sheet.format, sheet.problems[0].line, sheet.rows[0].line) == ("jsonl", 1, 2)


def test_a_guess_and_its_encoding_reach_the_sheet() -> None:
    sheet = read("question;answer\nGibt es Käse?;Für 5 €.\n".encode("cp1252"))
    assert (sheet.encoding, sheet.certain, sheet.rows[0].answer) == ("windows-1252", False, "Für 5 €.")


# CSV: header and delimiter


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_taken_from_the_header(delimiter: str) -> None:
    cells = [["id", "question", "answer"], ["1", "One, two; three?", "a\tb|c"]]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(cells)
    sheet = read(buffer.getvalue())
    assert (sheet.delimiter, sheet.rows[0].answer) == (delimiter, "a\tb|c")


def test_a_delimiter_inside_a_quoted_column_name_does_not_count() -> None:
    sheet = read('"notes;a;b;c;d",question,answer\nx,Q?,A;B\n')
    assert (sheet.delimiter, sheet.rows[0].answer) == (",", "A;B")


def test_excels_own_line_that_names_the_delimiter_is_obeyed() -> None:
    sheet = read("sep=;\r\nquestion;answer\r\nQ?;A\r\n")
    assert (sheet.delimiter, sheet.rows) == (";", [Row(line=3, reference="", question="Q?", answer="A")])


def test_excels_own_line_decides_between_two_delimiters_that_fit() -> None:
    assert read("sep=,\nquestion\t,\tanswer\nQ?,A\n").delimiter == ","


def test_a_header_that_two_delimiters_fit_is_refused() -> None:
    with pytest.raises(ImportFileError, match=r"separated by comma or tab: 'question', 'answer'"):
        read("question\t,\tanswer\na,b\n")


def test_a_single_column_is_refused_with_the_column_found() -> None:
    with pytest.raises(ImportFileError, match=r"Only one column was found: 'question answer'\. Separate"):
        read("question answer\na b\n")


def test_a_missing_column_is_refused_with_the_columns_found_and_expected() -> None:
    with pytest.raises(ImportFileError) as raised:
        read("id;question;reply\n1;Q?;A\n")
    assert "no column answer. Found, separated by semicolon: 'id', 'question', 'reply'" in str(raised.value)
    assert "Needed: question and answer" in str(raised.value)


def test_a_header_with_broken_quotes_is_refused() -> None:
    with pytest.raises(ImportFileError, match="quotes in the header line do not match"):
        read('"question,answer\nQ?,A\n')


def test_two_columns_with_one_meaning_are_refused() -> None:
    with pytest.raises(ImportFileError, match="mean the same: 'id', 'Reference'"):
        read("id,Reference,question,answer\n1,2,Q?,A\n")


def test_column_names_are_read_whatever_their_case_spacing_and_alias() -> None:
    sheet = read(
        " Reference ,QUESTION,Answer,Alternatives,Topic,Lang,Status,Valid From,valid-until\n"
        "r1,Q?,A,p1 | p2,Help,en,Draft,2027-01-31,2027-02-01T18:00+01:00\n"
    )
    start, end = datetime(2027, 1, 31, tzinfo=UTC), datetime(2027, 2, 1, 17, tzinfo=UTC)
    assert sheet.rows == [Row(2, "r1", "Q?", "A", ("p1", "p2"), "Help", "en", "draft", start, end)]
    assert sheet.problems == []


def test_unknown_columns_are_ignored_with_one_warning_for_the_file() -> None:
    sheet = read("question,colour,answer,size\nQ1?,red,A,1\nQ2?,blue,A,2\n")
    (problem,) = sheet.problems
    assert (len(sheet.rows), problem.line, problem.level) == (2, 1, "warning")
    assert "no such field: 'colour', 'size'" in problem.message


# CSV: rows


def test_a_row_is_named_by_the_line_where_it_starts_even_after_cells_of_several_lines() -> None:
    sheet = read('question,answer\r\n"Q\r\n1?","a\r\nb"\r\n\r\nQ2?,c\r\n')
    assert [(row.line, row.question, row.answer) for row in sheet.rows] == [
        (2, "Q\n1?", "a\nb"),
        (6, "Q2?", "c"),
    ]


def test_old_macintosh_line_ends_are_read() -> None:
    assert [row.line for row in read("question,answer\rQ1?,A\rQ2?,B\r").rows] == [2, 3]


def test_phrasings_are_separated_by_lines_or_else_by_bars() -> None:
    sheet = read('question,answer,phrasings\nQ1?,A,"a | b\n\n c "\nQ2?,A, a | b|c |  | a\n')
    assert [row.phrasings for row in sheet.rows] == [("a | b", "c"), ("a", "b|c")]


def test_texts_are_normalised_trimmed_and_otherwise_kept() -> None:
    sheet = read("question,answer\n \u00a0Cafe\u0301? , a  \u2028 b \n")
    assert (sheet.rows[0].question, sheet.rows[0].answer) == ("Café?", "a  \u2028 b")


def test_empty_cells_that_a_spreadsheet_adds_at_the_end_do_no_harm() -> None:
    sheet = read("question,answer,,\nQ?,A,,,\n,,,\n")
    assert (len(sheet.rows), sheet.problems) == (1, [])


def test_a_row_with_more_cells_than_columns_is_an_error() -> None:
    problem = only_error(read("question,answer\nQ?,Yes, we do\n"))
    assert (problem.line, problem.message[:52]) == (2, "This row has 3 cells, but the header has 2 columns. ")


def test_a_row_with_broken_quotes_loses_only_itself() -> None:
    sheet = read('question,answer\nQ1?,A\nQ2?,"say "hi" now"\nQ3?,C\n')
    (problem,) = sheet.problems
    assert [row.line for row in sheet.rows] == [2, 4]
    assert (problem.line, problem.message[:38]) == (3, "The quotes in this row do not match. A")


def test_no_piece_of_a_cell_with_broken_quotes_is_taken_for_a_row() -> None:
    sheet = read('question,answer\nQ1?,"say "hi" to\nmine,yours\nand ours"\nQ2?,B\n')
    assert [row.question for row in sheet.rows] == ["Q2?"]
    assert "Lines 2 to 4 were not read" in sheet.problems[0].message


def test_a_quote_that_is_never_closed_is_named_by_the_line_where_it_opens() -> None:
    sheet = read('question,answer\nQ1?,A\nQ2?,"B\nQ3?,C\nQ4?,D\n')
    assert [row.line for row in sheet.rows] == [2]
    assert [problem.line for problem in sheet.problems] == [3]
    assert "Lines 3 to 5 were not read" in sheet.problems[0].message


def test_a_cell_beyond_the_csv_modules_own_limit_is_named_as_too_long() -> None:
    problem = only_error(read(f"question,answer\nQ?,{'x' * 200_000}\n"))
    assert "has 200,000 characters; at most 16,000" in problem.message


# JSONL: rows


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"question": "a" "answer": "b"}', r"not valid JSON: Expecting ',' delimiter \(column 18\)"),
        ("{", r"not valid JSON: .* \(column 2\)"),
        ('{"question": "a"} {"answer": "b"}', r"Extra data \(column 19\)"),
        ('"question"', "not an object"),
        ("3", "not an object"),
        ('{"question": "a", "question": "b", "answer": "c"}', "'question' stands twice"),
        ('{"id": "1", "reference": "2", "question": "a", "answer": "c"}', "mean the same: 'id', 'reference'"),
        ('{"question": ' + "[" * 100_000, "lists too deep"),
        ('{"question": ' + "1" * 10_000 + "}", "number too long"),
    ],
)
def test_a_line_that_is_no_usable_object_is_named_and_the_others_are_read(line: str, message: str) -> None:
    sheet = read(f"{json.dumps(entry())}\n\n{line}\n", "faq.jsonl")
    (problem,) = sheet.problems
    assert [row.line for row in sheet.rows] == [1]
    assert (problem.line, problem.level) == (3, "error")
    assert re.search(message, problem.message)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"answer": 5}, "The answer must be a text, not a number."),
        ({"answer": True}, "The answer must be a text, not true or false."),
        ({"question": ["a"]}, "The question must be a text, not a list."),
        ({"category": {"a": 1}}, "The category must be a text, not an object."),
        ({"alternatives": "a | b"}, "The alternatives must be a list of texts."),
        ({"alternatives": ["a", 1]}, "The alternatives must be a list of texts."),
        ({"id": 1.5}, "The id must be a text, not a number."),
    ],
)
def test_values_of_the_wrong_type_are_errors(fields: dict[str, object], message: str) -> None:
    assert only_error(read_objects(entry(**fields))).message == message


def test_null_means_absent_and_whole_numbers_may_be_ids() -> None:
    sheet = read_objects(entry(id=17, category=None, alternatives=None, valid_from=None))
    assert sheet.rows == [Row(line=1, reference="17", question="Do you deliver?", answer="Yes.")]


def test_unknown_keys_are_one_warning_for_the_file_at_the_first_of_them() -> None:
    sheet = read_objects(entry(), entry(question="b", sources=[1]), entry(question="c", sources=[], x=1))
    (problem,) = sheet.problems
    assert (len(sheet.rows), problem.line, problem.level) == (3, 2, "warning")
    assert "no such field: 'sources', 'x'" in problem.message


def test_line_separators_of_unicode_do_not_break_a_jsonl_line() -> None:
    assert read('{"question": "a\u2028b\u0085"}\n{"question": "c"}', "faq.jsonl").problems[-1].line == 2


# Rules for every row


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"question": " \n "}, "The question is missing or empty"),
        ({"answer": None}, "The answer is missing or empty"),
        ({"question": "x" * 501}, "The question has 501 characters; at most 500 are allowed"),
        ({"answer": "x" * 16_001}, "The answer has 16,001 characters; at most 16,000 are allowed"),
        ({"alternatives": ["a", "x" * 501]}, "Phrasing 2 has 501 characters; at most 500 are allowed"),
        ({"category": "x" * 201}, "The category has 201 characters"),
        ({"answer": "a\x07b"}, "The answer has a control character (U+0007) at position 2"),
        ({"question": "a\x85b"}, "The question has a control character (U+0085) at position 2"),
        ({"alternatives": ["\ud800"]}, "Phrasing 1 has half a character (U+D800) at position 1"),
        ({"answer": "a" + "\u0301\u0316" * 16}, "The answer has more than 30 accents on one letter"),
        ({"status": "live"}, "The status 'live' is not one of draft, published, archived."),
        ({"valid_from": "31.01.2027"}, "valid_from is '31.01.2027', which is not a date. Write 2027-01-31"),
        ({"valid_until": "0001-01-01T00:00+05:00"}, "valid_until is '0001-01-01T00:00+05:00', which is not"),
        ({"valid_from": "2027-01-02", "valid_until": "2027-01-01"}, "valid_until is not after valid_from"),
        ({"valid_from": "2027-01-01", "valid_until": "2027-01-01"}, "valid_until is not after valid_from"),
    ],
)
def test_a_row_that_breaks_a_rule_is_left_out_and_says_why(fields: dict[str, object], message: str) -> None:
    assert only_error(read_objects(entry(**fields))).message.startswith(message)


def test_texts_of_exactly_the_limit_are_kept_whole() -> None:
    row = read_objects(entry(question="q" * 500, answer="e\u0301" * 8_000, alternatives=["p" * 500])).rows[0]
    assert (len(row.question), row.answer, len(row.phrasings[0])) == (500, "é" * 8_000, 500)


def test_all_errors_of_a_row_are_told_at_once() -> None:
    sheet = read("question,answer,status\n,,live\n")
    assert [problem.line for problem in sheet.problems] == [2, 2, 2]


def test_a_repeated_id_is_an_error_that_names_both_lines() -> None:
    sheet = read("id,question,answer\nx,Q1?,A\ny,Q2?,B\n x ,Q3?,C\n")
    assert [row.line for row in sheet.rows] == [2, 3]
    assert sheet.problems[0].message.startswith("The id 'x' on line 4 is already used on line 2.")


def test_a_repeated_question_is_a_warning_and_stays() -> None:
    sheet = read("question,answer\nDo you deliver?,A\ndo  you DELIVER?,B\n")
    (problem,) = sheet.problems
    assert (len(sheet.rows), problem.line, problem.level) == (2, 3, "warning")
    assert "stands on line 2" in problem.message


def test_a_time_without_a_zone_is_utc() -> None:
    row = read_objects(entry(valid_from="2027-01-31T18:30")).rows[0]
    assert row.valid_from == datetime(2027, 1, 31, 18, 30, tzinfo=UTC)


def test_problems_come_in_the_order_of_the_file() -> None:
    sheet = read_objects(entry(question="", sources=1), entry(answer=""), entry(question="b", status="x"))
    assert [problem.line for problem in sheet.problems] == [1, 1, 2, 3]


def test_messages_never_carry_control_characters_of_the_file() -> None:
    sheet = read_objects(entry(status="x\u202e", **{"\x1b[31mred\ud800": 1}))
    assert all(problem.message.isprintable() for problem in sheet.problems)


# Writing


@pytest.mark.parametrize("text", ["=1+1", "+44 20", "-5 °C", "@home", "'=1", "''@x", "'\tx"])
def test_what_a_spreadsheet_would_run_is_written_behind_an_apostrophe(text: str) -> None:
    written = write_csv([Row(1, text, text, text, (text,), text)])
    cells = next(csv.reader(io.StringIO(written.splitlines()[1])))
    assert [cell for cell in cells if cell] == [f"'{text}"] * 5
    assert read(written).rows[0] == Row(2, text, text, text, (text,), text)


@pytest.mark.parametrize("text", ["'quoted'", "a=b", "5-3", "'"])
def test_other_texts_get_no_apostrophe(text: str) -> None:
    assert f"\r\n,{text},A," in write_csv([Row(1, "", text, "A")])


def test_an_apostrophe_before_a_formula_in_someone_elses_csv_is_taken_off() -> None:
    assert read("question,answer\nQ?,'=A1\n").rows[0].answer == "=A1"


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n\t=+-@'|\", ;"), max_size=30)
STORED = TEXT.map(lambda text: unicodedata.normalize("NFC", text).strip())
LINE = STORED.filter(lambda text: text and "\n" not in text)
MOMENT = st.datetimes(timezones=st.just(UTC)) | st.none()


@st.composite
def rows(draw: st.DrawFn) -> Row:
    start, end = draw(MOMENT), draw(MOMENT)
    if start and end and end <= start:
        start, end = (end, start) if end < start else (start, None)
    phrasings = draw(st.lists(LINE | st.just("a | b"), unique=True, max_size=3))
    status = draw(st.sampled_from(["", "draft", "published", "archived"]))
    question, answer = draw(STORED.filter(bool)), draw(STORED.filter(bool))
    language = draw(LINE)[:10].strip()
    return Row(0, draw(STORED), question, answer, tuple(phrasings), draw(STORED), language, status, start, end)


@pytest.mark.parametrize(("write", "name"), [(write_csv, "x.csv"), (write_jsonl, "x.jsonl")])
@given(st.lists(rows(), min_size=1, max_size=4, unique_by=lambda row: row.reference or row))
@example([Row(0, "", "a", "b", ("a | b",))])
@settings(deadline=None)
def test_what_was_written_is_read_back_without_loss(
    write: Callable[[list[Row]], str], name: str, written: list[Row]
) -> None:
    sheet = read(write(written), name)
    assert [dataclasses.replace(row, line=0) for row in sheet.rows] == written
    assert all(problem.level == "warning" for problem in sheet.problems)


def test_an_export_for_excel_is_read_back() -> None:
    (row,) = read(write_csv([Row(2, "1", "Где?", "Ä\nö;,", ("x", "y"))]).encode("utf-8-sig")).rows
    assert row == Row(2, "1", "Где?", "Ä\nö;,", ("x", "y"))


PIECES = st.sampled_from([b"question", b"answer", b"id", b",", b";", b"\n", b'"', b"{", b":", b"\xe9", b"\0", b" "])


@given(st.binary(max_size=200) | st.lists(PIECES, max_size=40).map(lambda rest: b"question,answer\n" + b"".join(rest)))
@settings(deadline=None)
def test_any_bytes_give_a_sheet_or_a_plain_refusal(data: bytes) -> None:
    with contextlib.suppress(ImportFileError):
        sheet = read(data)
        assert sheet.rows or sheet.problems


# Size, and real data


def test_a_file_of_twenty_megabytes_and_100000_rows_is_read_within_seconds() -> None:
    body = "".join(f'id{i},"How, {i}?",{"An answer of words. " * 8}é,a{i} | b{i}\n' for i in range(100_000))
    data = f"id,question,answer,alternatives\n{body}".encode()
    started = time.perf_counter()
    sheet = read(data)
    assert (len(sheet.rows), sheet.problems, len(data) > 19 * MEGABYTE) == (100_000, [], True)
    assert time.perf_counter() - started < 15


@pytest.mark.parametrize(
    "body",
    [
        'Q?,"' + "x\n" * 1_000_000,
        "Q?," + "\u0301\u0316" * 500_000,
        'Q?,"a"b"\n' * 200_000,
        "Q?," + "'" * 2_000_000,
        "," * 2_000_000,
        "Q?,A," + "x | " * 500_000,
    ],
    ids=["unclosed quote", "stacked accents", "broken quotes", "apostrophes", "cells", "phrasings"],
)
def test_hostile_content_takes_no_more_time_than_its_size(body: str) -> None:
    started = time.perf_counter()
    sheet = read(f"question,answer,alternatives\nFirst?,A\n{body}")
    assert sheet.rows[0].line == 2
    assert time.perf_counter() - started < 10


@pytest.mark.skipif(not PUBLIC_FAQ.exists(), reason=f"the public data is not at {PUBLIC_FAQ}")
def test_the_public_faq_of_503_entries_is_read_without_an_error() -> None:
    sheet = read(PUBLIC_FAQ.read_bytes(), PUBLIC_FAQ.name)
    assert (len(sheet.rows), sheet.encoding, sheet.certain) == (503, "utf-8", True)
    assert [problem.message for problem in sheet.problems if problem.level == "error"] == []
    assert "no such field: 'sources'." in sheet.problems[0].message
