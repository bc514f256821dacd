"""What thresholds do to the golden questions, and how an assistant's form shows it."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from chatbot.deciding import Policy
from chatbot.foresight import MOST, Foresight, compare, look_up
from chatbot.models import Assistant, Message
from knowledge.models import Entry, GoldenQuestion, KnowledgeBase
from tests.chatbot.conftest import OPENING, PARKING, RETURNS, make_entry
from tests.people import nobody_client, staff_client

pytestmark = pytest.mark.django_db
Outcome = Message.Outcome
HTMX = {"HX-Request": "true"}
NEVER = Policy(quote_at=1.0, write_at=1.0, clarify_at=1.0)
ALWAYS = Policy(quote_at=0.0, write_at=0.0, clarify_at=0.0, lead_at=0.0)


@pytest.fixture
def golden(base: KnowledgeBase, assistant: Assistant, opening: Entry, returns: Entry, parking: Entry) -> None:
    Assistant.objects.update(mode=Assistant.Mode.LADDER)
    assistant.refresh_from_db()
    rows = [(OPENING[0], opening), (RETURNS[0], returns), (PARKING[0], opening), ("who won the world cup", None)]
    for question, entry in rows:
        GoldenQuestion.objects.create(knowledge_base=base, question=question, entry=entry)


def foresight(assistant: Assistant, now: Policy, then: Policy, *, model_available: bool = False) -> Foresight:
    looked, left_out = look_up(assistant)
    return compare(looked, now, then, model_available=model_available, left_out=left_out)


def counts(seen: Foresight) -> dict[str, tuple[int, int, int, int]]:
    return {
        line.outcome.value: (line.now.number, line.now.wrong, line.then.number, line.then.wrong) for line in seen.lines
    }


@pytest.mark.usefixtures("golden")
def test_each_outcome_is_counted_with_those_that_are_wrong(assistant: Assistant) -> None:
    seen = foresight(assistant, NEVER, ALWAYS)
    # Four declined, one of them rightly; then four quoted: two rightly, the world cup and a wrong expectation not.
    assert counts(seen) == {
        "quote": (0, 0, 4, 2),
        "write": (0, 0, 0, 0),
        "clarify": (0, 0, 0, 0),
        "decline": (4, 3, 0, 0),
    }
    assert [line.now.share for line in seen.lines] == [0, 0, 0, 1]
    assert len(seen.changes) == seen.questions == 4
    assert {change.then.entry for change in seen.changes} >= {OPENING[0], RETURNS[0], PARKING[0]}


@pytest.mark.usefixtures("golden")
def test_what_a_model_writes_is_right_where_the_entry_is_among_its_sources(assistant: Assistant) -> None:
    seen = foresight(assistant, ALWAYS, Policy(mode="write", clarify_at=0.0), model_available=True)
    assert counts(seen)["write"] == (0, 0, 4, 1)


@pytest.mark.usefixtures("golden")
def test_the_same_thresholds_change_nothing(assistant: Assistant) -> None:
    assert foresight(assistant, Policy(), Policy()).changes == []


def test_only_the_newest_are_looked_up_and_the_rest_is_counted(
    assistant: Assistant, base: KnowledgeBase, opening: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.foresight.MOST", 2)
    assert MOST >= 100
    for n in range(5):
        GoldenQuestion.objects.create(knowledge_base=base, question=f"Open on day {n}?", entry=opening)
    seen = foresight(assistant, Policy(), Policy())
    assert (seen.questions, seen.left_out) == (2, 3)


@pytest.mark.usefixtures("golden")
def test_questions_of_other_bases_are_not_asked(assistant: Assistant, opening: Entry) -> None:
    other = KnowledgeBase.objects.create(name="Other", slug="other")
    entry = make_entry(other, "What is a quark?", "A particle.")
    GoldenQuestion.objects.create(knowledge_base=other, question="quark", entry=entry)
    assert foresight(assistant, Policy(), Policy()).questions == 4


# --- the page


def url_of(assistant: Assistant, **fields: object) -> str:
    query = "&".join(f"{name}={value}" for name, value in fields.items())
    return f"{reverse('admin:chatbot_assistant_thresholds', args=[assistant.pk])}?{query}"


def text_of(client: Client, url: str, status: int = 200, **headers: str) -> str:
    response = client.get(url, headers=headers)
    assert response.status_code == status
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.usefixtures("golden")
def test_the_page_shows_saved_and_tried_thresholds_side_by_side(assistant: Assistant) -> None:
    Assistant.objects.update(quote_at=0.0, clarify_at=0.0, lead_at=0.0)
    tried = url_of(assistant, mode="ladder", quote_at=1, write_at=1, clarify_at=1)
    text = text_of(staff_client(), tried)
    assert "Quoted 4 100 % 2 with the wrong entry 0 0 %" in text
    assert "Declined 0 0 % 4 100 % 3 that an entry answers" in text
    assert "4 questions would get something else" in text
    assistant.refresh_from_db()
    assert assistant.quote_at == 0.0  # nothing is stored


@pytest.mark.usefixtures("golden")
def test_by_htmx_only_the_table_comes_and_mistakes_are_named(assistant: Assistant) -> None:
    client = staff_client()
    assert "4 golden questions" in text_of(client, url_of(assistant, mode="ladder"), HX_Request="true")
    assert "<html" not in client.get(url_of(assistant, mode="ladder"), headers=HTMX).content.decode()
    wrong = text_of(client, url_of(assistant, mode="ladder", quote_at=0.2, clarify_at=0.6), HX_Request="true")
    assert "below what it asks back from" in wrong
    assert "less than or equal to 1" in text_of(client, url_of(assistant, mode="ladder", quote_at=7), 422)


def test_without_golden_questions_it_says_where_to_add_them(assistant: Assistant) -> None:
    assert "There are no golden questions to try this on." in text_of(staff_client(), url_of(assistant))


def test_only_those_who_may_see_the_assistant_see_it(assistant: Assistant, client: Client) -> None:
    assert nobody_client().get(url_of(assistant)).status_code == 403
    assert client.get(url_of(assistant)).status_code == 302
    assert staff_client().post(url_of(assistant)).status_code == 405


def test_the_form_follows_what_is_typed(assistant: Assistant, settings: Settings) -> None:
    page = staff_client().get(reverse("admin:chatbot_assistant_change", args=[assistant.pk])).content.decode()
    assert f'hx-get="{url_of(assistant).rstrip("?")}"' in page
