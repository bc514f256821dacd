"""Import and export in the admin: what is seen before, what is stored after, and what is refused in plain words."""

import io
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from knowledge.admin import uploads
from knowledge.admin.transfer import MAX_ROWS
from knowledge.admin.workbooks import MAX_CELL, read_workbook, write_workbook
from knowledge.importing import ImportFileError, Row
from knowledge.models import Category, Entry, KnowledgeBase
from knowledge.services import save_entry
from tests.knowledge.factories import edit, make_base, make_entry, reload
from tests.people import editor_client, nobody_client, staff_client

pytestmark = pytest.mark.django_db
IMPORT, CONFIRM = reverse("admin:knowledge_entry_import"), reverse("admin:knowledge_entry_confirm_import")
EXPORT = reverse("admin:knowledge_entry_export")
CSV = "id,question,answer,alternatives\na1,Old?,Changed.,one | two\n,New?,Yes.,\n"


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def kept_files() -> list[Path]:
    return list(uploads._folder().glob("*"))


def upload(client: Client, content: bytes | str, name: str = "entries.csv", **fields: Any) -> Any:
    data = content.encode() if isinstance(content, str) else content
    base = fields.pop("base", None) or KnowledgeBase.objects.earliest("created_at")
    return client.post(IMPORT, {"knowledge_base": base.pk, "file": SimpleUploadedFile(name, data), **fields})


def token_of(response: HttpResponse) -> str:
    found = re.search(r'name="token" value="([^"]+)"', response.content.decode())
    assert found
    return found[1]


def confirm(client: Client, preview: HttpResponse, **fields: str) -> str:
    return client.post(CONFIRM, {"token": token_of(preview), **fields}, follow=True).content.decode()


def workbook(*rows: tuple[Any, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


# --- import


def test_a_preview_shows_what_would_change_and_stores_nothing(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Old?", "As it was.", reference="a1", phrasings=["one"])
    seen = upload(editor_client(), CSV).content.decode()
    assert "1 new, 1 changed, 0 unchanged." in seen
    assert "<del>As it was.</del><ins>Changed.</ins>" in seen
    assert "one\n<ins>two</ins>" in seen
    assert reload(entry).answer == "As it was."
    assert Entry.objects.count() == 1


def test_a_confirmed_import_is_stored_with_its_author_and_its_file_is_gone(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Old?", "As it was.", reference="a1")
    client = editor_client("edith")
    assert "Imported: 1 new, 1 changed, 0 unchanged." in confirm(client, upload(client, CSV))
    assert [p.text for p in reload(entry).phrasings.all()] == ["one", "two"]
    assert str(entry.history.get(version=2).history_user) == "edith"
    assert Entry.objects.get(question="New?").status == Entry.Status.PUBLISHED
    assert kept_files() == []


def test_what_is_already_there_need_not_be_imported(base: KnowledgeBase) -> None:
    make_entry(base, "Old?", "Changed.", reference="a1", phrasings=["one", "two"])
    seen = upload(editor_client(), CSV.rsplit(",New?")[0]).content.decode()
    assert "Everything in the file is already there." in seen
    assert ">Import</button>" not in seen


def test_a_file_with_errors_is_all_or_nothing_unless_the_editor_says_otherwise(base: KnowledgeBase) -> None:
    client = editor_client()
    preview = upload(client, "question,answer\nGood?,Yes.\n,No question.\n")
    assert "The question is missing or empty." in preview.content.decode()
    assert "Nothing was imported" in confirm(client, preview)
    assert not Entry.objects.exists()
    assert "1 new" in confirm(client, preview, leave_out="yes")
    assert Entry.objects.get().question == "Good?"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("question;answer\nGröße?;Où?\n".encode("cp1252"), "in windows-1252"),
        ("question\tanswer\nGröße?\tOù?\n".encode("utf-16"), "separated by tabs, in utf-16"),
        ("question,answer\nGröße?,Où?\n".encode("utf-8-sig"), "separated by commas, in utf-8"),
    ],
)
def test_encoding_and_separator_are_recognised_and_said(base: KnowledgeBase, content: bytes, said: str) -> None:
    client = editor_client()
    preview = upload(client, content)
    assert said in preview.content.decode()
    assert ("was assumed. Look whether this reads well: “Größe?”" in preview.content.decode()) == ("1252" in said)
    confirm(client, preview)
    assert (Entry.objects.get().question, Entry.objects.get().answer) == ("Größe?", "Où?")


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "a.csv", "The submitted file is empty."),
        (b"question\nx\n", "a.csv", "Only one column was found"),
        (b"%PDF-1.7", "a.csv", "This is a PDF document."),
        (b"PK\x03\x04 broken", "a.xlsx", "This is not an Excel workbook that can be read."),
        (b"a,b\n1,2\n", "a.csv", "There is no column question and no column answer."),
        (b"question,answer\n", "a.csv", "The file has a header, but no rows below it."),
        (workbook(), "a.xlsx", "There is no column question and no column answer. Found: an empty first row."),
        (workbook(("question", "answer")), "a.xlsx", "The first sheet has a header, but no rows below it."),
        (workbook(("question", "answer", "Topic", "category"), ("q", "a")), "a.xlsx", "These columns mean the same"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_plain_words(
    base: KnowledgeBase, content: bytes, name: str, message: str
) -> None:
    response = upload(editor_client(), content, name)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert kept_files() == []


def test_a_file_too_large_for_a_request_names_the_command(base: KnowledgeBase, settings: Settings) -> None:
    settings.IMPORT_MAX_MB = 1
    response = upload(editor_client(), b"question,answer\n" + b"x" * 1_100_000)
    assert response.status_code == 422
    assert "python manage.py import_entries FILE" in response.content.decode()


def test_a_file_of_too_many_rows_for_a_request_names_the_command(base: KnowledgeBase) -> None:
    rows = "".join(f"Question {number}?,Yes.\n" for number in range(MAX_ROWS + 1))
    response = upload(editor_client(), f"question,answer\n{rows}")
    assert response.status_code == 422
    assert "2,001 rows; at most 2,000 can be imported here." in response.content.decode()
    assert "python manage.py import_entries FILE" in response.content.decode()


def test_words_are_compared_as_they_would_be_stored(base: KnowledgeBase) -> None:
    make_entry(base, "Old question?", "Yes.", reference="a1", phrasings=["one"])
    content = 'id,question,answer,alternatives\na1,"Old\n question?",Yes.,one | ONE | old question?\n'
    assert "0 new, 0 changed, 1 unchanged." in upload(editor_client(), content).content.decode()


def test_the_preview_counts_as_the_import_does(base: KnowledgeBase) -> None:
    make_entry(base, "Old?", "As it was.", reference="a1", status=Entry.Status.DRAFT)
    make_entry(base, "Same?", "Yes.", reference="a2", category=Category.objects.create(knowledge_base=base, name="Cat"))
    content = (
        "id,question,answer,category,status\na1,Old?,As it was.,,published\na2,Same?,Yes.,Cat,\na3,New?,Yes.,Dog,\n"
    )
    client = editor_client()
    preview = upload(client, content)
    assert "1 new, 1 changed, 1 unchanged." in preview.content.decode()
    assert "Imported: 1 new, 1 changed, 1 unchanged." in confirm(client, preview)


def test_what_only_the_database_refuses_is_shown_and_nothing_is_kept(base: KnowledgeBase) -> None:
    begins_later = datetime(2027, 6, 1, tzinfo=UTC)
    save_entry(Entry(knowledge_base=base, reference="a1", question="Q?", answer="A.", valid_from=begins_later))
    client = editor_client()
    seen = confirm(client, upload(client, "id,question,answer,valid_until\n,Good?,Yes.,\na1,Q?,A.,2027-01-01\n"))
    assert "Nothing was imported: some rows were refused." in seen
    assert "<td>3</td><td>error</td><td>“Valid until” must come after “valid from”.</td>" in seen
    assert Entry.objects.get().valid_until is None


def test_without_a_file_the_form_says_so(base: KnowledgeBase) -> None:
    response = editor_client().post(IMPORT, {"knowledge_base": base.pk})
    assert response.status_code == 422
    assert "This field is required." in response.content.decode()


def test_the_base_is_asked_for_only_where_there_are_several(base: KnowledgeBase) -> None:
    client = editor_client()
    assert '<select name="knowledge_base"' not in client.get(IMPORT).content.decode()
    other = make_base("Garage")
    assert '<select name="knowledge_base"' in client.get(IMPORT).content.decode()
    confirm(client, upload(client, "question,answer\nTyres?,Yes.\n", base=other))
    assert Entry.objects.get().knowledge_base == other


def test_without_a_base_one_is_to_be_added_first(db: None) -> None:
    response = editor_client().get(IMPORT)
    assert response.headers["Location"] == reverse("admin:knowledge_knowledgebase_add")


def test_what_changed_after_the_preview_is_imported_over_with_both_versions_kept(base: KnowledgeBase) -> None:
    entry = make_entry(base, "Old?", "As it was.", reference="a1")
    client = editor_client()
    preview = upload(client, CSV)
    edit(entry, answer="Meanwhile.")
    confirm(client, preview)
    assert reload(entry).answer == "Changed."
    assert [row.answer for row in entry.history.order_by("version")] == ["As it was.", "Meanwhile.", "Changed."]


def test_a_preview_is_of_use_to_nobody_else(base: KnowledgeBase) -> None:
    preview = upload(editor_client(), CSV)
    assert "This preview belongs to somebody else." in confirm(editor_client("erik"), preview)
    assert not Entry.objects.exists()


@pytest.mark.parametrize("token", ["", "nonsense", "WyIuLi8uLi9ldGMvcGFzc3dkIl0:1:x"])
def test_a_forged_or_stale_preview_imports_nothing(base: KnowledgeBase, token: str) -> None:
    seen = editor_client().post(CONFIRM, {"token": token}, follow=True).content.decode()
    assert "This preview is no longer there. Choose the file again." in seen


def test_a_preview_confirmed_twice_is_imported_once(base: KnowledgeBase) -> None:
    client = editor_client()
    preview = upload(client, CSV)
    confirm(client, preview)
    assert "This preview is no longer there." in confirm(client, preview)
    assert Entry.objects.count() == 2


def test_importing_is_for_those_who_may_add_and_change(base: KnowledgeBase) -> None:
    for client in (staff_client(), nobody_client()):
        assert client.get(IMPORT).status_code == 403
        assert client.post(CONFIRM, {"token": "x"}).status_code == 403
    assert Client().get(IMPORT).status_code == 302
    assert editor_client().get(CONFIRM).status_code == 405
    assert (
        'href="/admin/knowledge/entry/import/"'
        not in staff_client("sue").get(reverse("admin:knowledge_entry_changelist")).content.decode()
    )


# --- workbooks


def test_a_workbook_is_read_by_its_row_numbers_with_numbers_and_dates_as_people_see_them() -> None:
    content = workbook(
        ("ID", "Question", "Answer", "Alternatives", "Colour"),
        (12.0, "Since when?", date(2027, 1, 31), "one | two", "red"),
        (None, None, None),
        (None, "No answer?", None),
    )
    sheet = read_workbook(content, max_bytes=5_000_000)
    row = sheet.rows[0]
    assert (row.line, row.reference, row.answer, row.phrasings) == (2, "12", "2027-01-31T00:00:00", ("one", "two"))
    assert [(problem.line, problem.level) for problem in sheet.problems] == [(2, "warning"), (4, "error")]


def test_a_workbook_comes_back_as_it_went_out(base: KnowledgeBase) -> None:
    rows = [
        Row(2, "007", "=Q?", "+A\n\n- b", ("=cmd", "@x"), "Cat", "sv", "draft"),
        Row(3, "", "'Q'", "\t-1", ("a | b",), "", "", "published"),
    ]
    content = write_workbook(rows)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    read = read_workbook(content, max_bytes=5_000_000)
    assert read.problems == []
    assert [row.phrasings for row in read.rows] == [("=cmd", "@x"), ("a | b",)]
    assert [row.question for row in read.rows] == ["=Q?", "'Q'"]


def test_a_text_that_excel_would_cut_is_refused() -> None:
    phrasings = tuple(f"{n}{'a' * 400}" for n in range(MAX_CELL // 400 + 1))
    with pytest.raises(ImportFileError, match="more than Excel can hold"):
        write_workbook([Row(2, "", "Q", "A", phrasings)])


def test_a_workbook_that_unpacks_to_too_much_is_refused() -> None:
    content = workbook(("question", "answer"), *(("q", "a" * 30_000) for _ in range(1_000)))
    with pytest.raises(ImportFileError, match="too large when unpacked"):
        read_workbook(content, max_bytes=1_000_000)


def test_a_workbook_is_imported_like_any_other_file(base: KnowledgeBase) -> None:
    client = editor_client()
    preview = upload(client, workbook(("question", "answer"), ("New?", "Yes.")), "entries.XLSX")
    assert "Read as an Excel workbook" in preview.content.decode()
    confirm(client, preview)
    assert Entry.objects.get().question == "New?"


# --- export


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl"])
def test_what_is_exported_can_be_imported_again_without_a_change(base: KnowledgeBase, kind: str) -> None:
    make_entry(base, "=Sum?", "- one\n- two", ["opening times", "@hours | today"], reference="a1", language="sv")
    client = editor_client()
    response = client.get(EXPORT, {"knowledge_base": str(base.pk), "format": kind})
    assert response.headers["Content-Disposition"].endswith(f'.{kind}"')
    preview = upload(client, response.content, f"entries.{kind}")
    assert "0 new, 0 changed, 1 unchanged." in preview.content.decode()


def test_an_exported_csv_runs_no_formula(base: KnowledgeBase) -> None:
    make_entry(base, "=HYPERLINK(1)", "@x")
    content = editor_client().get(EXPORT, {"knowledge_base": str(base.pk), "format": "csv"}).content
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"'=HYPERLINK(1),'@x" in content


def test_the_export_page_asks_for_the_format(base: KnowledgeBase) -> None:
    assert "<select" in editor_client().get(EXPORT).content.decode()


@pytest.mark.parametrize("data", [{"format": "exe"}, {"format": "csv", "knowledge_base": "x"}])
def test_an_export_of_nothing_known_is_refused(base: KnowledgeBase, data: dict[str, str]) -> None:
    assert editor_client().get(EXPORT, data).status_code == 422


def test_exporting_is_for_those_who_may_see_entries(base: KnowledgeBase) -> None:
    assert staff_client().get(EXPORT).status_code == 200
    assert nobody_client().get(EXPORT).status_code == 403
    assert Client().get(EXPORT).status_code == 302
    assert editor_client().post(EXPORT).status_code == 405
