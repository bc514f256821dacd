"""Runs of all golden questions, kept as history."""

import uuid

from django.db import models

from chatbot.models import Message
from knowledge.models import GoldenQuestion, KnowledgeBase


class GoldenRun(models.Model):
    """All golden questions of a knowledge base, asked once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    knowledge_base = models.ForeignKey(KnowledgeBase, models.CASCADE, related_name="golden_runs")
    started_at = models.DateTimeField(auto_now_add=True)
    questions = models.PositiveIntegerField(default=0)
    right = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-started_at",)
        indexes = [models.Index(fields=("knowledge_base", "-started_at"))]

    def __str__(self) -> str:
        return f"{self.right} of {self.questions}"


class GoldenResult(models.Model):
    """What a golden question got in a run."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(GoldenRun, models.CASCADE, related_name="results")
    golden = models.ForeignKey(GoldenQuestion, models.CASCADE, related_name="results")
    right = models.BooleanField()
    outcome = models.CharField(max_length=10, choices=Message.Outcome)
    got = models.TextField(blank=True, help_text="The question of the entry that came first.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("run", "golden"), name="one_result_per_run")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.right}"
