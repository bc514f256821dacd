"""Golden questions at the desk: run, kept as history, as files without loss, and what thresholds are fitted to."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from chatbot.models import Assistant
from knowledge.models import Entry, GoldenQuestion, KnowledgeBase
from knowledge.services import delete_entries, keep_golden_question, set_status
from review import golden, golden_files, refitting
from review.golden_files import GoldenFileError, read_file
from review.models import AuditEvent, GoldenResult, GoldenRun

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def parking(base: KnowledgeBase) -> Entry:
    return base.entries.get(question="Where can I park my car?")


@pytest.fixture
def kept(base: KnowledgeBase, assistant: Assistant, parking: Entry) -> KnowledgeBase:
    keep_golden_question(base, "where may I park", parking)
    keep_golden_question(base, "=HYPERLINK(1)", None)
    return base


def test_a_run_says_what_is_right_and_keeps_it(kept: KnowledgeBase) -> None:
    made, checked = golden.run(kept)
    assert (made.questions, made.right) == (2, 2)
    assert {one.golden.question: one.outcome for one in checked} == {
        "where may I park": "quote", "=HYPERLINK(1)": "decline",
    }  # fmt: skip
    golden.run(kept)
    assert (GoldenRun.objects.count(), GoldenResult.objects.count()) == (2, 2)


def test_unpublishing_an_entry_breaks_its_golden_question(
    kept: KnowledgeBase, parking: Entry, index: Callable[[], None]
) -> None:
    set_status(Entry.objects.filter(pk=parking.pk), Entry.Status.DRAFT)
    index()
    made, _ = golden.run(kept)
    assert made.right == 1


def test_one_whose_entry_was_deleted_is_wrong_and_says_so(
    kept: KnowledgeBase, parking: Entry, index: Callable[[], None], desk: Client
) -> None:
    delete_entries(Entry.objects.filter(pk=parking.pk))
    index()
    made, checked = golden.run(kept)
    assert made.right == 1
    assert next(one for one in checked if not one.right).got == "Its entry was deleted."
    assert "its entry was deleted" in desk.get(reverse("review:golden")).content.decode()


# --- the command


def command(*options: str) -> tuple[str, int]:
    out = io.StringIO()
    try:
        call_command("check_answers", *options, stdout=out, stderr=io.StringIO())
    except CommandError as error:
        return out.getvalue() + str(error), error.returncode
    return out.getvalue(), 0


def test_the_command_ends_with_0_when_all_are_right(kept: KnowledgeBase) -> None:
    assert command() == ("2 of 2 golden questions are right.\n", 0)
    assert GoldenRun.objects.count() == 1


def test_the_command_names_what_is_wrong_and_ends_with_1(kept: KnowledgeBase, parking: Entry) -> None:
    keep_golden_question(kept, "what are your opening hours", parking)
    text, code = command("--no-history")
    assert code == 1
    assert "✗ what are your opening hours" in text
    assert "must get: Where can I park my car?" in text
    assert "gets: quote: When are you open?" in text
    assert command("--at-least", "60")[1] == 0
    assert GoldenRun.objects.count() == 1


def test_the_command_prints_one_object_as_json(kept: KnowledgeBase) -> None:
    assert json.loads(command("--json")[0]) == {"n": 2, "right": 2, "wrong": []}


def test_the_command_without_golden_questions_is_content(base: KnowledgeBase) -> None:
    assert command()[1] == 0


def test_the_command_says_when_nothing_can_be_looked_up(kept: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    from knowledge.retrieval import RetrievalError

    def away(*_: Any, **__: Any) -> Any:
        raise RetrievalError("away")

    monkeypatch.setattr("review.golden.retrieve", away)
    assert command() == ("The questions could not be asked: away", 2)


# --- files


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_what_is_exported_is_imported_without_loss(kept: KnowledgeBase, kind: str) -> None:
    keep_golden_question(kept, 'with "quotes", commas\nand lines; √', kept.entries.first())
    before = set(GoldenQuestion.objects.values_list("question", "entry"))
    text = golden_files.export_csv(kept) if kind == "csv" else golden_files.export_jsonl(kept)
    GoldenQuestion.objects.all().delete()
    read = read_file(kept, text.encode("utf-8-sig"), f"golden.{kind}")
    assert set(GoldenQuestion.objects.values_list("question", "entry")) == before
    assert (read.kept, read.declines) == (3, 1)


def test_no_cell_of_an_export_is_a_formula(kept: KnowledgeBase) -> None:
    for start in "=+-@\t":
        keep_golden_question(kept, f"{start}cmd|' /C calc'!A1", None)
    cells = [line.split(",")[0].strip('"') for line in golden_files.export_csv(kept).splitlines()[1:]]
    assert not [cell for cell in cells if cell[:1] in "=+-@\t"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The first line must name the columns"),
        ("frage;antwort\na;b", "one of them must be “question”"),
        ("question,entry\n", "has no rows"),
        ("question,entry\nq,Nothing like it", "Line 2: no entry of “Shop” is called “Nothing like it”"),
        ('question,entry\n"a,b', "no CSV that can be read"),
        ("question,entry\na,b,c,d", "more cells than there are columns"),
        ("<html><body>", "This is a web page"),
        ("question\n" + "x" * 5_000, "5,000 characters"),
    ],
)
def test_a_bad_file_is_explained_and_nothing_kept(kept: KnowledgeBase, text: str, said: str) -> None:
    with pytest.raises(GoldenFileError, match=said):
        read_file(kept, text.encode(), "golden.csv")
    assert GoldenQuestion.objects.count() == 2


@pytest.mark.parametrize("text", ["[]", "{", '{"question": 1}', '{"entry": "x"}', "[" * 100_000])
def test_bad_json_is_explained(kept: KnowledgeBase, text: str) -> None:
    with pytest.raises(GoldenFileError, match="Line 1"):
        read_file(kept, text.encode(), "golden.jsonl")


def test_entries_are_named_by_id_reference_or_question(kept: KnowledgeBase, parking: Entry) -> None:
    Entry.objects.filter(pk=parking.pk).update(reference="P-1")
    text = f"question,entry\na,{parking.pk}\nb,p-1\nc,{parking.question.upper()}\nd,\n"
    read_file(kept, text.encode(), "x.csv")
    found = dict(GoldenQuestion.objects.filter(question__in="abcd").values_list("question", "entry"))
    assert found == {"a": parking.pk, "b": parking.pk, "c": parking.pk, "d": None}


# --- the pages


def test_they_are_added_changed_and_deleted_at_the_desk(desk: Client, kept: KnowledgeBase, parking: Entry) -> None:
    desk.post(f"{reverse('review:golden_add')}?base={kept.pk}", {"question": "a new one", "entry": parking.pk})
    one = GoldenQuestion.objects.get(question="a new one")
    address = reverse("review:golden_edit", args=[one.pk])
    assert desk.post(address, {"question": "", "entry": ""}).status_code == 422
    desk.post(address, {"question": "another", "entry": ""})
    one.refresh_from_db()
    assert (one.question, one.entry) == ("another", None)
    desk.post(reverse("review:golden_delete", args=[one.pk]))
    assert GoldenQuestion.objects.count() == 2
    assert AuditEvent.objects.filter(action__contains="golden question").count() == 3


def test_they_are_run_exported_and_imported_at_the_desk(desk: Client, kept: KnowledgeBase) -> None:
    assert (
        "2 of 2 are right" in desk.post(reverse("review:golden_run"), {"base": kept.pk}, follow=True).content.decode()
    )
    exported = desk.get(reverse("review:golden_export", args=["csv"]), {"base": str(kept.pk)})
    assert exported["Content-Disposition"].startswith('attachment; filename="golden-shop-')
    file = SimpleUploadedFile("golden.csv", exported.content)
    text = desk.post(reverse("review:golden_import"), {"base": kept.pk, "file": file}, follow=True).content.decode()
    assert "2 golden questions are kept, 1 of them to be declined" in text
    bad = SimpleUploadedFile("golden.csv", b"\x89PNG....")
    assert (
        "PNG image"
        in desk.post(reverse("review:golden_import"), {"base": kept.pk, "file": bad}, follow=True).content.decode()
    )


def test_the_history_of_runs_is_drawn_with_its_numbers(desk: Client, kept: KnowledgeBase) -> None:
    golden.run(kept)
    golden.run(kept)
    text = desk.get(reverse("review:golden")).content.decode()
    assert 'role="img" aria-label="Right answers to golden questions. right: from 100 % to 100 %' in text
    assert "<td>100.0</td>" in text


def test_another_team_cannot_touch_them(stranger: Client, kept: KnowledgeBase) -> None:
    one = GoldenQuestion.objects.first()
    assert one
    assert stranger.get(reverse("review:golden_edit", args=[one.pk])).status_code == 404
    assert stranger.post(reverse("review:golden_delete", args=[one.pk])).status_code == 404
    assert stranger.post(reverse("review:golden_run"), {"base": str(kept.pk)}).status_code == 404
    assert stranger.get(reverse("review:golden_export", args=["csv"]), {"base": str(kept.pk)}).status_code == 404


# --- fitting


@pytest.fixture
def many(kept: KnowledgeBase) -> KnowledgeBase:
    for entry in kept.entries.all():
        for words in ("please", "tell me", "hello,", "I ask:", "now"):
            keep_golden_question(kept, f"{words} {entry.question}", entry)
    for n, nothing in enumerate(("who won the cup", "write a poem", "which planet has rings", "2+2", "sing me a song")):
        keep_golden_question(kept, f"{nothing} {n}", None)
    return kept


def test_a_refit_says_what_would_change_before_it_does(desk: Client, many: KnowledgeBase, assistant: Assistant) -> None:
    Assistant.objects.update(quote_at=0.999, write_at=0.99, clarify_at=0.98)
    assistant.refresh_from_db()
    found = refitting.refit(assistant, many)
    assert found.now
    assert found.thresholds
    assert found.thresholds.answered > found.now.answered
    shares = (found.now.answered, found.now.wrong, found.now.asked_back, found.now.declined)
    assert sum(shares) == pytest.approx(1)
    address = f"{reverse('review:golden_fit', args=[assistant.pk])}?base={many.pk}"
    assert "% answered" in desk.get(address).content.decode()
    assistant.refresh_from_db()
    assert assistant.quote_at == 0.999
    desk.post(address, {"apply": "thresholds"})
    assistant.refresh_from_db()
    assert assistant.quote_at == found.thresholds.policy.quote_at


def test_a_calibration_is_applied_from_the_desk(desk: Client, many: KnowledgeBase, assistant: Assistant) -> None:
    address = f"{reverse('review:golden_fit', args=[assistant.pk])}?base={many.pk}"
    desk.post(address, {"apply": "calibration"})
    many.refresh_from_db()
    assert (many.calibration_slope, many.calibration_offset) != (1.0, 0.0)


def test_too_few_questions_are_not_fitted_to(desk: Client, kept: KnowledgeBase, assistant: Assistant) -> None:
    address = f"{reverse('review:golden_fit', args=[assistant.pk])}?base={kept.pk}"
    assert "at least 20 are needed" in desk.get(address).content.decode()
