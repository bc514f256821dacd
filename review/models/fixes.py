"""What was done about an item: a better entry, and its questions asked again."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from chatbot.models import Assistant, Message
from knowledge.models import Entry, GoldenQuestion
from review.models.items import ReviewItem


def with_golden(collector: Any, field: Any, proofs: Any, using: str) -> None:
    """What goes with a deleted answer: its proofs, and golden questions made of its question and of nobody else's.

    A Django `on_delete`: a person's words are forgotten everywhere, whoever deletes them.
    """
    models.CASCADE(collector, field, proofs, using)
    made = {proof.golden_id for proof in proofs if proof.golden_id and not proof.golden_was}
    others = Reasked.objects.filter(golden__in=made).exclude(pk__in=[proof.pk for proof in proofs])
    alone = made - set(others.values_list("golden", flat=True))
    if alone:
        collector.collect(GoldenQuestion.objects.filter(pk__in=alone))


class Fix(models.Model):
    """One correction of the knowledge, and how far its proof has come."""

    class Kind(models.TextChoices):
        WORDING = "wording", "Wording added"
        EDIT = "edit", "Entry edited"
        NEW = "new", "New entry"
        SCOPE = "scope", "Out of scope"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting for the index"
        DONE = "done", "Asked again"
        UNDONE = "undone", "Undone"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    item = models.ForeignKey(ReviewItem, models.SET_NULL, null=True, related_name="fixes")
    assistant = models.ForeignKey(Assistant, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    entry = models.ForeignKey(Entry, models.SET_NULL, null=True, related_name="fixes")
    version_before = models.PositiveIntegerField(help_text="0: there was no entry.")
    version_after = models.PositiveIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    error = models.TextField(blank=True, help_text="Why the questions could not be asked again yet.")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "fixes"
        ordering = ("-created_at",)
        indexes = [
            models.Index(fields=("created_at",), name="fix_waiting", condition=models.Q(status="waiting")),
            models.Index(fields=("assistant", "-created_at")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at:%Y-%m-%d %H:%M}"


class Reasked(models.Model):
    """A question of an item asked again after its fix; what it got before stands in the reply."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    fix = models.ForeignKey(Fix, models.CASCADE, related_name="reasked")
    reply = models.ForeignKey(Message, with_golden, related_name="reasked")
    golden = models.ForeignKey(GoldenQuestion, models.SET_NULL, null=True, related_name="+")
    # What the golden question expected before: "" where there was none, "decline", "lost", or an entry's id.
    golden_was = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=10, choices=Message.Outcome, blank=True, help_text="Empty: not asked yet.")
    text = models.TextField(blank=True)
    confidence = models.FloatField(null=True)
    right = models.BooleanField(default=False, help_text="Whether it rests on the corrected entry.")
    sent_at = models.DateTimeField(null=True, help_text="When the new answer was sent to the visitor.")

    class Meta:
        ordering = ("reply__created_at",)
        constraints = [models.UniqueConstraint(fields=("fix", "reply"), name="one_asking_per_fix")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.right}"
