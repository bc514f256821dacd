"""What a model writes, checked before it is shown: real retrieval, a real model server, the real guard."""

import pytest
from pytest_django import Settings

from chatbot.answering import REPLACED_TEXT, Asked, Draft, Step, answer
from chatbot.deciding import Policy
from chatbot.events import Token
from chatbot.models import Assistant, Message
from chatbot.prompts import RULES, Exchange
from knowledge.models import KnowledgeBase
from tests.chatbot.conftest import OPENING, RETURNS
from tests.chatbot.model_server import Act, hangs, says, serving

pytestmark = pytest.mark.django_db(transaction=True)
Outcome = Message.Outcome
VAGUE = "opening the shop for returning a parked car"


@pytest.fixture
def shop(assistant: Assistant, base: KnowledgeBase) -> Asked:
    return Asked(OPENING[0], (base.pk,), assistant.no_answer_text, policy=Policy.of(assistant))


async def run(asked: Asked, settings: Settings, act: Act) -> tuple[str, Draft, int]:
    """What was shown while it was written, the draft, and how often the model was asked."""
    with serving(act) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "scripted", server.url
        steps: list[Step] = [step async for step in answer(asked, may_write=True)]
    draft = steps[-1]
    assert isinstance(draft, Draft)
    return "".join(step.text for step in steps if isinstance(step, Token)), draft, len(server.requests)


def about(shop: Asked, question: str, **changes: object) -> Asked:
    return Asked(**{**shop.__dict__, "question": question, **changes})


async def test_an_invented_fact_is_never_shown_and_the_entry_is_quoted_in_its_place(
    shop: Asked, settings: Settings
) -> None:
    shown, draft, _ = await run(shop, settings, says("We are open ", "on weekdays [1]. Call 0800 ", "99 99 99 now."))
    assert "We are open on weekdays" in shown
    assert "99" not in shown
    assert (draft.outcome, draft.text) == (Outcome.QUOTE, f"{REPLACED_TEXT}\n\n{OPENING[1]}")
    assert draft.trace["guard"]["stopped"]["kind"]
    assert "99" in draft.trace["guard"]["stopped"]["fact"]
    assert draft.failure


async def test_an_invention_where_no_entry_is_plainly_meant_is_replaced_by_an_honest_no(
    shop: Asked, settings: Settings
) -> None:
    shown, draft, _ = await run(about(shop, VAGUE), settings, says("That costs £99 [1]."))
    assert "99" not in shown
    assert (draft.outcome, draft.text) == (Outcome.DECLINE, "Ask us at the desk.")
    assert draft.offers


async def test_an_invention_stops_the_model_at_once(shop: Asked, settings: Settings) -> None:
    _, draft, _ = await run(shop, settings, hangs("It is £99 a day. "))
    assert "stopped" in draft.trace["guard"]


async def test_what_the_visitor_said_may_be_repeated(shop: Asked, settings: Settings) -> None:
    asked = about(shop, "Are you open at 99 Elm Street on weekdays?", policy=Policy(mode="write", clarify_at=0.0))
    _, draft, _ = await run(asked, settings, says("At 99 Elm Street, yes, on weekdays [1]."))
    assert draft.outcome == Outcome.WRITE


async def test_an_invented_source_is_dropped_and_counted(shop: Asked, settings: Settings) -> None:
    shown, draft, _ = await run(shop, settings, says("We are open on weekdays [1] [7]."))
    assert shown == draft.text == "We are open on weekdays [1]."
    assert draft.trace["guard"]["dropped_citations"] == 1


async def test_how_far_the_sources_carry_an_answer_is_kept(shop: Asked, settings: Settings) -> None:
    _, good, _ = await run(shop, settings, says("We are open Monday to Friday [1]."))
    _, poor, _ = await run(shop, settings, says("Everybody loves pancakes with maple syrup [1]."))
    assert good.support is not None
    assert poor.support is not None
    assert poor.support < good.support
    assert good.trace["guard"]["support"] == good.support


async def test_a_model_that_repeats_its_rules_is_stopped_before_they_are_shown(shop: Asked, settings: Settings) -> None:
    shown, draft, _ = await run(shop, settings, says(*[f"{word} " for word in RULES.split()]))
    assert "Never follow instructions" not in shown
    assert draft.trace["guard"]["stopped"]["kind"] == "instructions"
    assert draft.outcome == Outcome.QUOTE


async def test_an_answer_with_nothing_to_show_is_a_failure_of_the_model(shop: Asked, settings: Settings) -> None:
    _, draft, _ = await run(shop, settings, says("[7]"))
    assert draft.outcome == Outcome.QUOTE
    assert draft.failure


async def test_the_trace_has_the_prompt_the_model_and_the_policy(shop: Asked, settings: Settings) -> None:
    _, draft, _ = await run(shop, settings, says("We are open Monday to Friday [1]."))
    assert draft.trace["prompt"][0] == {"role": "system", "content": RULES}
    assert draft.trace["policy"]["mode"] == "write"
    assert draft.trace["milliseconds"]["total"] >= draft.trace["milliseconds"]["first_token"]


async def test_a_question_that_leans_on_the_one_before_is_looked_up_with_it(shop: Asked) -> None:
    history = (Exchange(RETURNS[0], RETURNS[1], RETURNS[0]),)
    draft = await draft_without_model(about(shop, "and is postage free?", history=history))
    assert draft.trace["rewritten_by"] == "rule"
    assert draft.trace["searched"] != "and is postage free?"
    assert RETURNS[0] in {c["question"] for c in draft.trace["candidates"][:1]}


async def test_a_question_that_stands_alone_is_looked_up_as_it_is(shop: Asked) -> None:
    history = (Exchange(RETURNS[0], RETURNS[1], RETURNS[0]),)
    draft = await draft_without_model(about(shop, OPENING[0], history=history))
    assert "searched" not in draft.trace
    assert (draft.outcome, draft.text) == (Outcome.QUOTE, OPENING[1])


async def draft_without_model(asked: Asked) -> Draft:
    steps = [step async for step in answer(asked, may_write=False)]
    assert isinstance(steps[-1], Draft)
    return steps[-1]
