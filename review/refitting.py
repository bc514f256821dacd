"""Thresholds and calibration fitted to golden questions, with what would change before anything is stored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import exp, log

from chatbot.chat_model import is_configured
from chatbot.deciding import Policy
from chatbot.foresight import Looked, foresee, look_up
from chatbot.models import Assistant, Message
from knowledge.calibration import Calibration, TooFewQuestionsError
from knowledge.models import KnowledgeBase
from knowledge.services import CalibrationReport, calibrate, golden_of

# A wrong answer costs what so many right ones bring: nobody should be told something false to spare two a question.
WRONG_COSTS = 5.0
# What is tried; the answer to a question that is asked back is worth half of one that is given.
QUOTE_AT = tuple(n / 100 for n in range(30, 96, 5))
CLARIFY_AT = tuple(n / 100 for n in (5, 10, 15, 20, 25, 30))
ASKED_BACK = 0.5
FEWEST = 20
Outcome = Message.Outcome


@dataclass(frozen=True)
class Setting:
    """What golden questions get at some setting: shares between 0 and 1 that add up to 1; `wrong` are answers."""

    name: str
    policy: Policy
    answered: float
    wrong: float
    asked_back: float
    declined: float
    false_declines: float

    @property
    def percent(self) -> dict[str, int]:
        """The shares in whole percent."""
        names = ("answered", "wrong", "asked_back", "declined")
        return {name: round(100 * float(getattr(self, name))) for name in names}

    @property
    def worth(self) -> float:
        """How good a setting is; only for comparing settings on the same questions."""
        return self.answered + ASKED_BACK * self.asked_back - WRONG_COSTS * self.wrong - self.false_declines


@dataclass(frozen=True)
class Refit:
    """The setting as it is and what is proposed; `failure` says why nothing is."""

    questions: int
    now: Setting | None
    thresholds: Setting | None
    calibrated: Setting | None
    calibration: CalibrationReport | None
    failure: str = ""

    @property
    def shown(self) -> list[tuple[Setting, str]]:
        """Each setting with what applies it, "" for the one that is."""
        settings = [(self.now, ""), (self.thresholds, "thresholds"), (self.calibrated, "calibration")]
        return [(setting, apply) for setting, apply in settings if setting]


def refit(assistant: Assistant, base: KnowledgeBase) -> Refit:
    """Return what thresholds and calibration fitted to golden questions would do; raises RetrievalError."""
    looked, _ = look_up(assistant)
    policy = Policy.of(assistant)
    if len(looked) < FEWEST:
        why = f"There are {len(looked)} golden questions; at least {FEWEST} are needed. Add some, also ones to decline."
        return Refit(len(looked), _setting("As it is", looked, policy) if looked else None, None, None, None, why)
    now = _setting("As it is", looked, policy)
    best = max((_setting("Thresholds fitted", looked, one) for one in _policies(policy)), key=lambda one: one.worth)
    try:
        report = calibrate(base, golden_of(base))
    except TooFewQuestionsError as error:
        return Refit(len(looked), now, best if best.worth > now.worth else None, None, None, str(error))
    calibrated = _setting(
        "Confidence calibrated", [_recalibrated(one, base, report.calibration) for one in looked], policy
    )
    return Refit(len(looked), now, best if best.worth > now.worth else None, calibrated, report)


def _policies(policy: Policy) -> list[Policy]:
    pairs = [(quote, clarify) for quote, clarify in product(QUOTE_AT, CLARIFY_AT) if quote > clarify]
    return [
        replace(policy, quote_at=quote, clarify_at=clarify, write_at=min(max(policy.write_at, clarify), quote))
        for quote, clarify in pairs
    ]


def _setting(name: str, looked: Sequence[Looked], policy: Policy) -> Setting:
    model_available = is_configured()
    gets = [(one, foresee(one, policy, model_available=model_available)) for one in looked]
    total = max(len(gets), 1)
    answers = [right.right for _, right in gets if right.outcome in (Outcome.QUOTE, Outcome.WRITE)]
    declined = [right.right for _, right in gets if right.outcome == Outcome.DECLINE]
    return Setting(
        name,
        policy,
        answered=sum(answers) / total,
        wrong=(len(answers) - sum(answers)) / total,
        asked_back=sum(right.outcome == Outcome.CLARIFY for _, right in gets) / total,
        declined=len(declined) / total,
        false_declines=(len(declined) - sum(declined)) / total,
    )


def _recalibrated(one: Looked, base: KnowledgeBase, then: Calibration) -> Looked:
    """The same find with the confidence that it would have under another calibration."""
    confidence = min(max(one.found.confidence, 1e-9), 1 - 1e-9)
    now = log(confidence / (1 - confidence))
    plain = (now - base.calibration_offset) / base.calibration_slope
    return replace(one, found=replace(one.found, confidence=1 / (1 + exp(-(then.slope * plain + then.offset)))))
