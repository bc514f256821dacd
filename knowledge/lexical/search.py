"""Searching by words: which published entries have the words of a question, weighted by how rare those are (BM25).

The rows live in the database, so an edit is found by the next question of any process, and the ranking is the same on
SQLite and PostgreSQL.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from knowledge.lexical.counting import word_number
from knowledge.lexical.questions import terms_of
from knowledge.lexical.rows import Row, database_keys
from knowledge.lexical.tables import SQL_WORDS, WordTable

# Rows read to find candidates, the rarest words' first. More cost milliseconds, and bring entries that share only what
# everybody says.
_BUDGET = 250
# Candidates by their rarest words whose other words are looked at, for each that is wanted: these may turn the order.
_SPARE = 2

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


def search_words(question: str, *, knowledge_bases: Sequence[UUID], limit: int = 30) -> dict[UUID, LexicalMatch]:
    """The `limit` best published entries, best first, then by id; nothing for a question without words.

    Dates of validity are not looked at: the caller joins the entries.
    """
    search = WordSearch(question, knowledge_bases)
    matches = search.matches(search.best(limit * _SPARE))
    ranked = sorted(matches, key=lambda entry: (-matches[entry].bm25, entry))
    return {entry: matches[entry] for entry in ranked[:limit]}


class WordSearch:
    """One question's search, in two steps: which entries its rare words are in, then what some entries share with it.

    Between them the caller may find out which entries are worth the second.
    """

    def __init__(self, question: str, knowledge_bases: Sequence[UUID], table: WordTable = SQL_WORDS) -> None:
        bases = sorted(set(knowledge_bases))
        self._table = table
        self._bank = table.bank(bases)
        terms = terms_of(question, bases, self._bank, table) if self._bank.size else []
        self._terms = sorted(terms, key=lambda term: -term.weight)
        self.words = len(terms)
        """Different words of the question."""
        self._whole = sum(term.weight for term in terms)
        self._known = [at for at, term in enumerate(self._terms) if term.found_in]
        numbers = {at: [word_number(base, f) for base in bases for f in self._terms[at].forms] for at in self._known}
        self._numbers = numbers
        self._places: dict[int, list[int]] = {}
        for at, its in numbers.items():
            for number in its:
                self._places.setdefault(number, []).append(at)
        # What the first step read, where that was all there is.
        self._everything: dict[str, _Worths] | None = None

    def best(self, limit: int) -> list[UUID]:
        """Up to `limit` entries that have the rarest words, best first by those, then by id."""
        affordable = self._affordable()
        rows = self._table.rows_of([n for at in affordable for n in self._numbers[at]], _BUDGET)
        found = self._add_up(rows)
        if affordable == self._known and len(rows) < _BUDGET:
            self._everything = found
        scores = {key: self._bm25(worths) for key, worths in found.items()}
        # Keys stay text until here: making hundreds of UUID objects takes longer than the search.
        return [UUID(key) for key in sorted(scores, key=lambda key: (-scores[key], key))[:limit]]

    def matches(self, entries: Collection[UUID]) -> dict[UUID, LexicalMatch]:
        """What some entries share with the question; without those that share nothing."""
        found = self._everything
        if found is None:
            found = self._add_up(self._table.rows_in(list(self._places), entries))
        keys = zip(entries, map(str, database_keys(entries)), strict=True)
        return {entry: self._match(found[key]) for entry, key in keys if key in found}

    def _match(self, worths: _Worths) -> LexicalMatch:
        terms = [self._terms[at] for at in sorted(worths)]
        covered = sum(term.weight * term.trust for term in terms)
        return LexicalMatch(self._bm25(worths), covered / self._whole, tuple(term.typed for term in terms))

    def _bm25(self, worths: _Worths) -> float:
        # In the terms' order, so that equal entries have equal sums to the last bit.
        return sum(self._terms[at].weight * worths[at] for at in sorted(worths))

    def _affordable(self) -> list[int]:
        """The rarest words whose rows the budget pays, at least one."""
        chosen: list[int] = []
        spent = 0
        for at in self._known:
            spent += self._terms[at].found_in * len(self._terms[at].forms)
            if chosen and spent > _BUDGET:
                break
            chosen.append(at)
        return chosen

    def _add_up(self, rows: Iterable[Row]) -> dict[str, _Worths]:
        """Worth of the question's words by entry; of several forms of one word the best counts."""
        found: dict[str, _Worths] = {}
        saturation, terms, places = self._bank.saturation, self._terms, self._places
        for number, entry, count, length in rows:
            worths = found.setdefault(entry, {})
            worth = saturation(count, length)
            for at in places[number]:
                worths[at] = max(worths.get(at, 0.0), worth * terms[at].trust)
        return found
