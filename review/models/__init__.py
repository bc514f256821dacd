"""The tables of the desk: what was asked, what deserves a look, what was done about it, and how it went."""

from review.models.fixes import Fix, Reasked
from review.models.items import ReviewItem, SavedFilter
from review.models.logs import AuditEvent, RetentionRun
from review.models.questions import AskedQuestion, CollectorMark, NoticedContact, SpokenWord
from review.models.rollups import DayFigures, EntryDay
from review.models.runs import GoldenResult, GoldenRun

__all__ = [
    "AskedQuestion",
    "AuditEvent",
    "CollectorMark",
    "DayFigures",
    "EntryDay",
    "Fix",
    "GoldenResult",
    "GoldenRun",
    "NoticedContact",
    "Reasked",
    "RetentionRun",
    "ReviewItem",
    "SavedFilter",
    "SpokenWord",
]
