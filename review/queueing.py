"""The items of the queue: questions go into the group that means the same, and items are ranked, expire and end."""

import math
import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from chatbot.models import Assistant
from knowledge.embedding import Matrix
from review.grouping import Groups, clearest
from review.models import AskedQuestion, ReviewItem
from review.reasons import badness

EXPIRES = timedelta(days=28)
# The rank of an item halves with every week since it was last asked.
WEEK_S = 7 * 86_400
# Questions whose wordings the clearest one is chosen from.
MOST_COMPARED = 50
State = ReviewItem.State


def enqueue(rows: Iterable[AskedQuestion]) -> None:
    """Put questions that deserve a look into open items of the same meaning, or into new ones.

    What was marked (fine, spam, out of scope) lately takes its like in without coming back; a question that is
    complained of after its item ended begins another. In the caller's transaction.
    """
    rows = list(rows)
    over = ReviewItem.objects.filter(pk__in={row.item_id for row in rows}, state__in=(State.FIXED, State.EXPIRED))
    closed = set(over.values_list("pk", flat=True))
    by_place: dict[tuple[uuid.UUID, str], list[AskedQuestion]] = {}
    for row in rows:
        if row.item_id is None or row.item_id in closed:
            by_place.setdefault((row.assistant_id, row.model), []).append(row)
    touched: set[uuid.UUID] = set()
    for (assistant_id, model), some in by_place.items():
        touched |= _enqueue(assistant_id, model, some)
    refresh(touched)


def _enqueue(assistant_id: uuid.UUID, model: str, rows: Sequence[AskedQuestion]) -> set[uuid.UUID]:
    lately = Q(state=State.MARKED, closed_at__gt=timezone.now() - EXPIRES)
    there = ReviewItem.objects.filter(Q(state=State.OPEN) | lately, assistant=assistant_id, model=model)
    items = list(there.order_by("first_at").only("pk", "sum", "count"))
    groups = Groups((vector_of(item.sum) for item in items), (item.count for item in items))
    keys, new = [item.pk for item in items], []
    for row in rows:
        place, is_new = groups.place(vector_of(row.vector))
        if is_new:
            new.append(_item_of(row))
            keys.append(new[-1].pk)
        row.item_id = keys[place]
    ReviewItem.objects.bulk_create(new)
    AskedQuestion.objects.bulk_update(rows, ["item"])
    return {row.item_id for row in rows if row.item_id}


def _item_of(row: AskedQuestion) -> ReviewItem:
    return ReviewItem(
        id=uuid.uuid4(),
        assistant_id=row.assistant_id,
        title=row.text,
        first_at=row.asked_at,
        last_at=row.asked_at,
        expires_at=row.asked_at + EXPIRES,
        sum=bytes(row.vector),
        model=row.model,
    )


def refresh(items: Collection[uuid.UUID]) -> None:
    """Reckon items anew from their questions; one that has none left, or none with a reason, goes."""
    with transaction.atomic():
        _refresh(items)


def refresh_stale(assistant: Assistant | None = None) -> int:
    """Reckon items anew some of whose questions were deleted; returns how many those are."""
    items = ReviewItem.objects.filter(assistant=assistant) if assistant else ReviewItem.objects.all()
    counted = items.filter(state=State.OPEN).annotate(left=Count("questions")).exclude(left=F("count"))
    stale = set(counted.values_list("pk", flat=True)) | set(items.filter(title="").values_list("pk", flat=True))
    refresh(stale)
    return len(stale)


def join(item: ReviewItem, other: ReviewItem) -> None:
    """Make two items that mean the same one: the first takes the questions of the other, which goes."""
    with transaction.atomic():
        AskedQuestion.objects.filter(item=other).update(item=item)
        _refresh({item.pk, other.pk})


def _refresh(items: Collection[uuid.UUID]) -> None:
    members: dict[uuid.UUID, list[AskedQuestion]] = {}
    for row in AskedQuestion.objects.filter(item__in=items).order_by("asked_at"):
        if row.item_id:
            members.setdefault(row.item_id, []).append(row)
    changed = []
    for item in ReviewItem.objects.filter(pk__in=items).select_for_update():
        rows = members.get(item.pk, [])
        if any(row.reasons for row in rows):
            _reckon(item, rows)
            changed.append(item)
        else:
            AskedQuestion.objects.filter(item=item).update(item=None)
            item.delete()
    fields = [
        "title",
        "titled_by",
        "reasons",
        "count",
        "askers",
        "badness",
        "rank",
        "first_at",
        "last_at",
        "expires_at",
        "sum",
    ]
    ReviewItem.objects.bulk_update(changed, fields)


def _reckon(item: ReviewItem, rows: Sequence[AskedQuestion]) -> None:
    vectors = np.stack([vector_of(row.vector) for row in rows])
    compared = slice(-MOST_COMPARED, None)
    texts = [row.text for row in rows[compared]]
    best = clearest(vectors[compared], texts)
    item.title, item.titled_by = texts[best], rows[compared][best]
    item.sum = vectors.sum(axis=0).astype("<f4").tobytes()
    item.reasons = 0
    for row in rows:
        item.reasons |= row.reasons
    item.count, item.askers = len(rows), len({row.visitor_id for row in rows})
    item.badness = max(badness(row.reasons) for row in rows)
    item.first_at, item.last_at = rows[0].asked_at, rows[-1].asked_at
    item.expires_at = item.last_at + EXPIRES
    item.rank = rank(item.badness, item.askers, item.last_at)


def rank(worst: float, askers: int, last_at: datetime) -> float:
    """Return where an item stands: one more for twice as bad, twice as many askers, or a week later."""
    return math.log2(max(worst, 0.01) * max(askers, 1)) + last_at.timestamp() / WEEK_S


def expire(now: datetime | None = None) -> int:
    """End the items that nobody looked at in time; returns how many. Their questions stay."""
    now = now or timezone.now()
    return ReviewItem.objects.filter(state=State.OPEN, expires_at__lt=now).update(state=State.EXPIRED, closed_at=now)


def vector_of(data: bytes | memoryview) -> Matrix:
    """Return a stored vector."""
    vector: Matrix = np.frombuffer(bytes(data), "<f4")
    return vector
