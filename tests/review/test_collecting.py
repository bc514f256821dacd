"""What was answered is taken in once, judged, and grouped by meaning; what changes later changes the item."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chatbot import services
from chatbot.models import Assistant, Citation, Conversation, Message
from review import collecting, queueing
from review.models import AskedQuestion, ReviewItem, SpokenWord
from review.reasons import Reason
from tests.review.conftest import ask, decline, only_item, thumb_down

pytestmark = pytest.mark.django_db(transaction=True)


def reasons_of(reply: Message) -> Reason:
    return Reason(AskedQuestion.objects.get(pk=reply.pk).reasons)


def test_a_decline_is_queued_and_a_plain_answer_is_not(assistant: Assistant, settings: Any) -> None:
    settings.REVIEW_SAMPLE_PERCENT = 0
    good, bad = ask(assistant, "When are you open?"), decline(assistant, "Do you sell tandems?")
    collecting.collect()
    assert good.outcome == Message.Outcome.QUOTE
    assert (reasons_of(good), reasons_of(bad)) == (0, Reason.DECLINED)
    assert ReviewItem.objects.get().title == "Do you sell tandems?"


def test_everything_is_taken_in_once_however_often_it_runs(assistant: Assistant) -> None:
    decline(assistant, "Do you sell tandems?")
    assert [collecting.collect().questions for _ in range(3)] == [1, 0, 0]
    assert ReviewItem.objects.get().count == 1


def test_questions_of_one_meaning_become_one_item_with_its_askers(assistant: Assistant) -> None:
    anna = uuid.uuid4()
    for question, visitor in (
        ("Do you sell tandems?", anna),
        ("do you sell tandem bikes?", uuid.uuid4()),
        ("do you sell tandems", anna),
        ("Can my dog come into the workshop?", uuid.uuid4()),
    ):
        decline(assistant, question, visitor)
    collecting.collect()
    counted = {item.title: (item.count, item.askers) for item in ReviewItem.objects.all()}
    assert counted["Can my dog come into the workshop?"] == (1, 1)
    assert sorted(counted.values()) == [(1, 1), (3, 2)]


def test_a_thumb_down_later_queues_an_answer_and_a_second_thought_takes_it_back(
    assistant: Assistant, settings: Any
) -> None:
    settings.REVIEW_SAMPLE_PERCENT = 0
    reply = ask(assistant, "When are you open?")
    collecting.collect()
    assert not ReviewItem.objects.exists()
    thumb_down(reply)
    collecting.collect()
    assert Reason.DOWN in Reason(ReviewItem.objects.get().reasons)
    services.give_feedback(reply, Message.Feedback.UP)
    collecting.collect()
    assert not ReviewItem.objects.exists()


@pytest.mark.parametrize(("chosen", "minutes", "queued"), [(True, 0, False), (False, 0, None), (False, 11, True)])
def test_what_was_asked_back_counts_when_nobody_chose(
    assistant: Assistant, settings: Any, chosen: bool, minutes: int, queued: bool | None
) -> None:
    settings.REVIEW_SAMPLE_PERCENT = 0
    visitor = uuid.uuid4()
    _, reply = services.ask(assistant=assistant, visitor_id=visitor, question="card or car?")
    entry = assistant.knowledge_bases.get().entries.first()
    assert entry
    Message.objects.filter(pk=reply.pk).update(
        outcome=Message.Outcome.CLARIFY, status="answered", finished_at=timezone.now(), confidence=0.3
    )
    Citation.objects.create(
        message=reply, kind="offer", number=1, entry=entry, entry_version=1, question=entry.question, similarity=0.5
    )
    if chosen:
        services.ask(assistant=assistant, visitor_id=visitor, question=entry.question, entry_id=entry.pk)
    collecting.collect()
    AskedQuestion.objects.filter(pk=reply.pk).update(asked_at=timezone.now() - timedelta(minutes=minutes))
    collecting.collect()
    assert AskedQuestion.objects.get(pk=reply.pk).settled is (queued is not None)
    assert ReviewItem.objects.exists() is bool(queued)


def test_a_request_for_a_person_queues_the_answer_before_it(assistant: Assistant, settings: Any) -> None:
    settings.REVIEW_SAMPLE_PERCENT = 0
    reply = ask(assistant, "When are you open?")
    services.request_contact(
        assistant=assistant,
        visitor_id=reply.conversation.visitor_id,
        conversation=reply.conversation,
        email="anna@example.com",
        words="",
        consent="",
        circumstances=services.Circumstances(),
    )
    collecting.collect()
    collecting.collect()
    assert reasons_of(reply) == Reason.CONTACT


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "failed", "outcome": ""}, Reason.FAILED),
        ({"support": 0.2, "outcome": "write"}, Reason.UNSUPPORTED),
        ({"trace": {"guard": {"stopped": {"kind": "number", "fact": "40"}}}}, Reason.GUARDED),
        ({"confidence": 0.61}, Reason.UNSURE),
    ],
)
def test_each_way_of_being_wrong_has_its_reason(
    assistant: Assistant, settings: Any, fields: dict[str, Any], reason: Reason
) -> None:
    settings.REVIEW_SAMPLE_PERCENT = 0
    reply = ask(assistant, "When are you open?")
    Message.objects.filter(pk=reply.pk).update(**fields)
    collecting.collect()
    assert reason in reasons_of(reply)


@pytest.mark.parametrize(("percent", "sampled"), [(100, Reason.SAMPLE), (0, Reason(0))])
def test_a_share_of_good_answers_is_shown_too(
    assistant: Assistant, settings: Any, percent: int, sampled: Reason
) -> None:
    settings.REVIEW_SAMPLE_PERCENT = percent
    reply = ask(assistant, "When are you open?")
    collecting.collect()
    assert reasons_of(reply) == sampled


def test_a_marked_item_takes_its_like_in_without_coming_back(assistant: Assistant) -> None:
    decline(assistant, "Do you sell tandems?")
    item = only_item()
    ReviewItem.objects.filter(pk=item.pk).update(state="marked", mark="scope", closed_at=timezone.now())
    decline(assistant, "do you sell tandems")
    collecting.collect()
    assert ReviewItem.objects.get().state == "marked"
    assert AskedQuestion.objects.filter(item=item).count() == 2


def test_a_complaint_after_a_fix_begins_another_item(assistant: Assistant) -> None:
    reply = decline(assistant, "Do you sell tandems?")
    item = only_item()
    ReviewItem.objects.filter(pk=item.pk).update(state="fixed", closed_at=timezone.now())
    thumb_down(reply)
    collecting.collect()
    assert ReviewItem.objects.filter(state="open").count() == 1


def test_the_item_of_deleted_conversations_goes_with_them(assistant: Assistant) -> None:
    reply = decline(assistant, "Do you sell tandems?")
    item = only_item()
    services.delete_conversations(assistant=assistant, visitor_id=reply.conversation.visitor_id)
    queueing.refresh({item.pk})
    assert not ReviewItem.objects.exists()
    assert not AskedQuestion.objects.exists()
    assert not SpokenWord.objects.exists()


def test_items_end_after_four_weeks(assistant: Assistant) -> None:
    decline(assistant, "Do you sell tandems?")
    item = only_item()
    assert queueing.expire() == 0
    assert queueing.expire(item.expires_at + timedelta(seconds=1)) == 1
    assert ReviewItem.objects.get().state == "expired"


def test_the_worse_the_more_and_the_later_come_first(assistant: Assistant) -> None:
    now = timezone.now()
    assert queueing.rank(3, 1, now) > queueing.rank(2, 1, now)
    assert queueing.rank(2, 2, now) > queueing.rank(2, 1, now)
    assert queueing.rank(2, 1, now) > queueing.rank(2, 1, now - timedelta(days=3))


def test_without_an_embedding_model_nothing_is_lost(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, index: Callable[[], None]
) -> None:
    from knowledge.embedding import EmbeddingUnavailableError

    decline(assistant, "Do you sell tandems?")
    with monkeypatch.context() as patch:
        patch.setattr("review.collecting.question_vector", _raise(EmbeddingUnavailableError("away")))
        assert collecting.collect().questions == 0
    assert collecting.collect().questions == 1


def _raise(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any) -> Any:
        raise error

    return fail


def test_a_follow_up_is_taken_in_as_it_was_looked_up(assistant: Assistant) -> None:
    reply = decline(assistant, "and on sundays?")
    Message.objects.filter(pk=reply.pk).update(searched="When are you open on sundays?")
    collecting.collect()
    assert AskedQuestion.objects.get().text == "When are you open on sundays?"


def test_a_conversation_of_another_assistant_is_never_in_the_same_item(assistant: Assistant) -> None:
    other = Assistant.objects.create(name="Bob")
    decline(assistant, "Do you sell tandems?")
    decline(other, "Do you sell tandems?")
    collecting.collect()
    assert ReviewItem.objects.count() == 2
    assert Conversation.objects.count() == 2


def test_workers_that_collect_at_once_take_each_question_in_once(assistant: Assistant) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    def work(_: int) -> None:
        try:
            collecting.collect()
        finally:
            connections.close_all()

    for n in range(6):
        thumb_down(decline(assistant, f"Do you sell tandems in size {n}?"))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert AskedQuestion.objects.count() == 6
    assert sum(ReviewItem.objects.values_list("count", flat=True)) == 6
