"""What is looked for: the distinct words of a question, in every form in which entries may have them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from knowledge.lexical.counting import word_number
from knowledge.lexical.function_words import is_common
from knowledge.lexical.stems import forms
from knowledge.lexical.tables import WordTable
from knowledge.lexical.typos import neighbours
from knowledge.lexical.weights import Bank
from knowledge.lexical.words import Word, words

# A visitor's question has up to 4,000 characters; a pasted e-mail says what it wants early.
_MOST_CHARACTERS = 4_000
_MOST_TERMS = 64
# Misspelled words that are corrected: each costs some 500 look-ups in an index.
_MOST_CORRECTED = 4
_TRUST_IN_CORRECTION = 0.6
# Of 1, 0.3 and 0.1 the best on the dev splits of two public sets: rarity alone is weak in a small base.
_COMMON = 0.3


@dataclass(frozen=True)
class Term:
    """A word of the question."""

    typed: str
    forms: tuple[str, ...]
    found_in: int
    """Entries that have the form that most entries have."""
    weight: float
    trust: float = 1.0
    """Below 1 for a word that nobody has, taken for another that looks alike."""


def terms_of(question: str, bases: Sequence[UUID], bank: Bank, table: WordTable) -> list[Term]:
    """The distinct words of a question in their order, those that no entry has among them."""
    spoken = _spoken(question, bank.languages)
    counts = _count({form for variants in spoken for form in variants}, bases, table)
    unknown = [variants for variants in spoken if not any(form in counts for form in variants)]
    corrections = _correct(unknown[:_MOST_CORRECTED], bases, table)
    return [_term(spoken[it].typed, it, counts, corrections.get(it, {}), bank) for it in spoken]


def _spoken(question: str, languages: Sequence[str]) -> dict[tuple[str, ...], Word]:
    """The first distinct words, by the forms they have in the languages of the entries."""
    spoken: dict[tuple[str, ...], Word] = {}
    for word in words(question[:_MOST_CHARACTERS]):
        variants = dict.fromkeys(form for language in languages for form in forms(word.form, language))
        spoken.setdefault(tuple(variants), word)
        if len(spoken) == _MOST_TERMS:
            break
    return spoken


def _count(wanted: Collection[str], bases: Sequence[UUID], table: WordTable) -> dict[str, int]:
    """In how many entries of the bases words are; without those that no entry has."""
    numbers = {word_number(base, form): form for form in wanted for base in bases}
    counts: dict[str, int] = {}
    for number, found_in in table.frequencies(numbers).items():
        counts[numbers[number]] = counts.get(numbers[number], 0) + found_in
    return counts


def _correct(
    unknown: Iterable[tuple[str, ...]], bases: Sequence[UUID], table: WordTable
) -> dict[tuple[str, ...], dict[str, int]]:
    """What words that no entry has may be slips of: the word that most entries have, and in how many it is."""
    guesses = {variants: frozenset().union(*map(neighbours, variants)) for variants in unknown}
    counts = _count(set().union(*guesses.values()), bases, table)
    found = {variants: [guess for guess in near if guess in counts] for variants, near in guesses.items()}
    best = {variants: min(near, key=lambda guess: (-counts[guess], guess)) for variants, near in found.items() if near}
    return {variants: {guess: counts[guess]} for variants, guess in best.items()}


def _term(
    typed: str, variants: tuple[str, ...], counts: dict[str, int], correction: dict[str, int], bank: Bank
) -> Term:
    known = {form: counts[form] for form in variants if form in counts} or correction
    found_in = max(known.values(), default=0)
    trust = _TRUST_IN_CORRECTION if known is correction else 1.0
    weight = bank.rarity(found_in) * (_COMMON if is_common(variants[0], bank.languages) else 1.0)
    return Term(typed, tuple(known), found_in, weight, trust)
