"""From a question to a draft, with real retrieval and a real model server."""

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from chatbot.answering import CLARIFY_TEXT, FALLBACK_TEXT, UNWRITTEN_TEXT, Asked, Draft, Writing, answer
from chatbot.deciding import Policy
from chatbot.events import Status, Token
from chatbot.models import Assistant, Message
from chatbot.prompts import Exchange
from knowledge.models import Entry, KnowledgeBase
from knowledge.retrieval import RetrievalError
from tests.chatbot.conftest import OPENING, make_entry, unpublish_entry
from tests.chatbot.model_server import Act, ModelServer, refuses, says, serving

pytestmark = pytest.mark.django_db(transaction=True)
Outcome = Message.Outcome


@pytest.fixture
def shop(assistant: Assistant, base: KnowledgeBase) -> Asked:
    """The assistant's data with a question that one entry plainly answers."""
    return Asked("When are you open?", (base.pk,), assistant.no_answer_text, policy=Policy.of(assistant))


async def steps_of(asked: Asked, *, may_write: bool = False) -> list[Status | Token | Writing | Draft]:
    return [step async for step in answer(asked, may_write=may_write)]


async def draft_of(asked: Asked, *, may_write: bool = False) -> Draft:
    last = (await steps_of(asked, may_write=may_write))[-1]
    assert isinstance(last, Draft)
    return last


def about(shop: Asked, question: str, **changes: object) -> Asked:
    return Asked(**{**shop.__dict__, "question": question, **changes})


def use(server: ModelServer, settings: Settings) -> None:
    settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "scripted", server.url


async def test_the_entry_that_is_plainly_meant_is_quoted_as_it_stands(shop: Asked, opening: Entry) -> None:
    draft = await draft_of(shop)
    assert (draft.outcome, draft.text) == (Outcome.QUOTE, OPENING[1])
    assert [(s.number, s.entry_id, s.version) for s in draft.sources] == [(1, opening.pk, 1)]


async def test_a_vague_question_is_asked_back_with_the_nearest_entries(shop: Asked) -> None:
    draft = await draft_of(about(shop, "how much is parking"))
    assert (draft.outcome, draft.text) == (Outcome.CLARIFY, CLARIFY_TEXT)
    assert 1 <= len(draft.offers) <= 3
    assert not draft.sources


async def test_what_nothing_answers_is_declined_in_the_assistants_words(shop: Asked) -> None:
    draft = await draft_of(about(shop, "What is the boiling point of tungsten?"))
    assert (draft.outcome, draft.text, draft.sources) == (Outcome.DECLINE, "Ask us at the desk.", ())


async def test_the_entry_that_the_visitor_chose_is_quoted_without_a_search(shop: Asked, parking: Entry) -> None:
    draft = await draft_of(about(shop, "Anything", entry_id=parking.pk), may_write=True)
    assert (draft.outcome, draft.text) == (Outcome.QUOTE, parking.answer)
    assert draft.trace["way"] == "chosen"


async def test_a_chosen_entry_that_was_taken_back_is_looked_up_like_any_question(shop: Asked, opening: Entry) -> None:
    await sync_to_async(unpublish_entry)(opening)
    draft = await draft_of(about(shop, opening.question, entry_id=opening.pk))
    assert opening.answer not in draft.text


async def test_an_entry_of_another_knowledge_base_cannot_be_chosen(shop: Asked, foreign: Entry) -> None:
    draft = await draft_of(about(shop, "Tungsten?", entry_id=foreign.pk))
    assert foreign.answer not in draft.text


@pytest.fixture
def foreign(db: None) -> Entry:
    return make_entry(KnowledgeBase.objects.create(name="Other", slug="other"), "Secret?", "For others only.")


async def test_a_model_writes_from_the_sources_and_only_cited_ones_are_listed(shop: Asked, settings: Settings) -> None:
    with serving(says("Weekdays ", "from 9 to 17 [1]", ", not at night [9].")) as server:
        use(server, settings)
        steps = await steps_of(shop, may_write=True)
    draft = steps[-1]
    assert isinstance(draft, Draft)
    shown = "".join(s.text for s in steps if isinstance(s, Token))
    assert draft.text == "Weekdays from 9 to 17 [1], not at night."
    assert shown.startswith("Weekdays ")
    assert draft.text.startswith(shown)
    assert [s.number for s in draft.sources] == [1]
    assert draft.trace["model"] == "scripted"
    assert set(draft.trace["milliseconds"]) >= {"retrieve", "first_token", "total"}


async def test_the_model_gets_the_sources_and_the_earlier_turns(shop: Asked, settings: Settings) -> None:
    with serving(says("Yes [1].")) as server:
        use(server, settings)
        await draft_of(about(shop, shop.question, history=(Exchange("Hello?", "Hi."),)), may_write=True)
    said = [m["content"] for m in server.requests[0]["messages"]]
    assert said[1:3] == ["Hello?", "Hi."]
    assert OPENING[1] in said[-1]


async def test_an_answer_that_cites_nothing_lists_the_nearest_source(shop: Asked, settings: Settings) -> None:
    with serving(says("Weekdays.")) as server:
        use(server, settings)
        assert [s.question for s in (await draft_of(shop, may_write=True)).sources] == [OPENING[0]]


@pytest.mark.parametrize("pieces", [["NO_", "ANSWER"], ["**NO_ANSWER**"], ["I am not sure.\n", "NO_ANSWER"]])
async def test_a_model_that_does_not_know_declines(shop: Asked, settings: Settings, pieces: list[str]) -> None:
    with serving(says(*pieces)) as server:
        use(server, settings)
        steps = await steps_of(shop, may_write=True)
    assert isinstance(steps[-1], Draft)
    assert (steps[-1].outcome, steps[-1].text) == (Outcome.DECLINE, "Ask us at the desk.")


@pytest.mark.parametrize("pieces", [["NO", "_ANS", "WER", "\n"], ["**", "NO_ANSWER**"]])
async def test_the_marker_of_not_knowing_is_never_shown(shop: Asked, settings: Settings, pieces: list[str]) -> None:
    with serving(says(*pieces)) as server:
        use(server, settings)
        assert not [step for step in await steps_of(shop, may_write=True) if isinstance(step, Token)]


async def test_the_model_is_not_asked_about_what_nothing_answers(shop: Asked, settings: Settings) -> None:
    with serving(says("I made this up.")) as server:
        use(server, settings)
        draft = await draft_of(about(shop, "What is the boiling point of tungsten?"), may_write=True)
    assert draft.outcome == Outcome.DECLINE
    assert server.requests == []


@pytest.mark.parametrize("act", [refuses(401), says("We are open at n", finish_reason=None)])
async def test_when_the_model_fails_the_nearest_entry_is_quoted_with_a_plain_line(
    shop: Asked, settings: Settings, act: Act
) -> None:
    with serving(act) as server:
        use(server, settings)
        draft = await draft_of(shop, may_write=True)
    assert (draft.outcome, draft.text) == (Outcome.QUOTE, f"{FALLBACK_TEXT}\n\n{OPENING[1]}")
    assert "model" in draft.failure


async def test_a_question_that_cannot_be_looked_up_is_an_error_of_its_own(shop: Asked, settings: Settings) -> None:
    settings.EMBEDDING_MODEL, settings.EMBEDDING_BASE_URL = "openai:gone", "http://127.0.0.1:9/v1"
    with pytest.raises(RetrievalError):
        await draft_of(about(shop, "Tungsten?"))


async def test_a_model_that_fails_does_not_make_a_vague_question_plain(shop: Asked, settings: Settings) -> None:
    with serving(refuses(400)) as server:
        use(server, settings)
        draft = await draft_of(about(shop, "how much is parking"), may_write=True)
    assert draft.outcome == Outcome.CLARIFY
    assert draft.text.startswith(UNWRITTEN_TEXT)
    assert draft.offers
    assert draft.failure
