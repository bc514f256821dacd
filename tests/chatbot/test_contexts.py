"""What templates are given: marks, sources, offers, and words for a screen reader."""

import pytest
from pytest_django import Settings

from chatbot import contexts, replies
from chatbot.answering import Draft
from chatbot.contexts import ReplyView, reply_view, spoken
from chatbot.models import Assistant, Message
from chatbot.places import place_of
from chatbot.selectors import reply_with_question, turns_before
from chatbot.standing import Listed
from knowledge.models import Entry, KnowledgeBase
from tests.chatbot.conftest import Visitor, asked_by, make_entry

Outcome = Message.Outcome


def listed(entry: Entry, number: int = 1) -> Listed:
    return Listed(number, entry.pk, entry.version, entry.question, entry.answer, 0.9)


def view_of(reply: Message) -> ReplyView:
    found = reply_with_question(reply.pk)
    assert found is not None
    return reply_view(*found, place_of(found[1].conversation))


@pytest.fixture
def reply(assistant: Assistant, alice: Visitor) -> Message:
    return asked_by(assistant, alice, "When?")


def test_a_written_answers_marks_link_to_its_sources_and_to_nothing_else(
    reply: Message, opening: Entry, parking: Entry
) -> None:
    sources = (listed(opening), listed(parking, 3))
    replies.store(reply.pk, Draft(Outcome.WRITE, "Weekdays [1], park [3], other [2].", sources))
    view = view_of(reply)
    assert [source.number for source in view.sources] == [1, 3]
    assert all(f'href="{source.url}"' in view.html for source in view.sources)
    assert "[2]" not in view.html
    assert view.spoken == "Weekdays, park, other."
    assert view.sources[0].anchor.startswith(f"m-{reply.pk}-")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("Nine.", "<p>Nine. <a"), ("- nine\n- ten", "</ul>\n<p><a"), ("See [2] there.", "<p>See [2] there. <a")],
)
def test_a_quote_stays_as_it_stands_with_its_mark_behind_it(
    reply: Message, base: KnowledgeBase, answer: str, expected: str
) -> None:
    entry = make_entry(base, "When?", answer)
    replies.store(reply.pk, Draft(Outcome.QUOTE, answer, (listed(entry),)))
    html = view_of(reply).html
    assert expected in html
    assert html.count("<a ") == 1
    assert html.count(">[1]</a>") == 1


def test_a_pending_reply_has_addresses_to_wait_at_and_a_finished_one_has_none(reply: Message, opening: Entry) -> None:
    assert view_of(reply).pending
    assert view_of(reply).stream_url.endswith("/stream/")
    replies.store(reply.pk, Draft(Outcome.QUOTE, opening.answer, (listed(opening),)))
    assert (view_of(reply).stream_url, view_of(reply).reply_url) == ("", "")


def test_a_failed_reply_can_be_asked_again_without_typing(reply: Message) -> None:
    replies.fail(reply.pk, "reason")
    view = view_of(reply)
    assert (view.failed, view.retry_question, view.sources) == (True, "When?", [])


def test_offers_of_entries_that_are_gone_are_not_shown(reply: Message, opening: Entry, parking: Entry) -> None:
    replies.store(reply.pk, Draft(Outcome.CLARIFY, "Which?", offers=(listed(opening), listed(parking, 2))))
    opening.delete()
    assert [offer.question for offer in view_of(reply).offers] == [parking.question]


def test_turns_pair_each_question_with_its_reply(assistant: Assistant, alice: Visitor, reply: Message) -> None:
    asked_by(assistant, alice, "Where?")
    turns = [
        contexts.turn_of(*turn, place_of(reply.conversation)) for turn in turns_before(reply.conversation, None).turns
    ]
    assert [turn.question.text for turn in turns] == ["When?", "Where?"]
    assert all(turn.reply and turn.reply.pending for turn in turns)


def test_short_answers_are_spoken_whole_and_long_ones_by_their_first_sentence() -> None:
    assert spoken("Short. And sweet.") == "Short. And sweet."
    assert spoken("First one. " + "word " * 200) == "First one. And 200 more words."
    assert len(spoken("x" * 5_000)) < 650


@pytest.mark.parametrize(
    ("debug", "staff", "model", "told"),
    [(False, False, "", False), (False, True, "", True), (True, False, "", True), (True, True, "m", False)],
)
def test_only_those_who_run_the_site_are_told_how_to_add_a_model(
    settings: Settings, debug: bool, staff: bool, model: str, told: bool
) -> None:
    settings.DEBUG, settings.CHAT_MODEL, settings.OPENAI_BASE_URL = debug, model, "http://model"
    assert bool(contexts.model_notice(staff)) is told
