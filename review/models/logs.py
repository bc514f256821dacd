"""What staff did, and what was deleted in its time. Neither has visitors' words in it."""

import uuid

from django.conf import settings
from django.db import models

from chatbot.models import Assistant


class AuditEvent(models.Model):
    """Something that a member of staff did at the desk."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # Stays readable when the account is gone.
    who = models.CharField(max_length=150)
    action = models.CharField(max_length=40)
    assistant = models.ForeignKey(Assistant, models.SET_NULL, null=True, blank=True, related_name="+")
    target = models.CharField(max_length=60, blank=True, help_text="The id of what it was done to.")
    detail = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-at",)
        indexes = [models.Index(fields=("-at",)), models.Index(fields=("assistant", "-at"))]

    def __str__(self) -> str:
        return f"{self.who} {self.action}"


class RetentionRun(models.Model):
    """Conversations that were deleted because their time was over."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assistant = models.ForeignKey(Assistant, models.CASCADE, related_name="retention_runs")
    conversations = models.PositiveIntegerField()
    questions = models.PositiveIntegerField()
    requests = models.PositiveIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.conversations} conversations"
