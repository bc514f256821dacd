"""Follow-ups: a question that leans on the conversation is made to stand alone before it is looked up.

A question that stands alone is left as it is and costs nothing: a wrong rewriting drags the last topic into the search.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.chat_model import Call, ChatModelError, complete
from chatbot.grounding import Guard, UnsupportedFactError
from chatbot.prompts import Exchange, rewriting_prompt

AS_ASKED, BY_RULE, BY_MODEL = "as asked", "rule", "model"
MAX_TOKENS = 80
MAX_CHARACTERS = 300
# Words of a question that may lean though it does not begin like one that does.
SHORT = 4
# Two languages at least have each of these; all are casefolded and without accents where those are often left out.
_OPENERS = re.compile(
    r"^(?:and|what about|how about|or|but|then|so|ok(?:ay)?|also|same|else|why|why not|really|which one|und|oder|aber|"
    r"was ist mit|wie (?:sieht|ist) es mit|et|mais|ou|y|pero|och|men|e|ma)\b[ ,:]*",
    re.IGNORECASE,
)
_PRONOUNS = re.compile(
    r"\b(?:it|its|it's|they|them|their|theirs|that|this|these|those|one|ones|he|she|him|her|there|then|"
    r"the (?:other|same|first|second|third|last|cheaper|bigger|smaller) one|es|sie|das|dies|davon|dafür|dort|"
    r"ça|cela|lo|eso|esto|det|den|de)\b",
    re.IGNORECASE,
)
# "Is it possible", "does that mean": words that refer to nothing.
_EMPTY = re.compile(
    r"\b(?:is|was|will|would|does|isn't|if|how long does|how much does|what time is) it (?:possible|ok(?:ay)?|true|"
    r"safe|allowed|take|cost|mean|work if|legal|free to)\b|\bthere (?:is|are|was|a|an|any)\b|"
    r"\b(?:is|are|was|were) there\b|"
    r"\bthat (?:i|you|we|my|the|a|an|is|are|was|has|have|does|do|can|came|comes)\b|\b(?:this|that|these|those) \w{3,}|"
    r"\bone (?:of|day|week|month|year|hour)\b|\bde (?:la|los|las|l)\b|\bdas \w{3,}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Standalone:
    """What to look up, who made it so, and why the model could not where it should have."""

    text: str
    by: str
    failure: str = ""


def leans(question: str, history: Sequence[Exchange]) -> bool:
    """Tell whether a question can only be understood with what was said before it."""
    if not history:
        return False
    if opener := _OPENERS.match(question):
        rest = question[opener.end() :]
        # "And how do I cancel an order before it is sent?" has all that it needs.
        return len(rest.split()) <= 2 * SHORT or _refers(rest)
    return _refers(question)


def _refers(question: str) -> bool:
    words = re.findall(r"\w+(?:'\w+)?", question)
    return bool(_PRONOUNS.search(_EMPTY.sub(" ", question))) and len(words) <= 4 * SHORT


async def stand_alone(
    question: str,
    history: Sequence[Exchange],
    *,
    may_ask_model: bool,
    within_s: float = 5.0,
    call: Call | None = None,
) -> Standalone:
    """Return the question as it is, or with what it leans on: by the model where it may be asked, else by a rule."""
    if not leans(question, history):
        return Standalone(question, AS_ASKED)
    failure = ""
    if may_ask_model:
        try:
            return Standalone(await _by_model(question, history, within_s, call), BY_MODEL)
        except (ChatModelError, _UnusableError) as error:
            failure = str(error)
    return Standalone(by_rule(question, history), BY_RULE, failure)


def by_rule(question: str, history: Sequence[Exchange]) -> str:
    """Put what was asked and answered last before what leans on it."""
    last = history[-1]
    rest = _OPENERS.sub("", question).strip() or question
    before = last.entry or last.question
    return f"{before} {rest}"[: 4 * MAX_CHARACTERS]


class _UnusableError(Exception):
    """What the model gave is no question that could be looked up; the message is for staff."""


async def _by_model(question: str, history: Sequence[Exchange], within_s: float, call: Call | None) -> str:
    said = await complete(rewriting_prompt(question, history), max_tokens=MAX_TOKENS, within_s=within_s, call=call)
    text = said.strip().strip("\"'“”").strip()
    if not text or "\n" in text or len(text) > MAX_CHARACTERS:
        raise _UnusableError("The model did not give one short question.")
    guard = Guard([f"{turn.question}\n{turn.answer}\n{turn.entry}" for turn in history], question, cited=())
    try:
        guard.feed(text)
        guard.finish()
    except UnsupportedFactError as error:
        raise _UnusableError(f"The model's question says what nobody said: {error.fact}") from error
    return text
