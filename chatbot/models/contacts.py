"""What visitors ask of people, and on which ways it was passed on to them."""

import uuid

from django.db import models
from django.db.models import Q

from chatbot.models.assistants import Assistant
from chatbot.models.conversations import Conversation

WORDS_LENGTH = 4_000


class ContactRequest(models.Model):
    """A visitor's request that a person answer, as it was sent."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assistant = models.ForeignKey(Assistant, models.CASCADE, related_name="contact_requests")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="contact_requests")
    email = models.EmailField()
    words = models.TextField(blank=True, help_text="What the visitor wrote in addition.")
    consent = models.TextField(blank=True, help_text="The line that was agreed to, as it was then.")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=("-created_at",))]

    def __str__(self) -> str:
        return f"{self.email} {self.created_at:%Y-%m-%d %H:%M}"


class Delivery(models.Model):
    """One way on which a request is passed on: tried until it arrives or too much time has gone by."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(ContactRequest, models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=10, choices=Kind)
    target = models.CharField(max_length=500)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ("kind",)
        indexes = [models.Index(fields=("next_at",), name="delivery_waiting", condition=Q(status="waiting"))]
        constraints = [models.UniqueConstraint(fields=("request", "kind"), name="one_delivery_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"
