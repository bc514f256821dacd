"""What the indexer keeps: vectors, the collections in Chroma, the writer's lease, pending removals, health.

All of it can be made again from the entries; the vectors are kept because making them costs time or money.
"""

import uuid

from django.db import models
from django.utils import timezone

from knowledge.models.content import KnowledgeBase


class Vector(models.Model):
    """The embedding of one text by one model: float32, little-endian, L2-normalised.

    Also, in one row for each content of an entry, those of all its passages in order, as float16: a question is weighed
    against some thirty entries, and a row for each is read in a tenth of the time.
    """

    # sha256 of model and text (or content hash): the same text is embedded once, wherever it stands.
    digest = models.CharField(primary_key=True, max_length=64)
    model = models.CharField(max_length=200)
    data = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.digest


class CollectionQuerySet(models.QuerySet["Collection"]):
    """The one question that is asked of collections."""

    def active(self, model: str) -> "CollectionQuerySet":
        """The collections that answer for embedding model `model`, one per knowledge base."""
        return self.filter(model=model, state=Collection.State.ACTIVE)


class Collection(models.Model):
    """One generation of a knowledge base's index in Chroma. At most one is active per base and model."""

    class State(models.TextChoices):
        BUILDING = "building", "Building"
        ACTIVE = "active", "Active"
        RETIRED = "retired", "Retired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Outlives its knowledge base, so that the indexer can remove it from Chroma as well.
    knowledge_base = models.ForeignKey(KnowledgeBase, models.SET_NULL, null=True, related_name="collections")
    model = models.CharField(max_length=200)
    generation = models.PositiveIntegerField()
    name = models.CharField(max_length=120, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.BUILDING)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CollectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("knowledge_base", "model"),
                name="one_active_collection_per_base_and_model",
                condition=models.Q(state="active"),
            )
        ]

    def __str__(self) -> str:
        return self.name


class PendingRemoval(models.Model):
    """Vectors in Chroma of an entry whose row is gone: written with the deletion, removed by the indexer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    knowledge_base = models.ForeignKey(KnowledgeBase, models.CASCADE, related_name="+")
    entry_id = models.UUIDField()
    content_hash = models.CharField(max_length=64)
    passages = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.entry_id)


class Lease(models.Model):
    """The right to write to the index: one holder at a time, until it expires."""

    name = models.CharField(primary_key=True, max_length=50)
    holder = models.UUIDField(null=True)
    expires_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class StoreHealth(models.Model):
    """What the worker last found when it looked at the vector store; one row, read by `/readyz` and the admin."""

    class State(models.TextChoices):
        OK = "ok", "Answering correctly"
        DOWN = "down", "Not reachable"
        REBUILDING = "rebuilding", "Being rebuilt from the database"

    name = models.CharField(primary_key=True, max_length=50, default="chroma")
    state = models.CharField(max_length=12, choices=State, default=State.OK)
    detail = models.TextField(blank=True)
    worker_seen_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"
