"""A written answer: the model's words, each shown only after the guard has let it through and its sources stand."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from chatbot.answering.asked import Asked
from chatbot.chat_model import Call, ChatModelError, stream_chat
from chatbot.events import Token
from chatbot.grounding import Guard, UnsupportedFactError
from chatbot.pacing import paced
from chatbot.prompts import NO_ANSWER, LeakWatch, Prompt
from chatbot.standing import Listed, still_standing

# A model's words are handed on so often, and each time only if their sources still stand.
CHECK_EVERY_S = 0.1
# Characters before a piece with which it may be the word that says there is no answer.
LOOK_BACK = 40
_CITED = re.compile(r"\[([0-9]{1,3}(?:\s*,\s*[0-9]{1,3})*)\]")


class NoAnswerError(Exception):
    """The model says that the sources do not answer the question."""


class RefusedError(Exception):
    """What the model wrote must not be shown; the message is for staff."""

    def __init__(self, kind: str, fact: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.fact = fact


@dataclass
class Written:
    """What a model has written so far, as the visitor saw it; filled in as it goes."""

    text: str = ""
    dropped_citations: int = 0
    call: Call = field(default_factory=Call)

    def cited(self) -> set[int]:
        """Return the numbers of the sources that it names."""
        return {int(number) for marks in _CITED.findall(self.text) for number in marks.split(",")}

    def guard_trace(self) -> dict[str, Any]:
        """Return what the guard did to it."""
        return {"dropped_citations": self.dropped_citations}


async def write(
    prompt: Prompt, sources: tuple[Listed, ...], asked: Asked, written: Written, *, first_token_within_s: float
) -> AsyncGenerator[Token, None]:
    """Yield what may be shown, piece by piece, and keep it in `written`; `sources` are those in the prompt.

    Raises ChatModelError, NoAnswerError, RefusedError and SourcesChangedError, each after what was shown before it.
    """
    guard = Guard([f"{s.question}\n{s.answer}" for s in sources], asked.question, cited={s.number for s in sources})
    said = stream_chat(prompt.messages, call=written.call, first_token_within_s=first_token_within_s)
    async with (
        aclosing(said) as stream,
        aclosing(_let_through(stream, guard, asked.instructions)) as shown,
        aclosing(paced(shown, CHECK_EVERY_S)) as pieces,
    ):
        async for piece in pieces:
            await still_standing(sources)
            written.text += piece
            written.dropped_citations = guard.dropped_citations
            yield Token(piece)
    written.dropped_citations = guard.dropped_citations
    if not written.text.strip():
        raise ChatModelError("The model's answer had nothing in it that could be shown.")


async def _let_through(stream: AsyncIterator[str], guard: Guard, instructions: str) -> AsyncGenerator[str, None]:
    watch, end = LeakWatch(instructions), ""
    try:
        async for piece in stream:
            end = end[-LOOK_BACK:] + piece
            if NO_ANSWER in end.replace("\\", ""):
                raise NoAnswerError
            _refuse(watch.repeats(piece))
            if text := guard.feed(piece):
                yield text
        if text := guard.finish():
            yield text
    except UnsupportedFactError as error:
        raise RefusedError(error.kind, error.fact, str(error)) from error


def _refuse(leaked: bool) -> None:
    if leaked:
        raise RefusedError("instructions", "", "The model began to repeat its instructions.")
