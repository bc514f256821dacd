"""Golden questions: kept once for each wording, of one base, and shown to editors in the admin."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from knowledge.models import Entry, GoldenQuestion, KnowledgeBase
from knowledge.services import golden_of, keep_golden_question
from tests.knowledge.factories import make_base, make_entry
from tests.people import client_of, editor_client, make_person, staff_client

pytestmark = pytest.mark.django_db
LIST = reverse("admin:knowledge_goldenquestion_changelist")
ADD = reverse("admin:knowledge_goldenquestion_add")


@pytest.fixture
def base() -> KnowledgeBase:
    return make_base()


@pytest.fixture
def entry(base: KnowledgeBase) -> Entry:
    return make_entry(base, "Where are you?")


def test_a_wording_that_is_there_already_gets_the_new_entry(base: KnowledgeBase, entry: Entry) -> None:
    first = keep_golden_question(base, "where", None)
    assert keep_golden_question(base, "where", entry).pk == first.pk
    assert golden_of(base)[0].entries == {entry.pk}


def test_one_that_nothing_answers_is_to_be_declined(base: KnowledgeBase) -> None:
    keep_golden_question(base, "who won", None)
    assert golden_of(base)[0].entries == frozenset()


def test_an_entry_of_another_base_and_an_endless_question_are_refused(base: KnowledgeBase, entry: Entry) -> None:
    other = make_base("Other")
    with pytest.raises(ValidationError, match="belongs to “Shop”"):
        keep_golden_question(other, "where", entry)
    with pytest.raises(ValidationError, match="4000"):
        keep_golden_question(base, "x" * 4_001, entry)
    assert not GoldenQuestion.objects.exists()


def test_it_outlives_its_entry_and_does_not_become_one_to_decline(base: KnowledgeBase, entry: Entry) -> None:
    keep_golden_question(base, "where", entry)
    entry.delete()
    assert golden_of(base) == []
    assert base.golden_questions.get().lost


def test_editors_add_them_and_see_them_in_a_list(
    base: KnowledgeBase, entry: Entry, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    editor = editor_client()
    for question, answered_by in (("where?", str(entry.pk)), ("who won?", "")):
        sent = {"knowledge_base": str(base.pk), "question": question, "entry": answered_by}
        assert editor.post(ADD, sent).status_code == 302
    with django_assert_max_num_queries(9):
        page = editor.get(LIST).content.decode()
    assert "Where are you?" in page
    assert "Nothing: to be declined" in page


def test_an_editor_is_told_of_an_entry_of_another_base(base: KnowledgeBase, entry: Entry) -> None:
    sent = {"knowledge_base": str(make_base("Other").pk), "question": "where?", "entry": str(entry.pk)}
    assert "belongs to “Shop”" in editor_client().post(ADD, sent).content.decode()


def test_who_is_no_editor_adds_none() -> None:
    assert staff_client().get(ADD).status_code == 403
    assert client_of(make_person("nemo")).get(LIST).status_code == 403
