"""The hard facts that a text states, by kind: what two texts can contradict each other in."""

from chatbot.grounding.facts import facts_of
from chatbot.grounding.folding import fold
from chatbot.grounding.reader import Key
from chatbot.grounding.tokens import tokenise


def stated_facts(text: str) -> dict[str, dict[Key, str]]:
    """Return facts by kind, each by what it comes to, with how it is written."""
    folded = fold(text)
    stated: dict[str, dict[Key, str]] = {}
    for fact, _, _ in facts_of(folded, tokenise(folded)):
        if fact.keys:
            stated.setdefault(fact.kind, {}).setdefault(fact.keys[0], fact.text)
    return stated
