"""Searching by words: which published entries have the words of a question, weighted by how rare those are (BM25).

The rows live in the database, so an edit is found by the next question of any process, and the ranking is the same on
SQLite and PostgreSQL.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast

from knowledge.lexical.counting import word_number
from knowledge.lexical.questions import Term, terms_of
from knowledge.lexical.weights import Bank, bank_of
from knowledge.models import Entry, Posting

# Rows read to find candidates, the rarest words' first. More cost milliseconds, and bring entries that share only what
# everybody says.
_BUDGET = 500
# Candidates by the rarest words whose other words are looked at, for each that is wanted.
_SPARE = 2

_Row = tuple[int, str, int, int]
"""Of a posting: number of the word, key of the entry as text, count, length."""
_Worths = dict[int, float]
"""Of one entry: what each word of the question is worth in it, by the word's place among the terms."""


@dataclass(frozen=True)
class LexicalMatch:
    """What an entry shares with a question."""

    bm25: float
    """Summed over the question's words; 0 or more, without an upper bound."""
    coverage: float
    """Share (0 to 1) of the rarity of the question's words that the entry has."""
    words: tuple[str, ...]
    """The question's words that agree, as typed, the rarest first."""


def search_words(
    question: str, *, knowledge_bases: Sequence[UUID], also: Collection[UUID] = (), limit: int = 30
) -> dict[UUID, LexicalMatch]:
    """The `limit` best published entries and each of `also` that shares a word, best first, then by id.

    Nothing for a question without words. Dates of validity are not looked at: the caller joins the entries.
    """
    bases = sorted(set(knowledge_bases))
    bank = bank_of(bases)
    terms = terms_of(question, bases, bank) if bank.size else []
    search = _Search(bases, bank, sorted(terms, key=lambda term: -term.weight))
    found = search.found(limit, also)
    ranked = search.ranked(found)
    # Keys stay text until the end: making hundreds of UUID objects takes longer than the search.
    wanted = {*ranked[:limit], *map(_key, also)}
    return {UUID(key): search.match(found[key]) for key in ranked if key in wanted}


def _key(entry: UUID) -> str:
    """An entry's key as the rows have it: SQLite writes it without dashes."""
    return str(Entry._meta.pk.get_db_prep_value(entry, connection))


class _Search:
    """One question's search; `terms` with the rarest first."""

    def __init__(self, bases: Sequence[UUID], bank: Bank, terms: Sequence[Term]) -> None:
        self._bank, self._terms = bank, terms
        self._whole = sum(term.weight for term in terms)
        self._known = [at for at, term in enumerate(terms) if term.found_in]
        self._numbers = {at: [word_number(base, f) for base in bases for f in terms[at].forms] for at in self._known}

    def found(self, limit: int, also: Collection[UUID]) -> dict[str, _Worths]:
        """Entries that share words, at least the best `limit` and those of `also`, with all that they share."""
        affordable = self._affordable()
        rows = list(self._rows(affordable).order_by("word", "entry_id")[:_BUDGET]) if affordable else []
        found = self._add_up(rows)
        if affordable == self._known and len(rows) < _BUDGET:
            return found
        chosen = {*map(UUID, self.ranked(found)[: limit * _SPARE]), *also}
        return self._add_up(list(self._rows(self._known).filter(entry__in=chosen)))

    def ranked(self, found: Mapping[str, _Worths]) -> list[str]:
        """The keys of entries, best first, then by key."""
        scores = {key: self._bm25(worths) for key, worths in found.items()}
        return sorted(scores, key=lambda key: (-scores[key], key))

    def match(self, worths: _Worths) -> LexicalMatch:
        """What an entry shares, in figures and words."""
        terms = [self._terms[at] for at in sorted(worths)]
        covered = sum(term.weight * term.trust for term in terms)
        return LexicalMatch(self._bm25(worths), covered / self._whole, tuple(term.typed for term in terms))

    def _bm25(self, worths: _Worths) -> float:
        # In the terms' order, so that equal entries have equal sums to the last bit.
        return sum(self._terms[at].weight * worths[at] for at in sorted(worths))

    def _affordable(self) -> list[int]:
        """The rarest terms whose rows are read to find candidates: one at least."""
        spent = 0
        chosen: list[int] = []
        for at in self._known:
            spent += self._terms[at].found_in * len(self._terms[at].forms)
            if chosen and spent > _BUDGET:
                break
            chosen.append(at)
        return chosen

    def _rows(self, places: Iterable[int]) -> "QuerySet[Posting, _Row]":
        numbers = [number for at in places for number in self._numbers[at]]
        return (
            Posting.objects.filter(word__in=numbers)
            .annotate(key=Cast(F("entry_id"), TextField()))
            .values_list("word", "key", "count", "length")
        )

    def _add_up(self, rows: Iterable[_Row]) -> dict[str, _Worths]:
        """Worth of the question's words by entry; of several forms of one word the best counts."""
        places: dict[int, list[int]] = {}
        for at, numbers in self._numbers.items():
            for number in numbers:
                places.setdefault(number, []).append(at)
        found: dict[str, _Worths] = {}
        for number, entry, count, length in rows:
            worths = found.setdefault(entry, {})
            saturation = self._bank.saturation(count, length)
            for at in places[number]:
                worths[at] = max(worths.get(at, 0.0), saturation * self._terms[at].trust)
        return found
