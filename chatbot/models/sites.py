"""On which websites an assistant has been seen, and what readers of the help centre thought of its entries."""

import uuid

from django.db import models

from chatbot.models.assistants import Assistant
from knowledge.models import Entry


class Sighting(models.Model):
    """A website from which an assistant's panel was opened."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assistant = models.ForeignKey(Assistant, models.CASCADE, related_name="sightings")
    origin = models.CharField(max_length=300)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        ordering = ("-last_at",)
        constraints = [models.UniqueConstraint(fields=("assistant", "origin"), name="one_sighting_per_origin")]

    def __str__(self) -> str:
        return self.origin


class HelpVote(models.Model):
    """Whether an entry's page in the help centre helped: counted for each version, of nobody in particular."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="help_votes")
    entry_version = models.PositiveIntegerField()
    helped = models.PositiveIntegerField(default=0)
    helped_not = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("entry", "entry_version"), name="one_count_per_version")]

    def __str__(self) -> str:
        return f"{self.helped} : {self.helped_not}"
