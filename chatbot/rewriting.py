"""Follow-ups: a question that leans on the conversation is made to stand alone before it is looked up.

A question that stands alone is left as it is and costs nothing: a wrong rewriting drags the last topic into the search.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.chat_model import Call, ChatModelError, complete
from chatbot.grounding import Guard, UnsupportedFactError
from chatbot.prompts import Exchange, rewriting_prompt
from knowledge.lexical.function_words import is_common
from knowledge.lexical.stems import forms as word_forms
from knowledge.lexical.words import words

AS_ASKED, BY_RULE, BY_MODEL = "as asked", "rule", "model"
MAX_TOKENS = 80
MAX_CHARACTERS = 300
LANGUAGES = ("en", "de", "fr", "sv")
# A question that begins with an opener and has more words than these that say something has what it needs.
MOST_AFTER_OPENER = 4
MOST_IN_SENTENCE = 2
# So many words may stand before a pronoun that refers to something said before: after more, it refers to them.
MOST_BEFORE_PRONOUN = 2
# And so many after it: what says more explains itself ("what would it cost to rent a Curlew for a week").
MOST_AFTER_PRONOUN = 2
_OPENERS = re.compile(
    r"^(?:and|what about|how about|or|but|then|so|also|same for|and what about|even if|und|oder|aber|was ist mit|"
    r"wie (?:sieht|ist) es mit|et|mais|ou|y|pero|och|men|ma)\b[ ,:]*",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"^\W*(?:why|why not|how so|how much|how many|how long|since when|until when|from when|where|when|"
    r"which ones?|who|really|warum|wieso|pourquoi|por qué|varför)\W*$",
    re.IGNORECASE,
)
_PRONOUNS = re.compile(
    r"\b(?:it|its|it's|they|them|their|theirs|that|this|these|those|she|he|her|him|"
    r"(?:the|that|this|a|an|another|other|which)\s(?:\w+\s)?ones?|"
    r"es|dies|davon|dafür|ça|cela|lo|eso|esto|det)\b|\bthere\W*$",
    re.IGNORECASE,
)
# "Is it possible", "I hear that you", "how long does it take to": words that refer to nothing.
_EMPTY = re.compile(
    r"\b(?:is|was|will|would|isn't|if|be) it (?:possible|ok(?:ay)?|true|safe|allowed|legal|free|too late|worth|wise|"
    r"more \w+|better|cheaper)\b|\bdoes it (?:take|cost) (?:to|for)\b|\bit (?:is|was) \w+ (?:to|that)\b|"
    r"\b(?:that|this) (?:i|you|we|my|the|a|an|is|are|was|were|has|have|do|can|came|comes|month|week|year|morning|"
    r"afternoon|evening|weekend)\b|\bthe one\b(?= (?:i|you|we|that|in|on|from|with)\b)",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[.!?,;:]")
_COMPLETE = re.compile(
    r"^(?:how|what|which|where|when|who|why|can|could|may|do|does|did|is|are|will|would|should|must|i|we|my)\b",
    re.IGNORECASE,
)
_FILLER_WORDS = """
also come cost get give go have let like long make many much need put say still take tell too use want well work
"""
_FILLERS = frozenset(_FILLER_WORDS.split())


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
    if _ALONE.match(question):
        return True
    if opener := _OPENERS.match(question):
        rest = question[opener.end() :]
        # "And how do I cancel an order before it is sent?" has all that it needs.
        most = MOST_IN_SENTENCE if _COMPLETE.match(rest) else MOST_AFTER_OPENER
        return _says(rest) <= most or _refers(rest)
    return _refers(question) or (not _says(question) and "you" not in question.casefold())


def _refers(question: str) -> bool:
    """Whether a pronoun stands where nothing in the question itself can be meant by it."""
    text = _EMPTY.sub(" ", question)
    pronoun = _PRONOUNS.search(text)
    if pronoun is None:
        return False
    before, after = text[: pronoun.start()], text[pronoun.end() :]
    most = 0 if _CLAUSE_END.search(before) else MOST_BEFORE_PRONOUN
    return _says(before) <= most and _says(after) <= MOST_AFTER_PRONOUN


def _says(text: str) -> int:
    """How many words of a text say something, and do not only hold it together."""
    return len(_saying(text))


def _saying(text: str) -> list[str]:
    forms = (word.form for word in words(_PRONOUNS.sub(" ", text)))
    return [form for form in forms if not is_common(form, LANGUAGES) and form not in _FILLERS]


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
    """Put the question on both sides of what it leans on: it is what is new, and weighs more than what was asked."""
    rest = _OPENERS.sub("", question).strip() or question
    return f"{rest} {_topic(history)} {rest}"[: 4 * MAX_CHARACTERS]


def _topic(history: Sequence[Exchange]) -> str:
    """The last question that stood alone: what a follow-up to a follow-up is about too."""
    for place in range(len(history) - 1, 0, -1):
        if not leans(history[place].question, history[:place]):
            return history[place].question
    return history[0].question


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
    if _is_only(text, history[-1].question, question):
        raise _UnusableError("The model repeated the question before, and left out what was asked now.")
    return text


def _is_only(text: str, before: str, question: str) -> bool:
    """Whether a text has nothing but what was asked before, though something else is asked now."""
    said, asked_before, asked_now = (_forms(one) for one in (text, before, question))
    return bool(asked_now) and said <= asked_before and said.isdisjoint(asked_now)


def _forms(text: str) -> set[str]:
    return {form for word in _saying(text) for form in word_forms(word, "en")}
