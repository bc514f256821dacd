"""The hard facts in a text: numbers with their units, dates, times, telephone numbers, addresses, links and codes.

A fact has a key that is the same for all its spellings: `seven days` and `a week` are both so many minutes. Names are
no facts here: whether a word is a name depends on what stands before it, see `names`.
"""

from collections.abc import Callable

from chatbot.grounding.codes import Codes
from chatbot.grounding.dates import numeric_date
from chatbot.grounding.figures import Figures
from chatbot.grounding.links import link_key
from chatbot.grounding.moments import Moments
from chatbot.grounding.reader import Fact, Found
from chatbot.grounding.sayings import Sayings
from chatbot.grounding.tokens import Token

__all__ = ["Fact", "facts_of"]


class _Facts(Codes, Moments, Figures, Sayings):
    """Reads all of them; what comes first here is tried first."""

    def read(self, place: int) -> Found | None:
        kind = self.kind(place)
        if kind in {"target", "link", "domain", "email"}:
            found = link_key(kind, self.tokens[place].text)
            return self.fact("e-mail" if found[0] == "e-mail" else "link", place, place + 1, found)
        if kind == "date":
            return self.fact("date", place, place + 1, *numeric_date(self.tokens[place].text))
        for way in self._ways():
            if found_fact := way(place):
                return found_fact
        return None

    def _ways(self) -> tuple[Callable[[int], Found | None], ...]:
        figures = (self._labelled, self._number, self._part)
        return (self._phone, self._code, self._time, self._date, *figures, self._day, self._saying)


def facts_of(text: str, tokens: list[Token]) -> list[tuple[Fact, int, int]]:
    """Return the facts of a folded text in order, each with the places of its first token and of the one after it."""
    reader, found, place = _Facts(text, tokens), [], 0
    while place < len(tokens):
        fact = reader.read(place)
        if fact:
            found.append((fact[0], place, fact[1]))
        place = fact[1] if fact else place + 1
    return found
