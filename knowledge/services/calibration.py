"""Fitting the confidence to one knowledge base, by questions of its own whose right answers are known."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.calibration import Calibration, fit, held_out
from knowledge.confidence import evidence
from knowledge.models import KnowledgeBase
from knowledge.retrieval import RetrievalError, retrieve
from knowledge.retrieval.weighing import match_of, scale_of


@dataclass(frozen=True)
class Golden:
    """A question and the entries that answer it; none where the right reply is to decline."""

    question: str
    entries: frozenset[uuid.UUID]


@dataclass(frozen=True)
class CalibrationReport:
    """What was fitted, and how far the confidence was from what came true, before and after (Brier score, 0 to 1).

    After: each question by a calibration that has not seen it, for on its own questions any looks good.
    """

    calibration: Calibration
    questions: int
    before: float
    after: float


def calibrate(
    base: KnowledgeBase, golden: Sequence[Golden], *, on_question: Callable[[], None] = lambda: None
) -> CalibrationReport:
    """Ask every question through the production path and fit; nothing is stored.

    Raises RetrievalError and TooFewQuestionsError.
    """
    scores, right = [], []
    scale = scale_of(base)
    for one in golden:
        found = retrieve(one.question, knowledge_bases=[base.pk])
        on_question()
        if found.way == "words":
            raise RetrievalError("The embedding model does not answer, and by words alone nothing can be calibrated.")
        if found.candidates:
            first = found.candidates[0]
            scores.append(evidence(match_of(first, found.lead), scale))
            right.append(first.entry.pk in one.entries)
    calibration = fit(scores, right)
    came_true, log_odds = np.array(right, np.float64), np.array(scores)
    now = Calibration(base.calibration_slope, base.calibration_offset)
    before, after = (
        float(((likely - came_true) ** 2).mean()) for likely in (now.apply(log_odds), held_out(scores, right))
    )
    return CalibrationReport(calibration, len(scores), before, after)


def set_calibration(base: KnowledgeBase, calibration: Calibration) -> None:
    """Have the base's confidence scaled so from the next question on; `Calibration()` undoes it."""
    KnowledgeBase.objects.filter(pk=base.pk).update(
        calibration_slope=calibration.slope, calibration_offset=calibration.offset
    )
