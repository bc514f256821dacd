"""Why an answer deserves a look: flags, so that one number holds several, with what each weighs."""

from enum import IntFlag


class Reason(IntFlag):
    """Why somebody should look at an answer."""

    DOWN = 1
    DECLINED = 2
    IGNORED = 4
    UNSURE = 8
    UNSUPPORTED = 16
    GUARDED = 32
    FAILED = 64
    CONTACT = 128
    SAMPLE = 256


LABELS = {
    Reason.DOWN: "not helpful",
    Reason.DECLINED: "declined",
    Reason.IGNORED: "asked back in vain",
    Reason.UNSURE: "unsure",
    Reason.UNSUPPORTED: "weakly supported",
    Reason.GUARDED: "stopped by the guard",
    Reason.FAILED: "failed",
    Reason.CONTACT: "wanted a person",
    Reason.SAMPLE: "random sample",
}
# How bad each is, beside the others: chosen so that one thumb down outweighs an unsure answer to three people.
WEIGHTS = {
    Reason.DOWN: 3.0,
    Reason.FAILED: 3.0,
    Reason.GUARDED: 2.5,
    Reason.CONTACT: 2.5,
    Reason.DECLINED: 2.0,
    Reason.IGNORED: 1.5,
    Reason.UNSUPPORTED: 1.0,
    Reason.UNSURE: 1.0,
    Reason.SAMPLE: 0.25,
}


def badness(reasons: int) -> float:
    """Return how bad an answer is: the worst of its reasons, and a quarter of each other."""
    weights = sorted((WEIGHTS[reason] for reason in Reason if reasons & reason), reverse=True)
    return weights[0] + sum(weights[1:]) / 4 if weights else 0.0


def labels(reasons: int) -> list[str]:
    """Return the reasons in words, the worst first."""
    found = sorted((reason for reason in Reason if reasons & reason), key=lambda reason: -WEIGHTS[reason])
    return [LABELS[reason] for reason in found]
