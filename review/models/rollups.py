"""Figures by day, so that no page has to count conversations. Nothing of what anybody said is in them."""

import uuid

from django.db import models

from chatbot.models import Assistant
from knowledge.models import Entry


class DayFigures(models.Model):
    """What happened with an assistant on one day (UTC)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assistant = models.ForeignKey(Assistant, models.CASCADE, related_name="+")
    day = models.DateField()
    conversations = models.PositiveIntegerField(default=0)
    questions = models.PositiveIntegerField(default=0)
    quoted = models.PositiveIntegerField(default=0)
    written = models.PositiveIntegerField(default=0)
    clarified = models.PositiveIntegerField(default=0)
    declined = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    helpful = models.PositiveIntegerField(default=0)
    unhelpful = models.PositiveIntegerField(default=0)
    contacts = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=6, default=0)
    # How many answers began within each of `review.rollups.LIMITS_MS`, and later.
    first_token = models.JSONField(default=list)
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("assistant", "day"), name="one_figures_per_day")]
        indexes = [models.Index(fields=("day",))]

    def __str__(self) -> str:
        return f"{self.assistant_id} {self.day}"


class EntryDay(models.Model):
    """How often an entry was used in answers of an assistant on one day (UTC)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assistant = models.ForeignKey(Assistant, models.CASCADE, related_name="+")
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="days")
    day = models.DateField()
    used = models.PositiveIntegerField(default=0)
    down = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("assistant", "entry", "day"), name="one_use_per_day")]
        indexes = [models.Index(fields=("day",))]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.day}: {self.used}"
