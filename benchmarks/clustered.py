"""Knowledge bases as large as wanted, with vectors clustered as those of texts are, and words as unevenly spread.

Entries are written in bulk with what the services use (content hash, words, digests) instead of one `save_entry` each,
which would take hours and leave out nothing but history. A chunk is made by its number alone, so that whoever needs the
vectors again makes them again instead of keeping them in memory.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction

from knowledge.embedding import Embedder, Matrix
from knowledge.lexical import index_words
from knowledge.models import Entry, KnowledgeBase, Phrasing, Vector
from knowledge.passages import content_hash, passage_ids, passages, vector_digest

DIMENSION = 384
CHUNK = 1_000
ENTRIES_PER_TOPIC = 25
# How far an entry is from its topic, a passage from its entry, and a visitor's question from its passage.
ENTRY_OFFSET, PASSAGE_NOISE, QUESTION_NOISE = 0.7, 0.4, 0.4
VOCABULARY = 30_000
TOPIC_WORDS = 40
SYLLABLES = [
    c + v for c in ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "br", "st") for v in "aeiou"
]


class KnownVectors(Embedder):
    """Stands for the model while the index is built: every vector is in SQL, so being asked for one is a mistake."""

    batch_size = 64

    def __init__(self, name: str) -> None:
        self.name = name

    def embed_batch(self, texts: Sequence[str]) -> Matrix:
        """Refuse."""
        raise SystemExit(f"{len(texts)} generated texts have no vector in SQL, “{texts[0][:60]}” among them.")


@dataclass(frozen=True)
class Asked:
    """A question as a visitor may put it: some of an entry's words, and a vector near one of its phrasings."""

    text: str
    vector: Matrix


@dataclass(frozen=True)
class Chunk:
    """Up to a thousand entries with their phrasings, and the vectors of their passages, in order."""

    entries: list[Entry]
    phrasings: list[list[str]]
    vectors: list[Matrix]

    @property
    def ids(self) -> list[str]:
        """The ids of all passages in the index, in the order of `matrix`."""
        counts = map(len, self.vectors)
        return [i for e, n in zip(self.entries, counts, strict=True) for i in passage_ids(e.pk, e.content_hash, n)]

    @property
    def matrix(self) -> Matrix:
        """All vectors, one row per passage."""
        return np.vstack(self.vectors)


class ClusteredBank:
    """`size` published entries with 2 to 4 phrasings each; the same ones whenever they are made."""

    def __init__(self, base: KnowledgeBase, size: int) -> None:
        self.base, self.size = base, size
        self.topics = max(1, size // ENTRIES_PER_TOPIC)
        dice = np.random.default_rng(7)
        self._centres = _units(dice.standard_normal((self.topics, DIMENSION), np.float32))
        self._vocabulary = _vocabulary()
        ranks = 1 / np.arange(1, VOCABULARY + 1)
        self._steps = np.cumsum(ranks / ranks.sum())

    def chunks(self) -> int:
        """How many chunks the bank has."""
        return -(-self.size // CHUNK)

    def chunk(self, number: int) -> Chunk:
        """Make one chunk."""
        dice = np.random.default_rng([11, self.size, number])
        chunk = Chunk([], [], [])
        for place in range(number * CHUNK, min((number + 1) * CHUNK, self.size)):
            entry, phrasings = self._entry(dice, place)
            centre = self._centres[place % self.topics]
            middle = _units(centre + ENTRY_OFFSET * _direction(dice, 1)[0])
            noise = _direction(dice, len(phrasings) + 2)
            chunk.entries.append(entry)
            chunk.phrasings.append(phrasings)
            chunk.vectors.append(_units(middle + PASSAGE_NOISE * noise))
        return chunk

    def store(self, model: str, on_batch: Callable[[int], None]) -> None:
        """Write the entries, their words and their vectors by `model`; tells of each step how many entries it had."""
        for number in range(self.chunks()):
            chunk = self.chunk(number)
            with transaction.atomic():
                _write(chunk, model)
            on_batch(len(chunk.entries))

    def questions(self, count: int) -> list[Asked]:
        """Questions about entries from all over the bank, no two alike."""
        dice = np.random.default_rng([13, self.size])
        picked = np.sort(dice.choice(self.size, count, replace=count > self.size))
        asked: list[Asked] = []
        for number in range(self.chunks()):
            places = [int(place) % CHUNK for place in picked if place // CHUNK == number]
            chunk = self.chunk(number) if places else None
            asked += [_ask(dice, chunk, place) for place in places if chunk]
        return [asked[i] for i in dice.permutation(len(asked))]

    def _entry(self, dice: np.random.Generator, place: int) -> tuple[Entry, list[str]]:
        topic = place % self.topics
        # A name of its own, as a product or an error code is: no two entries have the same texts.
        question = f"{self._say(dice, topic, 8)} {place}?"
        phrasings = [f"{self._say(dice, topic, 6)} {place} {way}" for way in range(2 + place % 3)]
        entry = Entry(
            id=uuid.UUID(bytes=dice.bytes(16), version=4),
            knowledge_base=self.base,
            question=question,
            answer=f"{self._say(dice, topic, 50)}.",
            status=Entry.Status.PUBLISHED,
            version=1,
        )
        entry.content_hash = content_hash(entry.question, entry.answer, phrasings)
        return entry, phrasings

    def _say(self, dice: np.random.Generator, topic: int, count: int) -> str:
        """Words of everybody, the frequent ones often (Zipf), and one in three of the topic's own."""
        common = np.minimum(np.searchsorted(self._steps, dice.random(count)), VOCABULARY - 1)
        own = (topic * 7_919 + dice.integers(TOPIC_WORDS, size=count) * 31) % VOCABULARY
        words = np.where(dice.random(count) < 1 / 3, own, common)
        return " ".join(self._vocabulary[word] for word in words)


def _ask(dice: np.random.Generator, chunk: Chunk, place: int) -> Asked:
    slot = int(dice.integers(1, len(chunk.vectors[place])))
    texts = passages(chunk.entries[place].question, "", chunk.phrasings[place])
    # Without the entry's own number, and with a word nobody wrote, which makes every question a new one.
    words = [word for word in texts[slot].rstrip("?").split() if not word.isdigit() and dice.random() > 0.25]
    text = " ".join([*words, f"x{dice.integers(10**12):012}"])
    return Asked(text, _units(chunk.vectors[place][slot] + QUESTION_NOISE * _direction(dice, 1)[0]))


def _write(chunk: Chunk, model: str) -> None:
    Entry.objects.bulk_create(chunk.entries)
    Phrasing.objects.bulk_create(
        Phrasing(entry=entry, text=text, position=i)
        for entry, texts in zip(chunk.entries, chunk.phrasings, strict=True)
        for i, text in enumerate(texts)
    )
    index_words(list(zip(chunk.entries, chunk.phrasings, strict=True)))
    rows = []
    for entry, phrasings, vectors in zip(chunk.entries, chunk.phrasings, chunk.vectors, strict=True):
        for text, vector in zip(passages(entry.question, entry.answer, phrasings), vectors, strict=True):
            data = vector.astype("<f4").tobytes()
            rows.append(Vector(digest=vector_digest(model, text), model=model, data=data))
    Vector.objects.bulk_create(rows, batch_size=CHUNK)


def _vocabulary() -> list[str]:
    """Made-up words of two to four syllables, each once."""
    dice = np.random.default_rng(17)
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        words["".join(SYLLABLES[i] for i in dice.integers(len(SYLLABLES), size=int(dice.integers(2, 5))))] = None
    return list(words)


def _direction(dice: np.random.Generator, count: int) -> Matrix:
    return _units(dice.standard_normal((count, DIMENSION), np.float32))


def _units(vectors: Matrix) -> Matrix:
    units: Matrix = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return units
