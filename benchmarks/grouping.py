"""How well questions are grouped by meaning: pairwise precision and recall on public questions whose meaning is known.

    python -m benchmarks.grouping [--split test|dev]

Questions come in random order and are put together by `review.grouping` as the queue does it: those of half of the
intents, which the knowledge base is taken not to know, and all. A pair in one group is right if both have one intent.
The out-of-scope questions of hint3_sofmattress have no labels: pairs that were put together there are judged by hand,
in `benchmarks/data/grouped_pairs.jsonl`. The time is that of 10,000 questions in the same way.
"""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.sandbox import FOLDER  # isort: skip  (it sets the environment and starts Django)

from benchmarks.reporting import Figure, options, say, show
from knowledge.embedding import Matrix, as_embedded, get_embedder
from review.grouping import Groups

DATA = Path(__file__).resolve().parents[2] / "shared" / "benchmarks"
JUDGED = Path(__file__).with_name("data") / "grouped_pairs.jsonl"
MANY = 10_000
SEED = 0


def main() -> int:
    """Group and print; returns the exit code: 1 where precision was missed."""
    parser = options(__doc__ or "")
    parser.add_argument("--split", choices=["test", "dev"], default="test")
    chosen = parser.parse_args()
    if not DATA.exists():
        raise SystemExit(f"The public questions are not at {DATA}.")
    figures: list[Figure] = []
    for name in ("banking77", "banking77_oos", "clinc150", "hint3_sofmattress"):
        texts, intents = labelled(name, chosen.split)
        if not texts:
            continue
        say(f"{name}: {len(texts):,} questions …")
        vectors = embed(name, chosen.split, texts)
        figures += halves(name, vectors, intents)
        figures += quality(f"{name}, all intents", group(vectors), intents, wanted=name != "banking77_oos")
    if chosen.split == "test":
        figures += unlabelled()
    figures.append(Figure(f"{MANY:,} questions grouped in", timed(), "s"))
    return show(figures, as_json=chosen.json)


def labelled(name: str, split: str) -> tuple[list[str], list[str]]:
    """Questions that have an intent, with it, in random order."""
    rows = [json.loads(line) for line in (DATA / name / "queries.jsonl").open(encoding="utf-8")]
    mine = [row for row in rows if row["split"] == split and row["relevant"]]
    order = np.random.default_rng(SEED).permutation(len(mine))
    return [mine[i]["text"] for i in order], [mine[i]["relevant"][0] for i in order]


def embed(name: str, split: str, texts: Sequence[str]) -> Matrix:
    """Vectors of questions, one by one as visitors' are; kept for the length of this run."""
    kept = FOLDER / f"{name}-{split}.npy"
    if not kept.exists():
        embedder = get_embedder()
        np.save(kept, np.stack([embedder.embed_one(as_embedded(text)) for text in texts]))
    vectors: Matrix = np.load(kept)
    return vectors


def group(vectors: Matrix) -> list[int]:
    """Put questions together as they come."""
    groups = Groups()
    return [groups.place(vector)[0] for vector in vectors]


def halves(name: str, vectors: Matrix, intents: Sequence[str]) -> list[Figure]:
    """Each half of the intents held back from the knowledge base, and only its questions in the queue."""
    found = []
    for half in (0, 1):
        held = set(sorted(set(intents))[half::2])
        mine = [i for i, intent in enumerate(intents) if intent in held]
        found.append(pairwise(group(vectors[mine]), [intents[i] for i in mine]))
    precision, recall = (float(np.mean([one[k] for one in found])) for k in (0, 1))
    return [
        Figure(f"{name}, half of the intents held back: precision of pairs", precision, at_least=0.9),
        Figure(f"{name}, half of the intents held back: recall of pairs", recall),
    ]


def quality(name: str, groups: Sequence[int], intents: Sequence[str], *, wanted: bool) -> list[Figure]:
    """Precision and recall of pairs, and how many groups there are."""
    precision, recall = pairwise(groups, intents)
    return [
        Figure(f"{name}: precision of pairs", precision, at_least=0.9 if wanted else None),
        Figure(f"{name}: recall of pairs", recall),
        Figure(f"{name}: groups of {len(groups):,} questions", len(set(groups))),
    ]


def pairwise(groups: Sequence[int], intents: Sequence[str]) -> tuple[float, float]:
    """Of pairs in one group the share with one intent; of pairs with one intent the share in one group."""
    together, same, both = Counter(groups), Counter(intents), Counter(zip(groups, intents, strict=True))
    right = pairs_in(both)
    return right / max(pairs_in(together), 1), right / max(pairs_in(same), 1)


def pairs_in(counts: Mapping[Any, int]) -> int:
    """How many pairs there are within groups of these sizes."""
    return sum(n * (n - 1) // 2 for n in counts.values())


def unlabelled() -> list[Figure]:
    """Out-of-scope questions of live users: every pair that was put together, as it was judged by hand."""
    rows = [json.loads(line) for line in (DATA / "hint3_sofmattress" / "queries.jsonl").open(encoding="utf-8")]
    mine = [row for row in rows if not row["relevant"]]
    groups = group(embed("hint3-oos", "test", [row["text"] for row in mine]))
    judged = {frozenset(row["pair"]): row["same"] for row in map(json.loads, JUDGED.open(encoding="utf-8"))}
    pairs = [
        frozenset((mine[i]["id"], mine[j]["id"])) for i in range(len(mine)) for j in range(i) if groups[i] == groups[j]
    ]
    unknown = [sorted(pair) for pair in pairs if pair not in judged]
    for pair in unknown:
        say(f"Not judged yet: {pair} {[row['text'] for row in mine if row['id'] in pair]}")
    right = sum(bool(judged.get(pair)) for pair in pairs)
    return [
        Figure("hint3_sofmattress, out of scope: pairs put together", len(pairs)),
        Figure("hint3_sofmattress, out of scope: precision of pairs", right / max(len(pairs), 1), at_least=0.9),
    ]


def timed() -> float:
    """Seconds to group ten thousand questions as they come, of two thousand meanings."""
    dice = np.random.default_rng(SEED)
    centres = dice.standard_normal((MANY // 5, 384)).astype(np.float32)
    vectors = centres[dice.integers(0, len(centres), MANY)] + 0.4 * dice.standard_normal((MANY, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    began = time.perf_counter()
    group(vectors)
    return time.perf_counter() - began


if __name__ == "__main__":
    raise SystemExit(main())
