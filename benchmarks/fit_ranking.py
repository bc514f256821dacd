"""The constants of `knowledge.ranking`: fitted on the dev splits of the public sets, through the product's own search.

Run: python -m benchmarks.fit_ranking (about ten minutes). It prints what the constants should be and changes nothing.

Each question is a choice between the entries that were found and "none of these". The weights make the choices that
were right as likely as they can be (maximum likelihood of a conditional logit); every set weighs the same.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from functools import partial
from typing import TYPE_CHECKING

import django
import numpy as np
import numpy.typing as npt

from benchmarks.product import ROOT
from benchmarks.reporting import say

if TYPE_CHECKING:
    from knowledge.retrieval import Retrieval

SETS = ROOT.parent / "shared" / "benchmarks"
BANKS = (
    ("banking77", "faqs.jsonl"),
    ("banking77", "faqs_10shot.jsonl"),
    ("banking77_oos", "faqs.jsonl"),
    ("clinc150", "faqs.jsonl"),
    ("clinc150", "faqs_10shot.jsonl"),
)
NAMES = ("PHRASING", "ENTRY", "AGREEMENT", "BM25", "COVERAGE", "NONE_OF_THESE")
WEIGHED = 40  # more than are ever weighed for a question
SHRINK = 1e-5
STEPS = 40
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Choices:
    """Questions' options: evidence (n, options, 6), which exist and which are right (n, options), weights (n,)."""

    evidence: Floats
    exists: npt.NDArray[np.bool_]
    right: npt.NDArray[np.bool_]
    weights: Floats


def main() -> int:
    """Fit and print; returns the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DEBUG", "1")
    os.environ.setdefault("SECRET_KEY", "only to measure")
    django.setup()
    present = [(folder, bank) for folder, bank in BANKS if (SETS / folder).is_dir()]
    if not present:
        say(f"There is nothing in {SETS} to fit on.")
        return 1
    options = [options_of(folder, bank) for folder, bank in present]
    weights = fit(joined(options))
    for name, weight in zip(NAMES, weights, strict=True):
        say(f"{name} = {weight:.2f}")
    return 0


def options_of(folder: str, bank: str) -> list[tuple[Floats, npt.NDArray[np.bool_]]]:
    """Ask a set's dev questions; for each its options' evidence (options, 6) and which are right, none of these last.

    Questions whose entry was not found at all teach nothing and are left out.
    """
    from knowledge.embedding import get_embedder  # noqa: PLC0415  (Django must be set up first)
    from knowledge.evaluation import load_dataset  # noqa: PLC0415
    from knowledge.evaluation.running import fill  # noqa: PLC0415
    from knowledge.evaluation.scratch import scratch  # noqa: PLC0415
    from knowledge.models import KnowledgeBase  # noqa: PLC0415
    from knowledge.retrieval import retrieve  # noqa: PLC0415

    dataset, embedder = load_dataset(SETS / folder, bank=bank, split="dev"), get_embedder()
    say(f"{folder}, {bank}: {len(dataset.queries):,} questions …")
    vectors = embedder.embed([query.text for query in dataset.queries])
    made = []
    with scratch() as store:
        base = KnowledgeBase.objects.create(name=folder, slug="scratch")
        ids = fill(base, dataset.bank, store, embedder, _quietly)
        ask = partial(retrieve, knowledge_bases=[base.pk], limit=WEIGHED, store=store)
        for query, vector in zip(dataset.queries, vectors, strict=True):
            found = ask(query.text, vector=vector)
            relevant = [ids[candidate.entry.pk] in query.relevant for candidate in found.candidates]
            if not query.relevant or any(relevant):
                made.append((_evidence(found), np.array([*relevant, not query.relevant])))
    return made


def _evidence(found: "Retrieval") -> Floats:
    rows = np.zeros((len(found.candidates) + 1, len(NAMES)))
    for row, candidate in enumerate(found.candidates):
        rows[row, :-1] = astuple(candidate.evidence)[:5]
    rows[-1, -1] = 1.0
    return rows


def joined(sets: list[list[tuple[Floats, npt.NDArray[np.bool_]]]]) -> Choices:
    """Put the questions of all sets into arrays, filled up with options that do not exist."""
    questions = [question for of_set in sets for question in of_set]
    most = max(len(right) for _, right in questions)
    evidence = np.zeros((len(questions), most, len(NAMES)))
    exists, right = np.zeros((2, len(questions), most), np.bool_)
    for row, (values, marks) in enumerate(questions):
        evidence[row, : len(marks)], exists[row, : len(marks)], right[row, : len(marks)] = values, True, marks
    weights = np.concatenate([np.full(len(of_set), 1 / len(of_set) / len(sets)) for of_set in sets])
    return Choices(evidence, exists, right, weights)


def fit(choices: Choices) -> Floats:
    """Return the six weights of the highest likelihood, by Newton's method with halved steps."""
    weights = np.zeros(len(NAMES))
    value, slope, curve = _likelihood(choices, weights)
    for _ in range(STEPS):
        step = np.linalg.solve(curve, slope)
        while True:
            next_value, next_slope, next_curve = _likelihood(choices, weights + step)
            if next_value >= value or np.abs(step).max() < 1e-6:
                break
            step /= 2
        weights, value, slope, curve = weights + step, next_value, next_slope, next_curve
        if np.abs(step).max() < 1e-4:
            break
    return weights


def _likelihood(choices: Choices, weights: Floats) -> tuple[float, Floats, Floats]:
    """Return the log-likelihood, its slope (6,), and the curvature of its concave part, negated (6, 6)."""
    scores = np.where(choices.exists, choices.evidence @ weights, -np.inf)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    true = np.where(choices.right, shares, 0.0)
    hit = np.maximum(true.sum(axis=1, keepdims=True), 1e-12)
    value = float(choices.weights @ np.log(hit[:, 0])) - SHRINK * float(weights @ weights)
    slope = np.einsum("n,no,nof->f", choices.weights, true / hit - shares, choices.evidence) - 2 * SHRINK * weights
    mean = np.einsum("no,nof->nf", shares, choices.evidence)
    second = np.einsum("n,no,nof,nog->fg", choices.weights, shares, choices.evidence, choices.evidence, optimize=True)
    curve = second - (mean * choices.weights[:, None]).T @ mean + 2 * SHRINK * np.eye(len(weights))
    return value, slope, curve


@contextmanager
def _quietly(_what: str, _number: int) -> Iterator["partial[None]"]:
    yield partial(lambda _done: None)


if __name__ == "__main__":
    raise SystemExit(main())
