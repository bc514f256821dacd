"""Figures by day, reckoned anew for the days on which something changed: pages add up days and never conversations."""

import uuid
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from chatbot.models import Citation, ContactRequest, Conversation, Message
from review.models import DayFigures, EntryDay

# Milliseconds until the first word; the last group is whatever took longer.
LIMITS_MS = (50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800)
Day = tuple[uuid.UUID, date]
_OUTCOMES = {
    Message.Outcome.QUOTE: "quoted",
    Message.Outcome.WRITE: "written",
    Message.Outcome.CLARIFY: "clarified",
    Message.Outcome.DECLINE: "declined",
}


def count_days(replies: Iterable[Message]) -> None:
    """Reckon the days of these replies anew; conversations loaded."""
    days = {(reply.conversation.assistant_id, reply.created_at.astimezone(UTC).date()) for reply in replies}
    for assistant_id, day in sorted(days, key=str):
        _count_day(assistant_id, day)


def _count_day(assistant_id: uuid.UUID, day: date) -> None:
    begins = datetime.combine(day, time.min, UTC)
    within = {"created_at__gte": begins, "created_at__lt": begins + timedelta(days=1)}
    said = Message.objects.filter(conversation__assistant=assistant_id, role=Message.Role.ASSISTANT, **within)
    rows = list(
        said.exclude(finished_at=None).values_list(
            "conversation", "status", "outcome", "feedback", "trace__cost", "trace__milliseconds"
        )
    )
    known = DayFigures.objects.filter(assistant=assistant_id, day=day).first()
    if known and len(rows) < known.questions:
        # Something was deleted meanwhile. The figures of that day stay: nobody's words are in them.
        return
    counts = Counter(_outcome(status, outcome) for _, status, outcome, *_ in rows)
    with transaction.atomic():
        DayFigures.objects.update_or_create(
            assistant_id=assistant_id,
            day=day,
            defaults={
                "conversations": Conversation.objects.filter(assistant=assistant_id, **within).count(),
                "questions": len(rows),
                **{name: counts[name] for name in (*_OUTCOMES.values(), "failed")},
                "helpful": sum(feedback > 0 for _, _, _, feedback, *_ in rows),
                "unhelpful": sum(feedback < 0 for _, _, _, feedback, *_ in rows),
                "contacts": ContactRequest.objects.filter(assistant=assistant_id, **within).count(),
                "cost": sum((Decimal(str(cost)) for *_, cost, _ in rows if cost), Decimal(0)),
                "first_token": first_tokens([ms for *_, ms in rows if ms]),
                "counted_at": timezone.now(),
            },
        )
        _count_entries(assistant_id, day, within)


def _count_entries(assistant_id: uuid.UUID, day: date, within: dict[str, datetime]) -> None:
    sources = Citation.objects.filter(
        kind=Citation.Kind.SOURCE,
        message__conversation__assistant=assistant_id,
        entry__isnull=False,
        **{f"message__{name}": moment for name, moment in within.items()},
    ).values_list("entry", "message__feedback")
    used = Counter(entry for entry, _ in sources)
    down = Counter(entry for entry, feedback in sources if feedback < 0)
    EntryDay.objects.bulk_create(
        (
            EntryDay(assistant_id=assistant_id, entry_id=entry, day=day, used=count, down=down[entry])
            for entry, count in used.items()
        ),
        update_conflicts=True,
        unique_fields=["assistant", "entry", "day"],
        update_fields=["used", "down"],
    )


def _outcome(status: str, outcome: str) -> str:
    return (
        "failed" if status == Message.Status.FAILED else _OUTCOMES.get(Message.Outcome(outcome), "") if outcome else ""
    )


def first_tokens(milliseconds: Sequence[dict[str, float]]) -> list[int]:
    """Return how many answers began within each of LIMITS_MS, and later."""
    counts = [0] * (len(LIMITS_MS) + 1)
    for laps in milliseconds:
        if (began := laps.get("first_token", laps.get("total"))) is not None:
            counts[bisect_left(LIMITS_MS, began)] += 1
    return counts


def share_within(counts: Sequence[int], share: float) -> int | None:
    """Return the limit in milliseconds within which so many answers began (0.5: half of them); None for none."""
    total, so_far = sum(counts), 0
    for limit, count in zip((*LIMITS_MS, 2 * LIMITS_MS[-1]), counts, strict=False):
        so_far += count
        if total and so_far >= share * total:
            return limit
    return None
