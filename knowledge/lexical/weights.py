"""How rare words are, how long entries are: figures that may be minutes old in a large base, its languages seconds.

They only move weights: which entries have a word is asked at every question, and so is how many have a rare word.
"""

import math
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar
from uuid import UUID

from django.db.models import Avg, Count

from knowledge.lexical.counting import EVERY_ENTRY, word_number
from knowledge.lexical.rows import count_entries
from knowledge.models import Entry, KnowledgeBase, Posting

K1, B = 1.2, 0.75
_RARE = 50
"""A word that fewer entries have is counted at every question."""
_LARGE = 1_000
"""The size of a base with fewer entries is kept for a few seconds only; measuring a larger one takes milliseconds."""
_KEPT_S, _KEPT_BRIEFLY_S = 300, 5
_KEPT = 50_000

V = TypeVar("V")


@dataclass
class _Kept(Generic[V]):
    """Figures by key, each until its time; a bounded number of them, the oldest go first."""

    _rows: dict[object, tuple[float, V]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: object) -> V | None:
        with self._lock:
            until, value = self._rows.get(key, (-math.inf, None))
        return value if time.monotonic() < until else None

    def put(self, key: object, value: V, seconds: float) -> None:
        with self._lock:
            self._rows.pop(key, None)
            self._rows[key] = (time.monotonic() + seconds, value)
            if len(self._rows) > _KEPT:
                del self._rows[next(iter(self._rows))]

    def clear(self) -> None:
        with self._lock:
            self._rows.clear()


_frequencies: _Kept[int] = _Kept()
_sizes: _Kept[tuple[int, float]] = _Kept()
_languages: _Kept[tuple[str, ...]] = _Kept()


@dataclass(frozen=True)
class Bank:
    """The entries that are searched as one: how many, their average length in words, and their languages."""

    size: int
    length: float
    languages: tuple[str, ...]

    def rarity(self, found_in: int) -> float:
        """The weight (above 0) of a word that `found_in` entries have."""
        found_in = min(found_in, self.size)
        return math.log1p((self.size - found_in + 0.5) / (found_in + 0.5))

    def saturation(self, count: int, length: int) -> float:
        """BM25's worth (0 to 2.2) of a word that an entry of `length` words has `count` times."""
        return count * (K1 + 1) / (count + K1 * (1 - B + B * length / self.length))


def bank_of(bases: Sequence[UUID]) -> Bank:
    """The figures of knowledge bases that are searched together."""
    key = tuple(sorted(bases))
    sizes = _sizes.get(key)
    if sizes is None:
        sizes = _measure(key)
        if sizes[0]:
            _sizes.put(key, sizes, _KEPT_S if sizes[0] >= _LARGE else _KEPT_BRIEFLY_S)
    languages = _languages.get(key)
    if languages is None:
        languages = _spoken(key)
        _languages.put(key, languages, _KEPT_BRIEFLY_S)
    return Bank(*sizes, languages)


def forget_banks() -> None:
    """Have this process measure again: entries of some base changed."""
    _sizes.clear()
    _languages.clear()


def frequencies(numbers: Collection[int]) -> dict[int, int]:
    """In how many entries the words of these numbers are; those that no entry has are left out."""
    kept = {number: count for number in numbers if (count := _frequencies.get(number)) is not None}
    asked = [number for number in numbers if number not in kept]
    for number, found_in in count_entries(asked).items():
        kept[number] = found_in
        if found_in >= _RARE:
            _frequencies.put(number, found_in, _KEPT_S)
    return kept


def _measure(bases: Sequence[UUID]) -> tuple[int, float]:
    numbers = [word_number(base, EVERY_ENTRY) for base in bases]
    found = Posting.objects.filter(word__in=numbers).aggregate(size=Count("entry"), length=Avg("length"))
    return found["size"], max(found["length"] or 0.0, 1.0)


def _spoken(bases: Sequence[UUID]) -> tuple[str, ...]:
    """Languages of bases and of their entries. A new one must not wait: its words have stems of their own."""
    of_bases = KnowledgeBase.objects.filter(pk__in=bases).order_by().values_list("language")
    others = Entry.objects.filter(knowledge_base__in=bases, status=Entry.Status.PUBLISHED).exclude(language="")
    return tuple(sorted({language for (language,) in of_bases.union(others.order_by().values_list("language"))}))
