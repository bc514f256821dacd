"""Importing rows: all or nothing, a version only where something changed, and 503 real entries that can be asked."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from knowledge.embedding import get_embedder
from knowledge.importing import Row, read_rows, write_csv, write_jsonl
from knowledge.indexing import drain, examine
from knowledge.models import Category, Entry, KnowledgeBase
from knowledge.retrieval import retrieve
from knowledge.selectors import rows_for_export
from knowledge.services import import_rows
from knowledge.vector_store import ChromaStore, VectorStore
from tests.knowledge.factories import MeddledStore, make_base, make_entry, reload

PUBLIC_FAQ = Path(__file__).resolve().parents[3] / "shared" / "benchmarks" / "zaragoza_faq" / "faqs.jsonl"
ROW = Row(line=1, reference="r1", question="When do you open?", answer="At nine.", phrasings=("Hours?",))
FULL = replace(
    ROW,
    category="Hours",
    language="sv",
    status="archived",
    valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    valid_until=datetime(2027, 1, 1, tzinfo=UTC),
)


def other(row: Row, number: int) -> Row:
    return replace(row, line=number, reference=f"r{number}")


def test_a_new_row_becomes_a_published_entry_with_its_phrasings(base: KnowledgeBase) -> None:
    report = import_rows(base, [ROW])
    entry = Entry.objects.get()
    assert (report.created, report.updated, report.unchanged, report.problems) == (1, 0, 0, [])
    assert (entry.reference, entry.status, entry.version) == ("r1", Entry.Status.PUBLISHED, 1)
    assert [p.text for p in entry.phrasings.all()] == ["Hours?"]


def test_everything_a_row_has_is_in_the_entry(base: KnowledgeBase) -> None:
    import_rows(base, [FULL], author=(alice := User.objects.create(username="alice")))
    (row,) = rows_for_export(base)
    assert row == FULL
    assert Entry.history.get().history_user == alice


def test_a_known_reference_is_updated_and_keeps_a_status_that_the_row_does_not_give(base: KnowledgeBase) -> None:
    entry = make_entry(base, reference="r1", status=Entry.Status.DRAFT)
    report = import_rows(base, [replace(ROW, answer="At ten.")])
    assert (report.created, report.updated) == (0, 1)
    assert (reload(entry).answer, reload(entry).status, reload(entry).version) == ("At ten.", Entry.Status.DRAFT, 2)


def test_what_the_file_has_no_column_for_stays_as_it_is(base: KnowledgeBase) -> None:
    (full,) = read_rows(
        b"id,question,answer,alternatives,category,valid_from\na1,Q?,A.,other words,Returns,2027-01-01\n",
        name="full.csv",
        max_bytes=1_000,
    ).rows
    (short,) = read_rows(b"id,question,answer\na1,Q?,Changed.\n", name="short.csv", max_bytes=1_000).rows
    import_rows(base, [full])
    import_rows(base, [short])
    entry = Entry.objects.get()
    assert (entry.answer, entry.valid_from, str(entry.category)) == ("Changed.", full.valid_from, "Returns")
    assert [phrasing.text for phrasing in entry.phrasings.all()] == ["other words"]


def test_a_row_without_an_id_updates_the_entry_without_one_that_asks_the_same(base: KnowledgeBase) -> None:
    make_entry(base, question="When do you open?", reference="hours")
    import_rows(base, [Row(2, "", "When do you open?", "At nine.")])
    report = import_rows(base, [Row(2, "", "When do you  open?", "At ten.")])
    assert (report.created, report.updated) == (0, 1)
    assert sorted(Entry.objects.filter(reference="").values_list("answer", flat=True)) == ["At ten."]


def test_two_rows_alike_and_without_ids_stay_two_entries_at_every_import(base: KnowledgeBase) -> None:
    alike = [Row(2, "", "Q?", "One."), Row(3, "", "Q?", "Two.")]
    import_rows(base, alike)
    assert import_rows(base, alike).unchanged == 2


def test_the_same_reference_in_another_base_is_another_entry(base: KnowledgeBase) -> None:
    import_rows(make_base("Other"), [ROW])
    assert import_rows(base, [ROW]).created == 1


@pytest.mark.parametrize(
    "row",
    [
        ROW,
        FULL,
        replace(ROW, question="When  do\nyou open?"),
        replace(ROW, phrasings=("Hours?", "hours?", "when do you open?", " Hours? ")),
        replace(ROW, answer=" At nine.\r\n"),
    ],
)
def test_rows_that_were_imported_before_make_no_new_version(base: KnowledgeBase, row: Row) -> None:
    import_rows(base, [row])
    report = import_rows(base, [row])
    assert (report.created, report.updated, report.unchanged) == (0, 0, 1)
    assert Entry.objects.get().version == 1


def test_one_refused_row_keeps_everything_out_and_every_refusal_is_named_by_its_line(base: KnowledgeBase) -> None:
    bad = replace(FULL, valid_until=FULL.valid_from)
    report = import_rows(base, [ROW, other(bad, 2), other(ROW, 3), other(bad, 4)])
    assert [(problem.line, problem.level) for problem in report.problems] == [(2, "error"), (4, "error")]
    assert "must come after" in report.problems[0].message
    assert not Entry.objects.exists()
    assert not Category.objects.exists()


def test_a_dry_run_reports_as_a_real_one_and_keeps_nothing(base: KnowledgeBase) -> None:
    make_entry(base, reference="r1")
    counted: list[None] = []
    rows = [replace(ROW, answer="At ten."), other(FULL, 2)]
    report = import_rows(base, rows, dry_run=True, on_row=lambda: counted.append(None))
    assert (report.created, report.updated, len(counted)) == (1, 1, 2)
    assert Entry.objects.get().answer == "At nine."
    assert not Category.objects.exists()
    assert Entry.history.count() == 1


def test_categories_are_made_once_and_those_there_are_used(base: KnowledgeBase) -> None:
    Category.objects.create(knowledge_base=base, name="Hours")
    import_rows(base, [FULL, other(FULL, 2), replace(other(FULL, 3), category="Prices")])
    assert set(Category.objects.values_list("name", flat=True)) == {"Hours", "Prices"}


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_was_exported_is_imported_again_without_loss(base: KnowledgeBase, form: str) -> None:
    formula = replace(other(ROW, 2), question="=1+1?", answer="+46 1\n\n| a | b |\n'quoted', \"twice\"; end")
    import_rows(base, [FULL, formula, replace(other(ROW, 3), phrasings=("a | b", "c"))])
    rows = list(rows_for_export(base))
    data = (write_csv if form == "csv" else write_jsonl)(rows).encode()
    again = make_base("Again")
    sheet = read_rows(data, name=f"e.{form}", max_bytes=10**7)
    import_rows(again, sheet.rows)
    assert list(rows_for_export(again)) == rows
    assert import_rows(base, sheet.rows).unchanged == 3


# 503 real entries, and questions in other words than theirs

# Written before they were first asked, and kept whatever came of it. Seven find their entry first; the model puts the
# others at rank 2 (radon), 8 (retired people) and 49 (the lawn, whose entry speaks of RUT and garden work).
FOUND_FIRST = 7
PARAPHRASES = {
    "How many weeks does it take until my building permit is decided?": "zf_bygglov-002",
    "Do retired people get the ROT deduction too?": "zf_rot-015",
    "Am I allowed to put up a charging station for my electric car on my own?": "zf_el-010",
    "Which loo is best for my bathroom?": "zf_badrum-011",
    "Could a bank lend me money to renovate?": "zf_kostnad-008",
    "How do I find out whether there is radon in my house?": "zf_radon-fuktskador-002",
    "What can happen to me if I built my deck without permission?": "zf_altan-staket-plank-007",
    "Somebody got hurt on the building site, what now?": "zf_arbetsmiljo-021",
    "How do I recognise a dodgy construction company?": "zf_verifiera-byggfirma-030",
    "Do I save tax when someone mows my lawn?": "zf_rut-012",
}


@pytest.mark.chroma
def test_503_public_entries_are_imported_and_paraphrases_find_theirs_in_both_ways_alike(
    base: KnowledgeBase, chroma: ChromaStore, store: MeddledStore
) -> None:
    if not PUBLIC_FAQ.exists():
        pytest.skip(f"The public FAQ data is not at {PUBLIC_FAQ}.")
    rows = read_rows(PUBLIC_FAQ.read_bytes(), name=PUBLIC_FAQ.name, max_bytes=10**7).rows
    assert import_rows(base, rows).created == 503
    assert drain(chroma, get_embedder()).indexed == 503
    assert examine(base, chroma, get_embedder()).ok
    found = {question: first(base, question, chroma) for question in PARAPHRASES}
    store.down = True
    assert {question: first(base, question, store) for question in PARAPHRASES} == found
    assert sum(found[question] == reference for question, reference in PARAPHRASES.items()) >= FOUND_FIRST


def first(base: KnowledgeBase, question: str, store: VectorStore) -> str:
    return retrieve(question, knowledge_bases=[base.pk], store=store).candidates[0].entry.reference
