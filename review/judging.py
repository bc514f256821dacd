"""Whether an answer deserves a look, and why: from what was stored of it. Nothing is read here."""

import uuid

from chatbot.deciding import Policy
from chatbot.models import Message
from review.reasons import Reason

# A written answer of which less than this share of the words is carried by its sources.
SUPPORT_AT = 0.6
# Quoted at a confidence that is within this of the threshold.
MARGIN = 0.05


def judge(reply: Message, *, sample_percent: int) -> int:
    """Return the reasons (flags) of a finished reply, but for those that come later: a choice, a request."""
    found = 0
    if reply.feedback == Message.Feedback.DOWN:
        found |= Reason.DOWN
    if reply.status == Message.Status.FAILED:
        found |= Reason.FAILED
    if reply.outcome == Message.Outcome.DECLINE:
        found |= Reason.DECLINED
    if reply.support is not None and reply.support < SUPPORT_AT:
        found |= Reason.UNSUPPORTED
    if (reply.trace.get("guard") or {}).get("stopped"):
        found |= Reason.GUARDED
    if _unsure(reply):
        found |= Reason.UNSURE
    if not found and _drawn(reply.pk, sample_percent):
        found |= Reason.SAMPLE
    return int(found)


def _unsure(reply: Message) -> bool:
    """Whether it was said though there was hardly enough to say it."""
    if reply.confidence is None or reply.outcome not in (Message.Outcome.QUOTE, Message.Outcome.WRITE):
        return False
    if reply.trace.get("way") == "chosen":
        return False
    policy = reply.trace.get("policy", {})
    name = "quote_at" if reply.outcome == Message.Outcome.QUOTE else "write_at"
    return bool(reply.confidence < float(policy.get(name, getattr(Policy(), name))) + MARGIN)


def _drawn(reply_id: uuid.UUID, percent: int) -> bool:
    """Whether chance takes this reply into the sample; the same reply always the same way."""
    return reply_id.int % 10_000 < percent * 100
