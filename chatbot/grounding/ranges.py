"""Two facts joined by `to`, `or` and the like: what stands at one of them is meant of both."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from chatbot.grounding.reader import Fact, Key
from chatbot.grounding.tokens import Token

_JOINTS = frozenset({"to", "-", "and", "or", "until", "till", "bis", "through"})
# Those that join the ends of one thing; what `and` joins may be two.
RANGE_JOINTS = _JOINTS - {"and", "through"}
Placed = tuple[Fact, int, int]
"""A fact with the places of its first token and of the one after it."""


def joined(tokens: Sequence[Token], end: int, begin: int, by: frozenset[str] = _JOINTS) -> bool:
    """Tell whether nothing but a word like `to` stands between two facts."""
    return begin == end + 1 and tokens[end].low in by


def shared_keys(one: Fact, other: Fact) -> tuple[list[Key], list[Key]]:
    """Return what each says with the other's unit: `10 to 20 °C` says 10 °C, `£10 or 20` £20, `7 to 9 pm` 7 pm."""
    if len(one.keys) != 1 or len(other.keys) != 1 or one.keys[0][0] == other.keys[0][0]:
        return [], []
    return list(_with_unit(one, other, before=True)), list(_with_unit(other, one, before=False))


def ranged(facts: Sequence[Placed], tokens: Sequence[Token]) -> list[Placed]:
    """Return the facts of an answer, the ends of a range with their common unit: `2 to 5 days` says 2 days."""
    found = list(facts)
    for place in range(1, len(found)):
        (one, first, end), (other, begin, after) = found[place - 1], found[place]
        if not joined(tokens, end, begin, RANGE_JOINTS):
            continue
        # As it stands only the whole may be found: the 2 of another fact is no end of this range.
        whole = f"{one.text} {tokens[end].text} {other.text}"
        of_one, of_other = shared_keys(one, other)
        if of_one:
            found[place - 1] = replace(one, keys=tuple(of_one), text=whole), first, end
        # "20" for £5 or 24" for £6": what `or` adds may be something else.
        if of_other and tokens[end].low != "or":
            found[place] = replace(other, keys=tuple(of_other), text=whole), begin, after
    return found


def _with_unit(fact: Fact, other: Fact, *, before: bool) -> Iterable[Key]:
    """The number of `fact` with the unit of `other`, which stands after it, or before it."""
    key = other.keys[0]
    if fact.keys[0][0] != "number":
        return
    for value in fact.numbers:
        if key[0] == "percent" and before:
            yield ("percent", value)
        elif key[0] == "amount":
            yield (*key[:2], value)
        elif key[0] in {"duration", "measure"} and before and isinstance(key[2], Fraction) and other.numbers[0]:
            yield (*key[:2], key[2] / other.numbers[0] * value)
        elif key[0] == "time" and before and isinstance(key[1], int) and 0 < value <= 12:
            hour = value % 12 * 60 + key[1] // 720 * 720
            yield ("time", int(hour if hour < key[1] else hour - 720) % 1440)
