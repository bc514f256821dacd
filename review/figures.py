"""What happened, by period and assistant: added up from days, so that it costs the same however much was said."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from chatbot.budgets import spending_of
from chatbot.models import Assistant
from review.charts import Chart, chart
from review.models import DayFigures, EntryDay, Fix, Reasked, ReviewItem
from review.rollups import share_within

PERIODS = (7, 30, 90, 365)
TOP = 10
COUNTED = (
    "conversations",
    "questions",
    "quoted",
    "written",
    "clarified",
    "declined",
    "failed",
    "helpful",
    "unhelpful",
    "contacts",
)


@dataclass(frozen=True)
class Figures:
    """All of a period; shares between 0 and 1, None where there is nothing to share."""

    days: list[DayFigures]
    totals: dict[str, int]
    cost: Decimal
    answered_share: float | None
    clarified_share: float | None
    declined_share: float | None
    failed_share: float | None
    helpful_share: float | None
    median_ms: int | None
    slow_ms: int | None
    charts: list[Chart]


def figures(assistants: Sequence[Assistant], period: int, today: date | None = None) -> Figures:
    """Add up the last `period` days of some assistants."""
    today = today or timezone.now().date()
    since = today - timedelta(days=period - 1)
    rows = list(DayFigures.objects.filter(assistant__in=[one.pk for one in assistants], day__gte=since).order_by("day"))
    days = _by_day(rows, since, period)
    totals = {name: sum(getattr(row, name) for row in days) for name in COUNTED}
    tokens = [sum(counts) for counts in zip(*(row.first_token for row in rows if row.first_token), strict=False)]
    asked, judged = totals["questions"], totals["helpful"] + totals["unhelpful"]
    return Figures(
        days,
        totals,
        sum((row.cost for row in days), Decimal(0)),
        _share(totals["quoted"] + totals["written"], asked),
        _share(totals["clarified"], asked),
        _share(totals["declined"], asked),
        _share(totals["failed"], asked),
        _share(totals["helpful"], judged),
        share_within(tokens, 0.5),
        share_within(tokens, 0.95),
        _charts(days),
    )


def _by_day(rows: Sequence[DayFigures], since: date, period: int) -> list[DayFigures]:
    """One row for each day, also for those on which nothing happened."""
    days = {since + timedelta(days=n): DayFigures(day=since + timedelta(days=n)) for n in range(period)}
    for row in rows:
        day = days.get(row.day)
        if day is None:
            continue
        for name in (*COUNTED, "cost"):
            setattr(day, name, getattr(day, name) + getattr(row, name))
    return list(days.values())


def _charts(days: Sequence[DayFigures]) -> list[Chart]:
    labels = [f"{row.day:%d %b}".lstrip("0") for row in days]
    return [
        chart(
            "Questions by what became of them",
            labels,
            [
                ("answered", [row.quoted + row.written for row in days]),
                ("asked back", [row.clarified for row in days]),
                ("declined", [row.declined for row in days]),
                ("failed", [row.failed for row in days]),
            ],
        ),
        chart(
            "Judged by visitors",
            labels,
            [("helpful", [row.helpful for row in days]), ("not helpful", [row.unhelpful for row in days])],
        ),
    ]


@dataclass(frozen=True)
class Used:
    """An entry, and how often answers rested on it."""

    entry_id: uuid.UUID
    question: str
    used: int
    down: int


def top_entries(assistants: Sequence[Assistant], period: int) -> list[Used]:
    """Return the entries that answers rested on most in a period: the questions that are asked most."""
    since = timezone.now().date() - timedelta(days=period - 1)
    rows = (
        EntryDay.objects.filter(assistant__in=[one.pk for one in assistants], day__gte=since)
        .values("entry", "entry__question")
        .annotate(total=Sum("used"), bad=Sum("down"))
        .order_by("-total", "entry__question")[:TOP]
    )
    return [Used(row["entry"], row["entry__question"], row["total"], row["bad"]) for row in rows]


def top_items(assistants: Sequence[Assistant]) -> list[ReviewItem]:
    """Return the open items that most people asked about."""
    items = ReviewItem.objects.filter(assistant__in=[one.pk for one in assistants], state=ReviewItem.State.OPEN)
    return list(items.defer("sum").order_by("-askers", "-rank")[:TOP])


@dataclass(frozen=True)
class FixesDone:
    """How many fixes were made, and what became of the questions that were asked again."""

    fixes: int
    asked_again: int
    right: int


def fixes_done(assistants: Sequence[Assistant], period: int) -> FixesDone:
    """Count the fixes of a period and what they changed."""
    since = timezone.now() - timedelta(days=period)
    made = Fix.objects.filter(assistant__in=[one.pk for one in assistants], created_at__gte=since)
    made = made.exclude(status=Fix.Status.UNDONE)
    proofs = Reasked.objects.filter(fix__in=made.order_by().values("pk")).exclude(outcome="")
    return FixesDone(made.count(), proofs.count(), proofs.filter(right=True).count())


@dataclass(frozen=True)
class Budget:
    """What an assistant's model used this month, and the share of the nearer ceiling (None: there is none)."""

    assistant: Assistant
    tokens: int
    cost: Decimal
    share: float | None


def budgets(assistants: Sequence[Assistant]) -> list[Budget]:
    """Return this month's spending of assistants that have a ceiling or spent something."""
    found = [(one, spending_of(one)) for one in assistants]
    return [Budget(one, m.tokens, m.cost, m.share) for one, m in found if m.tokens or m.share is not None]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
