"""Figures, gaps, charts and files: what they add up, what they find, and what stands behind each picture."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chatbot import services
from chatbot.models import Assistant, Message
from knowledge.models import Entry, KnowledgeBase
from knowledge.services import save_entry
from review import collecting, figures, gaps, rollups
from review.charts import chart
from review.models import DayFigures, EntryDay
from review.sheets import csv_text
from tests.review.conftest import ask, decline, thumb_down

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def day(assistant: Assistant) -> None:
    """Three questions: one quoted and liked, one quoted and not, one declined with a request for a person."""
    services.give_feedback(ask(assistant, "When are you open?"), Message.Feedback.UP)
    thumb_down(ask(assistant, "Where can I park my car?"))
    reply = decline(assistant, "Do you sell tandems?")
    Message.objects.filter(pk=reply.pk).update(trace={"cost": 0.25, "milliseconds": {"first_token": 350, "total": 900}})
    services.request_contact(
        assistant=assistant,
        visitor_id=reply.conversation.visitor_id,
        conversation=reply.conversation,
        email="a@example.com",
        words="",
        consent="",
        circumstances=services.Circumstances(),
    )
    collecting.collect()


def test_a_day_is_counted(day: None, assistant: Assistant) -> None:
    found = figures.figures([assistant], 7)
    expected = {
        "conversations": 3,
        "questions": 3,
        "quoted": 2,
        "declined": 1,
        "helpful": 1,
        "unhelpful": 1,
        "contacts": 1,
    }
    assert {name: found.totals[name] for name in expected} == expected
    assert found.answered_share == pytest.approx(2 / 3)
    assert found.helpful_share == 0.5
    assert float(found.cost) == 0.25
    assert len(found.days) == 7


def test_counting_again_changes_nothing_and_deleting_lowers_nothing(day: None, assistant: Assistant) -> None:
    replies = list(Message.objects.filter(role="assistant").select_related("conversation"))
    rollups.count_days(replies)
    services.delete_all(assistant.conversations.all())
    rollups.count_days(replies)
    assert figures.figures([assistant], 7).totals["questions"] == 3


def test_what_a_model_costs_and_when_it_begins_is_told_in_groups() -> None:
    counts = rollups.first_tokens([{"first_token": 40}, {"first_token": 350.0}, {"total": 99_999}, {}])
    assert sum(counts) == 3
    assert rollups.share_within(counts, 0.5) == 400
    assert rollups.share_within([], 0.5) is None


def test_the_page_shows_the_numbers_with_a_table_behind_each_chart(day: None, desk: Client) -> None:
    text = desk.get(reverse("review:figures")).content.decode()
    assert text.count('role="img"') == 2
    assert text.count("<details><summary>Numbers</summary>") == 2
    assert "67 %" in text
    assert "Where can I park my car?" in text


def test_the_page_can_be_narrowed_to_a_period_and_an_assistant(day: None, desk: Client, assistant: Assistant) -> None:
    DayFigures.objects.update(day=timezone.now().date() - timedelta(days=20))
    address = reverse("review:figures")
    assert "<dd>3</dd>" not in desk.get(address, {"days": "7"}).content.decode()
    assert "<dd>3</dd>" in desk.get(address, {"days": "90", "assistant": str(assistant.pk)}).content.decode()
    assert desk.get(address, {"days": "nonsense", "assistant": "nonsense"}).status_code == 200


def test_another_team_sees_none_of_it(day: None, stranger: Client) -> None:
    assert "<dd>3</dd>" not in stranger.get(reverse("review:figures")).content.decode()


def test_figures_are_a_file_too(day: None, desk: Client) -> None:
    lines = desk.get(reverse("review:figures"), {"format": "csv", "days": "7"}).content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("day,conversations,questions")
    assert lines[-1].startswith(f"{timezone.now().date()},3,3,2")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "'=x"])
def test_no_cell_runs_as_a_formula(cell: str) -> None:
    assert csv_text(["a"], [[cell]]).splitlines()[1].strip('"').startswith("'")


def test_a_chart_says_in_words_what_it_shows() -> None:
    made = chart("Questions", ["1 May", "2 May"], [("answered", [1, 7]), ("failed", [None, 0])])
    assert made.summary == "Questions. answered: from 1 to 7, last 7; failed: from 0 to 0, last 0."
    assert made.up[-1][1] == "10"
    assert made.rows == [["1 May", 1, ""], ["2 May", 7, 0]]
    assert chart("Empty", [], [("a", [])]).summary == "Empty: nothing yet."


# --- gaps


def test_what_got_no_answer_is_listed_by_how_many_asked(assistant: Assistant, desk: Client) -> None:
    for question in ("Do you sell tandems?", "Do you sell tandems?", "Can I hire a llama?"):
        decline(assistant, question)
    collecting.collect()
    assert [item.title for item in gaps.unanswered([assistant])] == ["Do you sell tandems?", "Can I hire a llama?"]
    assert "Do you sell tandems?" in desk.get(reverse("review:gaps")).content.decode()


def test_entries_that_nobody_uses_are_listed_when_they_are_old(assistant: Assistant, base: KnowledgeBase) -> None:
    assert gaps.unused([base]) == []
    Entry.objects.update(created_at=timezone.now() - timedelta(days=100))
    ask(assistant, "When are you open?")
    collecting.collect()
    assert {entry.question for entry in gaps.unused([base])} == {
        "How do I return something I bought?", "Where can I park my car?", "Which cards do you take?",
    }  # fmt: skip


def test_entries_past_their_review_date_are_listed(base: KnowledgeBase) -> None:
    entry = base.entries.get(question="When are you open?")
    Entry.objects.filter(pk=entry.pk).update(review_due=timezone.now().date() - timedelta(days=1))
    assert gaps.past_review([base]) == [entry]


@pytest.mark.parametrize(("used", "down", "listed"), [(10, 2, True), (10, 1, False), (11, 2, False)])
def test_entries_whose_answers_do_not_help_are_listed(
    assistant: Assistant, base: KnowledgeBase, used: int, down: int, listed: bool
) -> None:
    entry = base.entries.first()
    assert entry
    EntryDay.objects.create(assistant=assistant, entry=entry, day=timezone.now().date(), used=used, down=down)
    assert bool(gaps.disliked([base])) is listed


def test_near_entries_with_different_facts_contradict_each_other(
    base: KnowledgeBase, index: Callable[[], None], desk: Client
) -> None:
    for question, text in (
        ("How long is the warranty on a bike?", "The warranty lasts 2 years."),
        ("How long is the warranty of a bike?", "The warranty lasts 5 years."),
        ("How long is the guarantee on helmets?", "For 2 years."),
    ):
        save_entry(Entry(knowledge_base=base, question=question, answer=text, status="published"))
    index()
    found = gaps.pairs([base])
    assert [pair.facts for pair in found.contradictions] in ([("2 years", "5 years")], [("5 years", "2 years")])
    assert len(found.duplicates) == 1
    assert "says 5 years" in desk.get(reverse("review:gaps")).content.decode()


def test_pairs_are_reckoned_anew_after_an_edit_only(
    base: KnowledgeBase, index: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    near = gaps._near

    def count(snapshot: Any) -> Any:
        counted.append(1)
        return near(snapshot)

    monkeypatch.setattr(gaps, "_near", count)
    gaps.pairs([base])
    gaps.pairs([base])
    entry: Any = base.entries.first()
    entry.answer = "Something else."
    save_entry(entry)
    index()
    gaps.pairs([base])
    assert len(counted) <= 2
