"""Retrieval with its join to SQL, against embedding the same question and one raw Chroma query of the same size."""

import random
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median, quantiles

from benchmarks import sandbox
from benchmarks.banks import real_base
from benchmarks.reporting import Figure, options, say, show
from knowledge.embedding import get_embedder
from knowledge.models import Collection, KnowledgeBase
from knowledge.retrieval import PASSAGES, retrieve
from knowledge.services import rebuild_index

QUESTIONS = 200
WARM_UP = 20
DROPPED = 0.25


def main() -> int:
    """Measure and print; returns the exit code."""
    chosen = options(__doc__ or "").parse_args()
    with sandbox.installation():
        base = real_base()
        say("Building its index …")
        rebuild_index(base)
        ours, raw = measure(base)
    figures = [
        Figure("retrieve, median", median(ours), "ms"),
        Figure("retrieve, 95th percentile", quantiles(ours, n=20)[-1], "ms"),
        Figure("embed + raw query, median", median(raw), "ms"),
        Figure("embed + raw query, 95th percentile", quantiles(raw, n=20)[-1], "ms"),
        Figure("ratio of the medians", median(ours) / median(raw), at_most=1.5),
    ]
    return show(figures, as_json=chosen.json)


def measure(base: KnowledgeBase) -> tuple[list[float], list[float]]:
    """Return milliseconds of both ways for the same questions, asked in turns: ours first, then raw first."""
    collection = sandbox.raw_client().get_collection(
        Collection.objects.get(knowledge_base=base, state=Collection.State.ACTIVE).name, embedding_function=None
    )

    def ours(question: str) -> None:
        if retrieve(question, knowledge_bases=[base.pk]).way != "index":
            raise SystemExit("The index did not answer, so there is nothing to compare.")

    def raw(question: str) -> None:
        vector = get_embedder().embed_one(question)
        collection.query(query_embeddings=vector[None], n_results=PASSAGES, include=["distances"])

    taken: dict[Callable[[str], None], list[float]] = {ours: [], raw: []}
    for number, question in enumerate(shortened_questions(base)):
        for way in (ours, raw) if number % 2 else (raw, ours):
            started = time.perf_counter()
            way(question)
            taken[way].append((time.perf_counter() - started) * 1000)
    return taken[ours][WARM_UP:], taken[raw][WARM_UP:]


def shortened_questions(base: KnowledgeBase) -> Sequence[str]:
    """Return questions as people type them: the entries' own with every fourth word left out."""
    dice = random.Random(7)
    questions = list(base.entries.order_by("reference").values_list("question", flat=True))
    picked = [dice.choice(questions) for _ in range(QUESTIONS + WARM_UP)]
    return [" ".join(w for w in question.split() if dice.random() > DROPPED) or question for question in picked]


if __name__ == "__main__":
    sys.exit(main())
