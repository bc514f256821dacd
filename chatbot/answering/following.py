"""Follow-ups within the budget: who may make a question stand alone, and what of it is kept for staff."""

from dataclasses import asdict
from typing import Any

from chatbot.answering.asked import Asked
from chatbot.answering.metering import metered
from chatbot.budgets import BudgetError
from chatbot.prompts import rewriting_prompt, tokens_of
from chatbot.rewriting import AS_ASKED, MAX_TOKENS, Standalone, leans, stand_alone


async def make_standalone(asked: Asked, trace: dict[str, Any], *, may_ask_model: bool) -> Standalone:
    """Return what to look up; an entry that was chosen and a question that stands alone cost nothing."""
    if asked.entry_id is not None or not leans(asked.question, asked.history):
        return Standalone(asked.question, AS_ASKED)
    standalone = await _by_model(asked, trace) if may_ask_model else None
    standalone = standalone or await stand_alone(asked.question, asked.history, may_ask_model=False)
    trace |= {"searched": standalone.text, "rewritten_by": standalone.by}
    if standalone.failure:
        trace["rewriting_failed"] = standalone.failure
    return standalone


async def _by_model(asked: Asked, trace: dict[str, Any]) -> Standalone | None:
    tokens_in = tokens_of(rewriting_prompt(asked.question, asked.history))
    try:
        async with metered(asked.assistant_id, tokens_in, MAX_TOKENS, trace) as call:
            standalone = await stand_alone(asked.question, asked.history, may_ask_model=True, call=call)
    except BudgetError as error:
        trace["budget"] = str(error)
        return None
    trace["rewriting_call"] = asdict(call)
    return standalone
