"""Retrieval at 503 real and 1,000, 10,000 and 100,000 generated entries: time, memory, rebuild and recall.

Beside `retrieve`, in turns and in the same run, stands the least anybody could do: embedding the question and one raw
query of Chroma. Every call gets a question of its own, so that nothing is answered from an earlier one. Where entries
are generated their questions have generated vectors, and the model embeds a real question of the same turn.
"""

import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles

import numpy as np
import psutil
from chromadb.api.models.Collection import Collection as RawCollection

from benchmarks import sandbox
from benchmarks.banks import passages_of, real_base
from benchmarks.clustered import Asked, ClusteredBank, KnownVectors
from benchmarks.reporting import Figure, line, options, say, show
from knowledge import indexing
from knowledge.embedding import Embedder, Matrix, as_embedded, get_embedder
from knowledge.models import Collection, KnowledgeBase
from knowledge.passages import passage_ids
from knowledge.retrieval import PASSAGES, retrieve
from knowledge.vector_store import get_writing_store
from knowledge.vectors import vectors_for

REAL_SIZE = 503
SIZES = (REAL_SIZE, 1_000, 10_000, 100_000)
# The sizes whose extra cost has a limit, and the two whose times are compared.
WITHIN_BUDGET = (REAL_SIZE, 10_000)
SMALL, LARGE = 1_000, 100_000
WARM_UP = 20
RECALL_QUESTIONS = 200
NEAREST = 10
DROPPED = 0.25
MB = 1_000_000
# A part of the passages: their ids, and their vectors in the same order.
Part = tuple[list[str], Matrix]


@dataclass
class Bank:
    """A base and what is asked of it; `parts` yields all its passages; a real one's are embedded by the model."""

    size: int
    real: bool
    base: KnowledgeBase
    questions: list[Asked]
    parts: Callable[[], Iterator[Part]]
    rebuilt_s: float = 0.0

    @property
    def collection(self) -> RawCollection:
        """Its collection, by chromadb's own client."""
        active = Collection.objects.get(knowledge_base=self.base, state=Collection.State.ACTIVE)
        return sandbox.raw_client().get_collection(active.name, embedding_function=None)


@dataclass
class Taken:
    """Milliseconds of each way and of each of `retrieve`'s own steps, after the warm-up; `first` is before it."""

    first: float = 0.0
    ways: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    steps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def p50(self, way: str) -> float:
        """The median of a way."""
        return median(self.ways[way])

    @property
    def extra(self) -> float:
        """What `retrieve` adds to embedding and one raw query, as a share of their sum."""
        return (self.p50("retrieve") - self.p50("raw query")) / (self.p50("embed") + self.p50("raw query"))


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = options(__doc__ or "")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help=f"entries; {REAL_SIZE} are the real ones")
    parser.add_argument("--questions", type=int, default=200, help="questions of each size and way")
    chosen = parser.parse_args()
    figures: list[Figure] = []
    taken: dict[int, Taken] = {}
    with sandbox.installation():
        say("Importing the real entries …")
        real = prepare_real(chosen.questions)
        for size in sorted(set(chosen.sizes)):
            bank = real if size == REAL_SIZE else prepare_generated(size, chosen.questions)
            build(bank)
            taken[size] = measure(bank, [asked.text for asked in real.questions])
            of_size = figures_of(bank, taken[size])
            # The largest size takes half an hour: what is known before is not lost with it.
            say("\n".join(map(line, of_size)))
            figures += of_size
    if SMALL in taken and LARGE in taken:
        growth = taken[LARGE].p50("retrieve") / taken[SMALL].p50("retrieve")
        figures.append(Figure(f"retrieve, median at {LARGE:,} to that at {SMALL:,}", growth, at_most=2))
    return show(figures, as_json=chosen.json)


def prepare_real(count: int) -> Bank:
    """Import the real entries; their questions are their own with every fourth word left out."""
    base, embedder, dice = real_base(), get_embedder(), random.Random(7)
    texts: dict[str, None] = {}
    questions = list(base.entries.order_by("reference").values_list("question", flat=True))
    for tries, question in enumerate(cycle(questions)):
        if len(texts) >= _needed(count):
            break
        kept = [word for word in question.split() if dice.random() > DROPPED]
        # Late in a small bank every way to leave words out has been taken.
        texts.setdefault(" ".join(kept if tries < 20 * _needed(count) else [*kept, str(tries)]) or question)
    say(f"Embedding {len(texts):,} questions …")
    asked = [
        Asked(text, vector) for text, vector in zip(texts, embedder.embed([*map(as_embedded, texts)]), strict=True)
    ]
    return Bank(base.entries.count(), True, base, asked, lambda: _parts_of(base, embedder))


def prepare_generated(size: int, count: int) -> Bank:
    """Write `size` generated entries with their words and vectors."""
    base = KnowledgeBase.objects.create(name=f"Generated {size:,}", slug=f"generated-{size}")
    made = ClusteredBank(base, size)
    say(f"Writing {size:,} entries, their words and vectors …")
    made.store(get_embedder().name, on_batch=_progress(size, "written"))
    return Bank(size, False, base, made.questions(_needed(count)), lambda: _parts_made(made))


def build(bank: Bank) -> None:
    """Build the bank's index from what SQL has, and keep the seconds; only real entries' vectors are made before."""
    embedder: Embedder = get_embedder()
    if bank.real:
        vectors_for(embedder, [text for texts in passages_of(bank.base) for text in texts])
    say(f"Building the index of {bank.size:,} entries …")
    started = time.perf_counter()
    indexing.rebuild(bank.base, get_writing_store(), KnownVectors(embedder.name), _progress(bank.size, "indexed"))
    bank.rebuilt_s = time.perf_counter() - started


def measure(bank: Bank, real_questions: Sequence[str]) -> Taken:
    """Ask in every way in turns, each turn beginning with another way."""
    taken, collection, questions = Taken(), bank.collection, iter(bank.questions)
    taken.first = _milliseconds(lambda: _retrieve(bank, next(questions), taken))
    # The model is asked for questions that nothing else asks, and `embed_one` keeps nothing.
    to_embed = cycle(real_questions)

    def whole() -> None:
        asked = next(questions)
        if bank.real:
            retrieve(asked.text, knowledge_bases=[bank.base.pk])
        else:
            get_embedder().embed_one(next(to_embed))
            retrieve(asked.text, knowledge_bases=[bank.base.pk], vector=asked.vector)

    ways: dict[str, Callable[[], object]] = {
        "retrieve": lambda: _retrieve(bank, next(questions), taken),
        "embed and retrieve": whole,
        "embed": lambda: get_embedder().embed_one(next(to_embed)),
        "raw query": lambda: _raw_query(collection, next(questions).vector, PASSAGES),
        f"raw query for {NEAREST}": lambda: _raw_query(collection, next(questions).vector, NEAREST),
    }
    turns = (len(bank.questions) - 1) // (len(ways) - 1)
    say(f"Asking {bank.size:,} entries {turns:,} questions in each of {len(ways)} ways …")
    for turn in range(turns):
        if turn == WARM_UP:
            taken.ways.clear()
            taken.steps.clear()
        names = list(ways)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            taken.ways[name].append(_milliseconds(ways[name]))
    return taken


def recall(bank: Bank) -> float:
    """The share of the 10 passages truly nearest that the index finds among its 10, over questions of visitors."""
    asked = bank.questions[-RECALL_QUESTIONS:]
    vectors = np.stack([one.vector for one in asked])
    best: list[list[tuple[float, str]]] = [[] for _ in asked]
    for ids, matrix in bank.parts():
        similarities = vectors @ matrix.T
        nearest = np.argsort(-similarities, axis=1)[:, :NEAREST]
        for row, places in enumerate(nearest):
            here = [(float(similarities[row, place]), ids[place]) for place in places]
            best[row] = sorted(best[row] + here, reverse=True)[:NEAREST]
    collection, found = bank.collection, 0
    for vector, exact in zip(vectors, best, strict=True):
        found += len(_raw_query(collection, vector, NEAREST) & {passage_id for _, passage_id in exact})
    return found / sum(map(len, best))


def figures_of(bank: Bank, taken: Taken) -> list[Figure]:
    """Return what is shown of one size."""
    name = f"{bank.size:,}: "
    limit = 0.5 if bank.size in WITHIN_BUDGET else None
    shown = [Figure(f"{name}retrieve, the first after the build", taken.first, "ms")]
    for way, times in taken.ways.items():
        shown.append(Figure(f"{name}{way}, median", median(times), "ms"))
        shown.append(Figure(f"{name}{way}, 95th percentile", quantiles(times, n=20)[-1], "ms"))
    shown += [Figure(f"{name}retrieve's step {step}, median", median(t), "ms") for step, t in taken.steps.items()]
    say("Comparing the index with exact search …")
    return [
        *shown,
        Figure(f"{name}all beyond embed and raw query, to their sum", taken.extra, at_most=limit),
        Figure(f"{name}recall@{NEAREST} of the index", recall(bank), at_least=0.99),
        Figure(f"{name}rebuild from SQL", bank.rebuilt_s, "s"),
        Figure(f"{name}memory of this process", psutil.Process().memory_info().rss / MB, "MB"),
        Figure(f"{name}memory of Chroma, smaller sizes included", _chroma_memory() / MB, "MB"),
        Figure(f"{name}index on disk, smaller sizes included", _bytes_in(sandbox.FOLDER / "chroma") / MB, "MB"),
        Figure(f"{name}database on disk, smaller sizes included", _database_bytes() / MB, "MB"),
    ]


def _needed(count: int) -> int:
    # One for the first touch, and one for each of the four ways that ask in each turn.
    return 1 + 4 * (count + WARM_UP)


def _retrieve(bank: Bank, asked: Asked, taken: Taken) -> None:
    result = retrieve(asked.text, knowledge_bases=[bank.base.pk], vector=asked.vector)
    if result.way != "index":
        raise SystemExit(f"“{asked.text}” was answered by {result.way}, not by the index: nothing to compare.")
    for step, milliseconds in result.milliseconds.items():
        taken.steps[step].append(milliseconds)


def _raw_query(collection: RawCollection, vector: Matrix, limit: int) -> set[str]:
    reply = collection.query(query_embeddings=vector[None], n_results=limit, include=["distances"])
    return set(reply["ids"][0])


def _parts_of(base: KnowledgeBase, embedder: Embedder) -> Iterator[Part]:
    entries = base.entries.order_by("pk")
    for entry, texts in zip(entries, passages_of(base), strict=True):
        yield passage_ids(entry.pk, entry.content_hash, len(texts)), vectors_for(embedder, texts)


def _parts_made(made: ClusteredBank) -> Iterator[Part]:
    for chunk in map(made.chunk, range(made.chunks())):
        yield chunk.ids, chunk.matrix


def _progress(size: int, done: str) -> Callable[[int], None]:
    """Return what is told the number of entries of each step, and says so ten times."""
    count = 0

    def tell(more: int) -> None:
        nonlocal count
        before, count = count, count + more
        if count * 10 // size > before * 10 // size:
            say(f"  {count:,} of {size:,} {done}")

    return tell


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _chroma_memory() -> int:
    """Bytes of the server that runs in this sandbox."""
    children = psutil.Process().children(recursive=True)
    return sum(child.memory_info().rss for child in children if str(sandbox.CHROMA_PORT) in child.cmdline())


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _database_bytes() -> int:
    return sum(file.stat().st_size for file in sandbox.FOLDER.glob("candor.sqlite3*"))


if __name__ == "__main__":
    sys.exit(main())
