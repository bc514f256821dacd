"""What retrieval must be ahead of, as strong as the textbooks have it: BM25, and one vector per entry."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from knowledge.embedding import Embedder
from knowledge.evaluation.asking import DEPTH, Steps, embed_all, questions_to_time, time_each
from knowledge.evaluation.datasets import BankEntry, Dataset
from knowledge.evaluation.figures import Answers
from knowledge.evaluation.metrics import Floats

K1, B = 1.2, 0.75
_WORD = re.compile(r"\w+")


class Bm25:
    """Okapi BM25 with k1 = 1.2 and b = 0.75 over lower-case words, in memory."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(_words(text)) for text in texts]
        lengths = np.array([count.total() for count in counts], np.float64)
        norms = K1 * (1 - B + B * lengths / max(lengths.mean(), 1.0))
        postings: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for row, count in enumerate(counts):
            for word, times in count.items():
                postings[word].append((row, times))
        self._size = len(texts)
        self._postings: dict[str, tuple[npt.NDArray[np.int64], Floats]] = {}
        for word, places in postings.items():
            rows, times_in = np.array(places).T
            rarity = np.log1p((len(texts) - len(rows) + 0.5) / (len(rows) + 0.5))
            self._postings[word] = rows, rarity * times_in * (K1 + 1) / (times_in + norms[rows])

    def scores(self, question: str) -> Floats:
        """Return the score of each text, in their order."""
        total = np.zeros(self._size)
        for word in _words(question):
            if word in self._postings:
                rows, weights = self._postings[word]
                total[rows] += weights
        return total


def ask_bm25(dataset: Dataset) -> Answers:
    """Answer every question of a set by its words alone."""
    ranker = Bm25([whole_text(entry) for entry in dataset.bank])
    return _answers(dataset, [ranker.scores(query.text) for query in dataset.queries], ranker.scores)


def ask_one_vector(dataset: Dataset, embedder: Embedder, steps: Steps) -> Answers:
    """Answer every question by its cosine with one vector per entry, both as they are written."""
    questions = embed_all(embedder, [query.text for query in dataset.queries], "Questions embedded as written", steps)
    texts = [whole_text(entry) for entry in dataset.bank]
    entries = embed_all(embedder, texts, "Entries embedded for the baseline", steps)
    scores = np.asarray(questions @ entries.T, np.float64)
    return _answers(dataset, list(scores), lambda text: np.asarray(entries @ embedder.embed_one(text), np.float64))


def whole_text(entry: BankEntry) -> str:
    """Return everything an entry says, a line each: its question, its phrasings, its answer."""
    return "\n".join(filter(None, (entry.question, *entry.phrasings, entry.answer)))


def _answers(dataset: Dataset, scores: Sequence[Floats], ask: Callable[[str], Floats]) -> Answers:
    """Rank by score, entries that tie in the order of the bank; the confidence is the best score."""
    hits = np.zeros((len(scores), DEPTH), np.bool_)
    for row, (query, scored) in enumerate(zip(dataset.queries, scores, strict=True)):
        for rank, place in enumerate(_best(scored)):
            hits[row, rank] = dataset.bank[place].id in query.relevant
    confidence = np.array([scored.max() for scored in scores], np.float64)
    milliseconds = time_each(questions_to_time(dataset.queries), lambda text: _best(ask(text)))
    return Answers(hits, confidence, None, milliseconds)


def _best(scores: Floats) -> npt.NDArray[np.int64]:
    return np.argsort(-scores, kind="stable")[:DEPTH]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
