"""What all readers of facts have in common: facts, their keys, and tokens by their place."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from chatbot.grounding.tokens import Token

Key = tuple[object, ...]
Found = tuple["Fact", int]
"""A fact and the place after it."""
ORDINAL_ENDINGS = frozenset({"st", "nd", "rd", "th", "er", "e", "º", "ª"})


@dataclass(frozen=True)
class Fact:
    """A fact, how it was written and what it comes to: `keys` are its possible readings, the first the likeliest.

    `numbers` are the plain numbers that it contains: who says 30 days says 30.
    """

    kind: str
    text: str
    keys: tuple[Key, ...]
    numbers: tuple[Fraction, ...] = ()


class Reader:
    """Tokens, read from left to right; the methods of its heirs return a fact and the place after it, or None."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens

    def fact(self, kind: str, first: int, after: int, *keys: Key, numbers: Iterable[Fraction | int] = ()) -> Found:
        words = self.text[self.tokens[first].start : self.tokens[after - 1].end]
        return Fact(kind, words, keys, tuple(map(Fraction, numbers))), after

    def low(self, place: int) -> str:
        return self.tokens[place].low if 0 <= place < len(self.tokens) else ""

    def kind(self, place: int) -> str:
        return self.tokens[place].kind if 0 <= place < len(self.tokens) else ""

    def glued(self, place: int) -> bool:
        return 0 <= place < len(self.tokens) and self.tokens[place].glued
