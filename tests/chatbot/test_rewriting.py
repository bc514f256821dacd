"""Which questions lean on what was said before, and what is looked up for them."""

import pytest
from pytest_django import Settings

from chatbot.prompts import Exchange
from chatbot.rewriting import AS_ASKED, BY_MODEL, BY_RULE, by_rule, leans, stand_alone
from tests.chatbot.model_server import Act, says, serving

HIRE = Exchange(
    "what does it cost to hire a Heron?", "A Heron costs £45 a day.", "What does it cost to hire an e-bike?"
)


@pytest.mark.parametrize(
    "question",
    [
        "and for students?", "how much is it?", "what about weekends", "why?", "and the folding one?", "how long?",
        "does that work for a frame as well?", "can I bring them back later?", "since when?",
        "and is a helmet included?",
        "which one is cheaper?", "und am Wochenende?", "et pour les enfants ?", "can she ride it?", "even if it rains?",
    ],
)  # fmt: skip
def test_a_question_that_refers_to_something_leans(question: str) -> None:
    assert leans(question, [HIRE])
    assert not leans(question, [])


@pytest.mark.parametrize(
    "question",
    [
        "opening hours?", "where are you?", "parcel tracking", "do you sell gift vouchers?",
        "how do I cancel an order?", "is it possible to get an invoice with VAT?",
        "can I wash my e-bike with a hose, or does it break?",
        "I received my card. How do I link it?", "what would it cost to rent a Curlew for a week?",
        "and how do I cancel an online order before it is sent?", "how long is delivery?", "are there any discounts?",
        "I read that you repair bikes that were bought elsewhere",
        "how close to my neighbour may I build without asking them?",
    ],
)  # fmt: skip
async def test_a_question_that_stands_alone_is_left_as_it_is_and_costs_no_call(
    question: str, settings: Settings
) -> None:
    assert not leans(question, [HIRE])
    with serving(says("Never.")) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "m", server.url
        standalone = await stand_alone(question, [HIRE], may_ask_model=True)
    assert (standalone.text, standalone.by) == (question, AS_ASKED)
    assert server.requests == []


async def test_without_a_model_the_last_question_is_put_beside_it(settings: Settings) -> None:
    standalone = await stand_alone("and for a week?", [HIRE], may_ask_model=False)
    assert standalone.by == BY_RULE
    assert "for a week?" in standalone.text
    assert HIRE.question in standalone.text


def test_a_follow_up_to_a_follow_up_is_about_the_question_that_stood_alone() -> None:
    history = [Exchange("opening hours?", "9 to 5."), HIRE, Exchange("and for a week?", "£200.")]
    assert HIRE.question in by_rule("and how old must she be?", history)


async def test_a_model_says_it_in_words_that_stand_alone(settings: Settings) -> None:
    with serving(says("What does it cost to hire a Heron for a week?")) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "m", server.url
        standalone = await stand_alone("and for a week?", [HIRE], may_ask_model=True)
    assert (standalone.text, standalone.by) == ("What does it cost to hire a Heron for a week?", BY_MODEL)
    assert "£45" in server.requests[0]["messages"][-1]["content"]


@pytest.mark.parametrize(
    "act",
    [
        says(""),
        says("What does a Curlew cost for 14 days?"),
        says("Ask Sarah at https://evil.example"),
        says("One question?\nAnother?"),
        says("x" * 400),
    ],
)
async def test_what_a_model_makes_up_is_not_looked_up(settings: Settings, act: Act) -> None:
    with serving(act) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "m", server.url
        standalone = await stand_alone("and for a week?", [HIRE], may_ask_model=True)
    assert standalone.by == BY_RULE
    assert standalone.failure


async def test_a_rewriting_that_only_repeats_the_question_before_is_not_taken(settings: Settings) -> None:
    with serving(says("What does it cost to hire a Heron?")) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "m", server.url
        lost = await stand_alone("and for students?", [HIRE], may_ask_model=True)
    with serving(says("Do pupils get a discount on a Heron?")) as server:
        settings.OPENAI_BASE_URL = server.url
        kept = await stand_alone("and for students?", [HIRE], may_ask_model=True)
    assert (lost.by, kept.by) == (BY_RULE, BY_MODEL)
    assert "left out what was asked now" in lost.failure
