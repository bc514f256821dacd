"""One reviewer at a time: whoever works on an item has it for ten minutes after the last thing they did."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from review.models import ReviewItem

LOCK = timedelta(minutes=10)


class ItemError(Exception):
    """An item cannot be worked on; the message says why and what to do."""


def lock(item: ReviewItem, user: User) -> bool:
    """Take or keep an item; False where somebody else works on it. By compare-and-set, so that two cannot both win."""
    now = timezone.now()
    free = Q(locked_by=None) | Q(locked_by=user) | Q(locked_until__lte=now)
    taken = ReviewItem.objects.filter(free, pk=item.pk).update(locked_by=user, locked_until=now + LOCK)
    item.refresh_from_db(fields=["locked_by", "locked_until", "state"])
    return bool(taken)


def release(item: ReviewItem, user: User) -> None:
    """Let others have an item; nothing where it is somebody else's."""
    ReviewItem.objects.filter(pk=item.pk, locked_by=user).update(locked_by=None, locked_until=None)


def take_to_close(item: ReviewItem, user: User) -> ReviewItem:
    """Return the item's row, locked until the transaction ends; ItemError where it is not this person's to close."""
    row = ReviewItem.objects.select_for_update().select_related("assistant").filter(pk=item.pk).first()
    if row is None:
        raise ItemError("This item is gone: its conversations were deleted meanwhile.")
    if row.is_locked and row.locked_by_id != user.pk:
        raise ItemError(
            f"{row.locked_by} is working on this item until {timezone.localtime(row.locked_until):%H:%M}. "
            "Nothing was changed. What you typed is still here."
        )
    if row.state != ReviewItem.State.OPEN:
        who = f" by {row.closed_by}" if row.closed_by else ""
        raise ItemError(
            f"This item was closed meanwhile{who} ({row.get_state_display().lower()}). Nothing was changed."
        )
    return row


def close(row: ReviewItem, user: User, state: ReviewItem.State, *, mark: str = "", note: str = "") -> None:
    """End an item; in the transaction in which it was taken."""
    row.state, row.mark, row.closed_by, row.closed_at = state, mark, user, timezone.now()
    row.note = note or row.note
    row.locked_by, row.locked_until = None, None
    row.save(update_fields=["state", "mark", "note", "closed_by", "closed_at", "locked_by", "locked_until"])


def reopen(row: ReviewItem) -> None:
    """Put an item back into the queue."""
    row.state, row.mark, row.closed_by, row.closed_at = ReviewItem.State.OPEN, "", None, None
    row.save(update_fields=["state", "mark", "closed_by", "closed_at"])
