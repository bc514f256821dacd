"""What is kept of people goes when its time is over or when they ask, and with it what was made of it."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chatbot import services
from chatbot.models import Assistant, Conversation, Message
from chatbot.retention import delete_expired
from knowledge.models import Entry, GoldenQuestion
from review import collecting, fixing, privacy, tasks
from review.fixing import Correction
from review.models import AskedQuestion, AuditEvent, Fix, Reasked, RetentionRun, ReviewItem, SpokenWord
from tests.review.conftest import ask, decline, only_item

pytestmark = pytest.mark.django_db(transaction=True)


def grow_old(reply: Message, days: float) -> None:
    then = timezone.now() - timedelta(days=days)
    Message.objects.filter(conversation=reply.conversation_id).update(created_at=then)
    Conversation.objects.filter(pk=reply.conversation_id).update(created_at=then)


@pytest.mark.parametrize(("days", "kept"), [(None, 2), (30, 2), (10, 1), (1, 0)])
def test_conversations_go_when_nothing_was_said_for_so_long(assistant: Assistant, days: int | None, kept: int) -> None:
    Assistant.objects.update(retention_days=days)
    for age in (20, 5):
        grow_old(decline(assistant, f"Asked {age} days ago?"), age)
    delete_expired()
    assert Conversation.objects.count() == kept


def test_a_conversation_that_goes_on_is_kept(assistant: Assistant) -> None:
    Assistant.objects.update(retention_days=10)
    reply = decline(assistant, "First?")
    grow_old(reply, 20)
    services.ask(assistant=assistant, visitor_id=reply.conversation.visitor_id, question="Second?")
    delete_expired()
    assert Conversation.objects.count() == 1


def test_the_clock_deletes_logs_counts_and_takes_items_along(assistant: Assistant) -> None:
    Assistant.objects.update(retention_days=10)
    old, new = decline(assistant, "Do you sell tandems?"), decline(assistant, "Can I hire a llama?")
    collecting.collect()
    grow_old(old, 20)
    tasks.delete_expired_conversations()
    logged = RetentionRun.objects.get()
    assert (logged.conversations, logged.questions, logged.requests) == (1, 1, 0)
    assert [item.title for item in ReviewItem.objects.all()] == ["Can I hire a llama?"]
    assert AskedQuestion.objects.get().reply == new


def test_the_daily_tasks_run(assistant: Assistant, settings: object) -> None:
    decline(assistant, "Do you sell tandems?")
    tasks.collect_questions()
    tasks.check_golden_questions()
    tasks.prove_fixes()
    assert ReviewItem.objects.count() == 1


# --- a person


@pytest.fixture
def anna(assistant: Assistant) -> Message:
    """Somebody a website vouched for, who left an address as well."""
    reply = ask(assistant, "any room for my vehicle", user="anna-7", user_email="anna@example.com")
    services.request_contact(
        assistant=assistant,
        visitor_id=reply.conversation.visitor_id,
        conversation=reply.conversation,
        email="a@private.example",
        words="Please help.",
        consent="",
        circumstances=services.Circumstances(),
    )
    services.give_feedback(reply, Message.Feedback.DOWN)
    return reply


@pytest.mark.parametrize("sought", ["anna-7", "ANNA@example.com", "a@private.example", "visitor", " anna-7 "])
def test_a_person_is_found_by_everything_that_names_them(desk: Client, anna: Message, sought: str) -> None:
    sought = str(anna.conversation.visitor_id) if sought == "visitor" else sought
    text = desk.get(reverse("review:people"), {"who": sought}).content.decode()
    assert "1 conversation," in text


@pytest.mark.parametrize("sought", ["", "anna", "%", "' OR 1=1", "x" * 5_000, "\ud800", "nobody@example.com"])
def test_nobody_else_is(desk: Client, anna: Message, sought: str) -> None:
    text = desk.get(reverse("review:people"), {"who": sought.encode("utf-8", "replace").decode()}).content.decode()
    assert "1 conversation," not in text


def test_another_team_finds_nobody(stranger: Client, anna: Message) -> None:
    assert "Nothing is kept" in stranger.get(reverse("review:people"), {"who": "anna-7"}).content.decode()
    stranger.post(reverse("review:people_delete"), {"who": "anna-7", "sure": "yes"})
    assert Conversation.objects.filter(user="anna-7").exists()
    assert json.loads(stranger.post(reverse("review:people_export"), {"who": "anna-7"}).content) == []


def test_all_that_is_kept_is_handed_out(desk: Client, anna: Message) -> None:
    response = desk.post(reverse("review:people_export"), {"who": "anna-7"})
    (conversation,) = json.loads(response.content)
    assert response["Content-Disposition"].startswith("attachment")
    assert conversation["user"] == "anna-7"
    assert conversation["messages"][0]["text"] == "any room for my vehicle"
    assert conversation["contact_requests"][0]["email"] == "a@private.example"
    assert conversation["messages"][1]["feedback"] == -1


def test_deleting_takes_all_that_was_made_of_it(
    desk: Client, anna: Message, stan: User, base: object, index: Callable[[], None]
) -> None:
    parking = Entry.objects.get(question="Where can I park my car?")
    fixing.fix(only_item(), Correction(Fix.Kind.WORDING, parking.pk, phrasings=["room for a vehicle"]), stan)
    refused = desk.post(reverse("review:people_delete"), {"who": "anna-7"}, follow=True)
    assert "tick the box first" in refused.content.decode()
    done = desk.post(reverse("review:people_delete"), {"who": "anna-7", "sure": "yes"}, follow=True).content.decode()
    assert "Deleted for good: 1 conversations, 1 questions" in done
    assert "1 golden questions" in done
    for model in (Conversation, Message, AskedQuestion, SpokenWord, Reasked, GoldenQuestion, ReviewItem):
        assert not model._default_manager.exists(), model
    assert "vehicle" not in " ".join(AuditEvent.objects.values_list("detail", flat=True))


def test_what_visitors_delete_themselves_takes_as_much_along(
    anna: Message, assistant: Assistant, stan: User, base: object
) -> None:
    parking = Entry.objects.get(question="Where can I park my car?")
    decline(assistant, "Can I hire a llama?", anna.conversation.visitor_id)
    collecting.collect()
    first = ReviewItem.objects.get(title="any room for my vehicle")
    fixing.fix(first, Correction(Fix.Kind.WORDING, parking.pk, phrasings=["a vehicle"]), stan)
    services.delete_conversations(assistant=assistant, visitor_id=anna.conversation.visitor_id)
    assert not GoldenQuestion.objects.exists()
    assert set(ReviewItem.objects.values_list("title", flat=True)) == {""}
    collecting.collect()
    assert not ReviewItem.objects.exists()


def test_an_item_of_several_people_finds_another_title(assistant: Assistant) -> None:
    anna = uuid.uuid4()
    decline(assistant, "Do you sell tandems?", anna)
    decline(assistant, "do you sell tandem bikes?")
    item = only_item()
    services.delete_conversations(assistant=assistant, visitor_id=anna)
    collecting.collect()
    item.refresh_from_db()
    assert (item.title, item.count, item.askers) == ("do you sell tandem bikes?", 1, 1)


def test_golden_questions_outlive_the_conversations_that_are_kept_no_longer(
    assistant: Assistant, stan: User, base: object
) -> None:
    parking = Entry.objects.get(question="Where can I park my car?")
    reply = decline(assistant, "any room for my vehicle")
    fixing.fix(only_item(), Correction(Fix.Kind.WORDING, parking.pk, phrasings=["a vehicle"]), stan)
    Assistant.objects.update(retention_days=10)
    grow_old(reply, 20)
    privacy.apply_retention()
    assert not Conversation.objects.exists()
    assert GoldenQuestion.objects.get().entry == parking


def test_a_golden_question_that_others_asked_too_stays(
    anna: Message, assistant: Assistant, stan: User, base: object
) -> None:
    parking = Entry.objects.get(question="Where can I park my car?")
    decline(assistant, "any room for my vehicle", uuid.uuid4())
    collecting.collect()
    for item in ReviewItem.objects.all():
        fixing.fix(item, Correction(Fix.Kind.WORDING, parking.pk, phrasings=[f"room {item.pk}"]), stan)
    privacy.delete_person(privacy.conversations_of(stan, "anna-7"), stan)
    remaining = Reasked.objects.count()
    assert GoldenQuestion.objects.count() == min(remaining, 1)
