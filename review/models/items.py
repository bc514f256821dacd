"""What deserves a look: questions that mean the same, as one item of the queue."""

import uuid
from typing import Any

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from chatbot.models import Assistant
from review import reasons

NOTE_LENGTH = 4_000


def forget_title(collector: Any, field: Any, items: Any, using: str) -> None:  # noqa: ARG001
    """What happens to items whose title was the words of a deleted question (a Django `on_delete`).

    The words go with it at once, whoever deleted it; the collector finds the item another title, or takes it away.
    """
    collector.add_field_update(field, None, items)
    collector.add_field_update(ReviewItem._meta.get_field("title"), "", items)


class ReviewItem(models.Model):
    """Questions to one assistant that mean the same, and what became of them."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        FIXED = "fixed", "Fixed"
        MARKED = "marked", "Marked"
        EXPIRED = "expired", "Expired"

    class Mark(models.TextChoices):
        FINE = "fine", "Fine as it is"
        SPAM = "spam", "Spam"
        OUT_OF_SCOPE = "scope", "Out of scope"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assistant = models.ForeignKey(Assistant, models.CASCADE, related_name="review_items")
    title = models.TextField(blank=True, help_text="The clearest of its questions.")
    titled_by = models.ForeignKey("review.AskedQuestion", forget_title, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    mark = models.CharField(max_length=10, choices=Mark, blank=True)
    note = models.TextField(blank=True, validators=[MaxLengthValidator(NOTE_LENGTH)])
    reasons = models.PositiveIntegerField(
        default=0, help_text="Flags of `review.reasons.Reason`, of all its questions."
    )
    count = models.PositiveIntegerField(default=0, help_text="How often it was asked.")
    askers = models.PositiveIntegerField(default=0, help_text="By how many visitors.")
    badness = models.FloatField(default=0.0)
    # Higher comes first: doubles with badness and askers, halves with every week of age, and never has to be renewed.
    rank = models.FloatField(default=0.0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # The sum of its questions' unit vectors (float32), and of which model they are.
    sum = models.BinaryField()
    model = models.CharField(max_length=200)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="assigned_items"
    )
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="locked_items"
    )
    locked_until = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "item"
        ordering = ("-rank", "pk")
        indexes = [
            models.Index(fields=("state", "-rank")),
            models.Index(fields=("assistant", "state", "-rank")),
            models.Index(fields=("expires_at",), name="item_open_until", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return self.title[:80]

    @property
    def why(self) -> list[str]:
        """Its reasons in words, the worst first."""
        return reasons.labels(self.reasons)

    @property
    def is_locked(self) -> bool:
        """Whether somebody works on it now."""
        return self.locked_by_id is not None and self.locked_until is not None and self.locked_until > timezone.now()

    @property
    def days(self) -> int:
        """Over how many days it was asked."""
        return (self.last_at - self.first_at).days + 1


class SavedFilter(models.Model):
    """A view of the queue that somebody comes back to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_filters")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500, help_text="As in the queue's address.")

    class Meta:
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=("user", "name"), name="one_filter_of_a_name")]

    def __str__(self) -> str:
        return self.name
