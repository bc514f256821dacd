"""Answering: one question goes in, events come out, and at the end a draft of the reply.

`ladder` decides and puts together, `writing` lets a model write and the guard check it, `tracing` notes how it went.
"""

from chatbot.answering.asked import Asked, Draft, Writing
from chatbot.answering.ladder import (
    CLARIFY_TEXT,
    FALLBACK_TEXT,
    REPLACED_TEXT,
    UNWRITTEN_TEXT,
    Step,
    answer,
    declined,
)

__all__ = [
    "CLARIFY_TEXT",
    "FALLBACK_TEXT",
    "REPLACED_TEXT",
    "UNWRITTEN_TEXT",
    "Asked",
    "Draft",
    "Step",
    "Writing",
    "answer",
    "declined",
]
