"""From answers to the figures that are reported: which metric is asked of which questions, and where none applies."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from knowledge.confidence import Verdict
from knowledge.evaluation import metrics
from knowledge.evaluation.datasets import Query
from knowledge.evaluation.metrics import Bools, Floats

OFFERS = 3


@dataclass(frozen=True)
class Answers:
    """What one way of answering did, a row per question; `milliseconds` are of the questions that were timed.

    `verdicts` is None for a way whose confidence is no probability and has no thresholds.
    """

    hits: Bools
    confidence: Floats
    verdicts: Sequence[Verdict] | None
    milliseconds: Sequence[float]


def figures_of(answers: Answers, queries: Sequence[Query]) -> dict[str, Any]:
    """Return every figure by its name in the report; None for one that does not apply.

    `n` counts all questions, `n_out_of_scope` those among them that have no answer.
    """
    inside = np.array([query.in_scope for query in queries], np.bool_)
    hits = answers.hits[inside]
    relevant = np.array([len(query.relevant) for query in queries if query.in_scope], np.int64)
    right, sure = answers.hits[:, 0], answers.confidence
    figures: dict[str, Any] = {"n": len(queries), "n_out_of_scope": int((~inside).sum())}
    figures |= {f"hit@{k}": metrics.hit_at(hits, k) for k in (1, 3, 5)}
    figures |= {
        "mrr@10": metrics.mean_reciprocal_rank(hits),
        "ndcg@10": metrics.ndcg(hits, relevant),
        "auroc": metrics.auroc(sure[inside], sure[~inside]),
        "answered_at_precision_90": metrics.answered_at_precision(sure, right, inside, 0.90),
        "answered_at_precision_95": metrics.answered_at_precision(sure, right, inside, 0.95),
        **_at_thresholds(answers, inside),
        **_calibration(answers),
        "p50_ms": float(np.percentile(answers.milliseconds, 50)),
        "p95_ms": float(np.percentile(answers.milliseconds, 95)),
    }
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in figures.items()}


def _at_thresholds(answers: Answers, inside: Bools) -> dict[str, float | None]:
    """What visitors would get: an answer where there is none, none where there is one, the wrong one."""
    if answers.verdicts is None:
        return {"false_answers": None, "false_refusals": None, "wrong_answers": None}
    quoted = np.array([v == Verdict.QUOTE for v in answers.verdicts], np.bool_)
    asked_back = np.array([v == Verdict.CLARIFY for v in answers.verdicts], np.bool_)
    offered = asked_back & answers.hits[:, :OFFERS].any(axis=1)
    return {
        "false_answers": metrics.share(quoted[~inside]),
        "false_refusals": metrics.share(~(quoted | offered)[inside]),
        "wrong_answers": metrics.share((quoted & ~answers.hits[:, 0])[inside]),
    }


def _calibration(answers: Answers) -> dict[str, Any]:
    if answers.verdicts is None:
        return {"ece": None, "reliability": None}
    bins = metrics.reliability(answers.confidence, answers.hits[:, 0])
    rounded = [{k: round(v, 4) for k, v in asdict(b).items()} for b in bins]
    return {"ece": metrics.expected_calibration_error(bins), "reliability": rounded}
