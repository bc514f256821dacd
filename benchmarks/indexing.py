"""Indexing: rebuilds against embedding alone and against Chroma alone, and what a thousand edits at once cost."""

import sys
import time
from collections.abc import Callable, Sequence
from itertools import accumulate
from statistics import median

import numpy as np

from benchmarks import sandbox
from benchmarks.banks import generated_base, passages_of, real_base, store_vectors
from benchmarks.reporting import Figure, options, say, show
from benchmarks.twin import Twin
from knowledge import indexing, services
from knowledge.embedding import Embedder, Matrix, get_embedder
from knowledge.models import Entry, KnowledgeBase, StoreHealth, Vector
from knowledge.passages import vector_digest
from knowledge.vector_store import get_writing_store
from knowledge.vectors import stored_vectors

BULK = 1_000
BULK_LIMIT_S = 300
CLOCK_S = 30


class CountingEmbedder(Embedder):
    """Stands for a model whose vectors are all known, and counts the texts it is asked for all the same."""

    name = "generated"
    batch_size = 64

    def __init__(self) -> None:
        self.texts = 0

    def embed_batch(self, texts: Sequence[str]) -> Matrix:
        """Count, and return something valid."""
        self.texts += len(texts)
        return np.ones((len(texts), 384), np.float32)


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = options(__doc__ or "")
    parser.add_argument("--entries", type=int, default=10_000, help="generated entries whose vectors are known")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("embedding", "known", "bulk"), help="measure only this")
    chosen = parser.parse_args()
    parts: dict[str, Callable[[], list[Figure]]] = {
        "embedding": lambda: against_embedding(chosen.rounds),
        "known": lambda: with_known_vectors(chosen.entries, chosen.rounds),
        "bulk": bulk_edit,
    }
    with sandbox.installation():
        wanted = [measure for name, measure in parts.items() if chosen.only in (None, name)]
        figures = [figure for measure in wanted for figure in measure()]
    return show(figures, as_json=chosen.json)


def against_embedding(rounds: int) -> list[Figure]:
    """Rebuild the index of real entries with no vector known, in turns with embedding the same texts at one go."""
    base, embedder = real_base(), get_embedder()
    entries = passages_of(base)
    texts = [text for passages in entries for text in passages]
    embedder.embed(texts[:50])
    alone, whole = [], []
    for number in range(rounds):
        say(f"Embedding alone and rebuild, round {number + 1} of {rounds} …")
        alone.append(seconds(lambda: embedder.embed(texts)))
        Vector.objects.all().delete()
        whole.append(seconds(lambda: services.rebuild_index(base)))
    base.delete()
    return [
        Figure("embedding the texts alone", len(entries) / median(alone), "entries/s"),
        Figure("rebuild_index, no vector known", len(entries) / median(whole), "entries/s"),
        Figure("ratio, rebuild to embedding alone", median(alone) / median(whole), at_least=0.8),
    ]


def with_known_vectors(size: int, rounds: int) -> list[Figure]:
    """Rebuild the index of generated entries, in turns with upserting the same vectors by Chroma's own client."""
    say(f"Generating {size:,} entries and their vectors …")
    embedder = CountingEmbedder()
    base = generated_base("Generated", size, status=Entry.Status.PUBLISHED)
    store_vectors(base, embedder.name)
    taken = []
    for number in range(rounds):
        say(f"Rebuild beside raw upserts, round {number + 1} of {rounds} …")
        taken.append(_rebuild_beside_twin(base, embedder))
    base.delete()
    ours, raw = (median(seconds) for seconds in zip(*taken, strict=True))
    return [
        Figure(f"rebuild_index of {size:,} entries, vectors known", ours, "s"),
        Figure("raw upsert of the same vectors", raw, "s"),
        Figure("ratio, rebuild to raw upsert", median(ours / raw for ours, raw in taken), at_most=1.5),
        Figure("texts embedded by it", embedder.texts, at_most=0),
    ]


def _rebuild_beside_twin(base: KnowledgeBase, embedder: Embedder) -> tuple[float, float]:
    entries = passages_of(base)
    known = stored_vectors([vector_digest(embedder.name, text) for texts in entries for text in texts])
    vectors = np.stack([known[vector_digest(embedder.name, text)] for texts in entries for text in texts])
    with sandbox.second_chroma() as client:
        twin = Twin(client, vectors, list(accumulate(map(len, entries))))
        whole = seconds(lambda: indexing.rebuild(base, get_writing_store(), embedder, twin.follow))
        ours = whole - twin.seconds
        twin.finish()
    return ours, twin.seconds


def bulk_edit() -> list[Figure]:
    """Publish a thousand drafts in one action while a real worker runs, and count the runs that indexed any."""
    log = sandbox.FOLDER / "worker.log"
    drafts = generated_base("Bulk", BULK, status=Entry.Status.DRAFT).entries.all()
    with sandbox.worker(log):
        _wait(StoreHealth.objects.exists, "The worker did not start.")
        say(f"Publishing {BULK:,} entries at once …")
        started = time.perf_counter()
        services.set_status(drafts, Entry.Status.PUBLISHED)
        saved = time.perf_counter() - started
        _wait(lambda: not Entry.objects.dirty().exists(), "The entries were not indexed.")
        live = time.perf_counter() - started
        say("Waiting for the clock, in case it finds work left …")
        time.sleep(CLOCK_S + 2)
    return [
        Figure(f"{BULK:,} entries in one action: the action", saved, "s"),
        Figure("until all were live", live, "s"),
        Figure("worker runs that indexed any", log.read_text().count("index_drained"), at_most=3),
    ]


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _wait(until: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + BULK_LIMIT_S
    while not until():
        if time.monotonic() > deadline:
            raise SystemExit(f"{otherwise} Waited {BULK_LIMIT_S} s.")
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
