"""What an edit would change is what it changes: foreseen before, and counted after it is published and indexed."""

import random
import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chatbot.deciding import decide
from chatbot.models import Assistant
from knowledge.models import Entry, GoldenQuestion, KnowledgeBase
from knowledge.rehearsal import Edit
from knowledge.retrieval import retrieve
from knowledge.services import delete_entries, keep_golden_question, save_entry
from review import collecting, impact
from review.impact import Gets, Question, gets, impact_of, questions_of
from review.models import AuditEvent
from tests.people import editor_client, staff_group
from tests.review.conftest import ask, decline, forget

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = (
    "where may I park",
    "is parking free of charge?",
    "can I send it back after a month",
    "do you take Visa",
    "what time do you close on friday",
    "do you sell tandems",
    "any room for my vehicle",
    "returning goods bought online",
)


@pytest.fixture
def asked(assistant: Assistant, base: KnowledgeBase) -> None:
    """Real questions that were taken in, and golden ones."""
    for question in ASKED:
        ask(assistant, question)
    collecting.collect()
    for entry in base.entries.all():
        keep_golden_question(base, entry.question.lower(), entry)
        keep_golden_question(base, f"please tell me: {entry.question}", entry)
    keep_golden_question(base, "who won the world cup", None)


@pytest.fixture
def parking(base: KnowledgeBase) -> Entry:
    return base.entries.get(question="Where can I park my car?")


def random_edit(base: KnowledgeBase, dice: random.Random) -> Edit:
    entry = dice.choice(list(base.entries.order_by("question")))
    phrasings = [p.text for p in entry.phrasings.all()]
    match dice.randrange(6):
        case 0:
            entry.answer = f"{entry.answer} Ask Bill, he knows {dice.choice(ASKED)}."
        case 1:
            entry.question = f"What about {dice.choice(ASKED)}"
        case 2:
            phrasings.append(dice.choice(ASKED))
        case 3:
            entry.status = Entry.Status.DRAFT
        case 4:
            return Edit(entry.pk, None)
        case _:
            entry = Entry(knowledge_base=base, question=dice.choice(ASKED), answer="New.", status="published")
            phrasings = [dice.choice(ASKED)]
    return Edit(entry.pk, entry, tuple(phrasings))


def publish(edit: Edit, index: Callable[[], None]) -> None:
    if edit.entry is None:
        delete_entries(Entry.objects.filter(pk=edit.entry_id))
    else:
        edit.entry.refresh_from_db(fields=["version"]) if not edit.entry._state.adding else None
        save_entry(edit.entry, phrasings=edit.phrasings)
    index()
    forget()


def truly(question: Question) -> Gets:
    found = retrieve(question.text, knowledge_bases=question.bases)
    return gets(decide(found, model_available=False, policy=question.policy))


@pytest.mark.parametrize("seed", range(24))
def test_what_is_foreseen_is_what_happens(
    asked: None, base: KnowledgeBase, index: Callable[[], None], seed: int
) -> None:
    edit = random_edit(base, random.Random(seed))
    questions = questions_of([base.pk])
    before = {question.key: truly(question) for question in questions}
    foreseen = {c.question.key: (c.before, c.after) for c in impact_of([edit], [base.pk]).changes}
    publish(edit, index)
    after = {question.key: truly(question) for question in questions}
    happened = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    assert foreseen == happened


def test_golden_questions_and_real_ones_are_asked_each_once(asked: None, base: KnowledgeBase, parking: Entry) -> None:
    found = impact_of([Edit(parking.pk, None)], [base.pk])
    assert (found.golden, found.real) == (9, len(ASKED))


def test_only_the_last_real_questions_are_asked(
    asked: None, base: KnowledgeBase, parking: Entry, settings: pytest.FixtureRequest
) -> None:
    settings.IMPACT_QUESTIONS = 3  # type: ignore[attr-defined]
    assert impact_of([Edit(parking.pk, None)], [base.pk]).real == 3


def test_a_break_comes_first_and_new_words_are_only_counted(asked: None, base: KnowledgeBase, parking: Entry) -> None:
    found = impact_of([Edit(parking.pk, None)], [base.pk])
    assert found.changes[0].breaks
    assert {change.question.text for change in found.breaks} >= {"where can i park my car?"}
    parking.answer = "Around the corner."
    phrasings = tuple(p.text for p in parking.phrasings.all())
    reworded = impact_of([Edit(parking.pk, parking, phrasings)], [base.pk])
    assert not reworded.breaks
    assert reworded.reworded >= 2


def test_asking_costs_no_query_for_each_question(asked: None, base: KnowledgeBase, parking: Entry) -> None:
    impact_of([Edit(parking.pk, None)], [base.pk])
    with CaptureQueriesContext(connection) as few:
        impact_of([Edit(parking.pk, None)], [base.pk])
    for n in range(20):
        GoldenQuestion.objects.create(knowledge_base=base, question=f"golden {n}")
    impact_of([Edit(parking.pk, None)], [base.pk])
    with CaptureQueriesContext(connection) as many:
        impact_of([Edit(parking.pk, None)], [base.pk])
    assert len(few) == len(many)


# --- in the admin


def form_of(entry: Entry, **changes: object) -> dict[str, object]:
    return {
        "question": entry.question, "answer": entry.answer, "status": entry.status, "language": "",
        "phrasings": "\n".join(p.text for p in entry.phrasings.all()), "knowledge_base": entry.knowledge_base_id,
        "category": "", "reference": "", "owner": "", "review_due": "", "expected_version": entry.version, "reason": "",
        "valid_from_0": "", "valid_from_1": "", "valid_until_0": "", "valid_until_1": "",
    } | changes  # fmt: skip


@pytest.fixture
def editor(asked: None) -> Client:
    from django.contrib.auth.models import Group, Permission

    group, _ = Group.objects.get_or_create(name="Editors")
    group.permissions.set(Permission.objects.filter(content_type__app_label="knowledge"))
    return editor_client()


def change_url(entry: Entry) -> str:
    return reverse("admin:knowledge_entry_change", args=[entry.pk])


def test_an_unsaved_edit_is_tried_out_and_nothing_stored(editor: Client, parking: Entry) -> None:
    address = reverse("admin:knowledge_entry_impact", args=[parking.pk])
    text = editor.post(address, form_of(parking, status="draft"), headers={"HX-Request": "true"}).content.decode()
    assert "would break" in text
    assert "where can i park my car?" in text
    assert Entry.objects.get(pk=parking.pk).status == "published"
    assert "no word, status or date" in editor.post(address, form_of(parking)).content.decode()
    assert "Correct the form first" in editor.post(address, form_of(parking, question="")).content.decode()
    assert Client().post(address).status_code == 302
    assert editor.get(address).status_code == 405


def test_publishing_over_a_break_needs_a_reason_which_is_kept(editor: Client, parking: Entry) -> None:
    refused = editor.post(change_url(parking), form_of(parking, status="draft"))
    assert refused.status_code == 200
    assert "Golden questions would break" in refused.content.decode()
    assert Entry.objects.get(pk=parking.pk).status == "published"
    given = editor.post(change_url(parking), form_of(parking, status="draft", reason="The car park is closed."))
    assert given.status_code == 302
    entry = Entry.objects.get(pk=parking.pk)
    assert (entry.status, entry.history.first().history_change_reason) == ("draft", "The car park is closed.")
    assert "The car park is closed." in AuditEvent.objects.get(action="publish over a break").detail


def test_an_edit_that_breaks_nothing_needs_none(editor: Client, parking: Entry) -> None:
    assert editor.post(change_url(parking), form_of(parking, answer="Around the corner.")).status_code == 302


def test_a_new_entry_that_takes_answers_away_is_noticed(editor: Client, parking: Entry, base: KnowledgeBase) -> None:
    typed = form_of(
        Entry(knowledge_base=base, question="where can i park my car?", answer="Nowhere.", status="published")
    )
    typed |= {"expected_version": "", "phrasings": "please tell me: Where can I park my car?"}
    response = editor.post(reverse("admin:knowledge_entry_add"), typed)
    assert "Golden questions would break" in response.content.decode()


def test_words_of_visitors_are_hidden_from_editors_who_may_not_read_them(
    editor: Client, parking: Entry, assistant: Assistant
) -> None:
    address = reverse("admin:knowledge_entry_impact", args=[parking.pk])
    text = editor.post(address, form_of(parking, status="draft")).content.decode()
    assert "whose conversations you may not read" in text
    assert "where may I park" not in text
    from django.contrib.auth.models import User

    User.objects.get(username="edith").groups.add(staff_group())
    assert "where may I park" in editor.post(address, form_of(parking, status="draft")).content.decode()


def test_a_bulk_action_over_a_break_asks_first(editor: Client, base: KnowledgeBase, parking: Entry) -> None:
    address = reverse("admin:knowledge_entry_changelist")
    sent = {"action": "archive", "_selected_action": [str(parking.pk)], "index": "0"}
    asked = editor.post(address, sent)
    assert "Why is that right?" in asked.content.decode()
    assert Entry.objects.get(pk=parking.pk).status == "published"
    editor.post(address, sent | {"reason": "Closed."})
    entry = Entry.objects.get(pk=parking.pk)
    assert (entry.status, entry.history.first().history_change_reason) == ("archived", "Archived in bulk: Closed.")


def test_deleting_names_the_golden_questions_that_break(editor: Client, parking: Entry) -> None:
    text = editor.get(reverse("admin:knowledge_entry_delete", args=[parking.pk])).content.decode()
    assert "Golden question that would break: where can i park my car?" in text


def test_an_import_over_a_break_asks_first(editor: Client, base: KnowledgeBase, parking: Entry) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = f'question,answer,status\n"{parking.question}",{parking.answer},draft\n'.encode()
    sent = {"knowledge_base": str(base.pk), "file": SimpleUploadedFile("edits.csv", file)}
    preview = editor.post(reverse("admin:knowledge_entry_import"), sent)
    text = preview.content.decode()
    assert "golden questions break" in text
    token = text.split('name="token" value="')[1].split('"')[0]
    confirm = reverse("admin:knowledge_entry_confirm_import")
    assert "Nothing was imported" in editor.post(confirm, {"token": token}).content.decode()
    assert Entry.objects.get(pk=parking.pk).status == "published"
    assert editor.post(confirm, {"token": token, "reason": "Closed."}).status_code == 302
    entry = Entry.objects.get(pk=parking.pk)
    assert (entry.status, entry.history.first().history_change_reason) == ("draft", "Imported: Closed.")


def test_an_edit_can_be_saved_while_nothing_can_be_looked_up(
    editor: Client, parking: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    from knowledge.embedding import EmbeddingUnavailableError

    def away(*_: object) -> object:
        raise EmbeddingUnavailableError("away")

    monkeypatch.setattr("review.impact.impact_of", away)
    assert editor.post(change_url(parking), form_of(parking, status="draft")).status_code == 302


def test_many_edits_at_once_are_not_tried(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    from review import bulk

    monkeypatch.setattr(bulk, "MOST_EDITS", 2)
    with pytest.raises(bulk.TooManyEditsError, match="Run the golden questions after"):
        bulk.edits_of_deletion(base.entries.all())


def test_an_unknown_entry_is_not_tried_out(editor: Client) -> None:
    assert editor.post(reverse("admin:knowledge_entry_impact", args=[uuid.uuid4()])).status_code == 404


def test_a_decline_is_taken_in_too(assistant: Assistant, base: KnowledgeBase) -> None:
    decline(assistant, "do you sell tandems")
    collecting.collect()
    impact.forget()
    assert impact_of([Edit(uuid.uuid4(), None)], [base.pk]).real == 1
