"""Knowledge for tests: bases and entries that take only what matters, an embedder of words, what an index must hold."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from knowledge.embedding import Embedder, EmbeddingRefusedError, EmbeddingUnavailableError, Matrix
from knowledge.models import Collection, Entry, KnowledgeBase
from knowledge.passages import passage_ids, passages
from knowledge.services import save_entry
from knowledge.vector_store import Hit, MemoryStore, StoreUnavailableError, VectorStore

DIMENSION = 256


class WordEmbedder(Embedder):
    """A bag of words as a vector: texts that share words are near. It refuses the texts it is told to refuse."""

    batch_size = 16

    def __init__(self, name: str = "words") -> None:
        self.name = name
        self.embedded: list[str] = []
        self.refuses = ""
        self.down = False
        self.before: Callable[[Sequence[str]], object] = lambda _: None

    def embed_batch(self, texts: Sequence[str]) -> Matrix:
        """Return one row per text, the sum of its words' own directions."""
        self.before(texts)
        if self.down:
            raise EmbeddingUnavailableError("The embedding server is away.")
        if self.refuses and any(self.refuses in text for text in texts):
            raise EmbeddingRefusedError(f"The text has {self.refuses} in it.")
        self.embedded += texts
        return np.stack([_bag_of_words(text) for text in texts])


def _bag_of_words(text: str) -> Matrix:
    row = np.full(DIMENSION, 1e-3, np.float32)
    for word in text.casefold().split():
        row += _direction(word)
    return row


@cache
def _direction(word: str) -> Matrix:
    seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:4])
    return np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)


class MeddledStore(MemoryStore):
    """A store in memory during whose calls something happens: it goes away, it lies, somebody edits an entry."""

    def __init__(self) -> None:
        super().__init__()
        self.before_upsert: Callable[[], None] = lambda: None
        self.after_upsert: Callable[[], None] = lambda: None
        self.down = False
        self.blind = False

    def upsert(self, collection: str, ids: Sequence[str], vectors: Matrix) -> None:
        """Let things happen before and after the write."""
        self._answer()
        self.before_upsert()
        super().upsert(collection, ids, vectors)
        self.after_upsert()

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove ids."""
        self._answer()
        super().delete(collection, ids)

    def query(self, collection: str, vector: Matrix, limit: int) -> list[Hit]:
        """Find nothing while blind, as a truncated index file does."""
        self._answer()
        return [] if self.blind else super().query(collection, vector, limit)

    def create(self, collection: str) -> None:
        """Make an empty collection."""
        self._answer()
        super().create(collection)

    def drop(self, collection: str) -> None:
        """Remove a collection."""
        self._answer()
        super().drop(collection)

    def count(self, collection: str) -> int:
        """Return how many vectors the collection has, blind or not."""
        self._answer()
        return super().count(collection)

    def _answer(self) -> None:
        if self.down:
            raise StoreUnavailableError("Chroma is away.")


def once(action: Callable[[], object]) -> Callable[[], None]:
    """The action at the first call, nothing at later ones."""
    left = [action]

    def act() -> None:
        if left:
            left.pop()()

    return act


def make_base(name: str = "Shop") -> KnowledgeBase:
    """A knowledge base without entries."""
    return KnowledgeBase.objects.create(name=name, slug=name.lower().replace(" ", "-"))


def make_entry(
    base: KnowledgeBase,
    question: str = "When do you open?",
    answer: str = "At nine.",
    phrasings: Sequence[str] = (),
    **fields: Any,
) -> Entry:
    """An entry saved as an editor's is; published unless told otherwise."""
    fields = {"status": Entry.Status.PUBLISHED} | fields
    return save_entry(Entry(knowledge_base=base, question=question, answer=answer, **fields), phrasings=phrasings)


def make_entries(base: KnowledgeBase, number: int) -> list[Entry]:
    """Entries about different things."""
    return [make_entry(base, f"Where is thing{n}?", f"Thing{n} is in box{n}.") for n in range(number)]


def edit(entry: Entry, **fields: Any) -> Entry:
    """What another editor does meanwhile: load the row anew, change it, save it."""
    phrasings = fields.pop("phrasings", None)
    fresh = Entry.objects.get(pk=entry.pk)
    for name, value in fields.items():
        setattr(fresh, name, value)
    return save_entry(fresh, phrasings=phrasings)


def reload(entry: Entry) -> Entry:
    """The row as it is now."""
    return Entry.objects.get(pk=entry.pk)


def true_ids(base: KnowledgeBase) -> set[str]:
    """The ids an index of the base must have, reckoned from the texts of the published entries alone."""
    ids: set[str] = set()
    for entry in Entry.objects.filter(knowledge_base=base, status=Entry.Status.PUBLISHED):
        texts = passages(entry.question, entry.answer, [p.text for p in entry.phrasings.all()])
        ids |= set(passage_ids(entry.pk, entry.content_hash, len(texts)))
    return ids


def index_ids(base: KnowledgeBase, store: VectorStore, model: str = "words") -> set[str]:
    """The ids that the active collection of the base has."""
    return store.ids(Collection.objects.active(model).get(knowledge_base=base).name)
