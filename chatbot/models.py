"""Assistants, the conversations visitors have with them, and what each answer rested on."""

import secrets
import uuid

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q

from knowledge.models import Entry, KnowledgeBase

QUESTION_LENGTH = 4_000


def new_public_key() -> str:
    """Return a key that names an assistant in a page's address: public, and not guessable from another one."""
    return secrets.token_urlsafe(12)


class Assistant(models.Model):
    """One chat: what it is called, what it knows and what it says when it does not."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    public_key = models.CharField(max_length=32, unique=True, default=new_public_key, editable=False)
    knowledge_bases = models.ManyToManyField(KnowledgeBase, related_name="assistants")
    is_default = models.BooleanField(default=False, help_text="Answers on the site's front page.")
    greeting = models.TextField(default="Hello! What would you like to know?", validators=[MaxLengthValidator(500)])
    starter_questions = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(2_000)],
        help_text="One per line, shown before the first question.",
    )
    no_answer_text = models.TextField(
        default="I don't have an answer to that.",
        validators=[MaxLengthValidator(1_000)],
        help_text="Markdown. Said when nothing fits: tell people how to reach a person.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=("is_default",),
                name="one_default_assistant",
                condition=Q(is_default=True),
                violation_error_message="Another assistant is the default. Unset it there first.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def starters(self) -> list[str]:
        """The starter questions, in the order written."""
        return [line.strip() for line in self.starter_questions.splitlines() if line.strip()]


class Conversation(models.Model):
    """What one visitor, known only by a signed random id, and an assistant said to each other."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assistant = models.ForeignKey(Assistant, models.CASCADE, related_name="conversations")
    visitor_id = models.UUIDField()
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=("visitor_id", "assistant", "-created_at"))]

    def __str__(self) -> str:
        return f"{self.assistant_id} {self.created_at:%Y-%m-%d %H:%M}"


class Message(models.Model):
    """One turn. A reply carries how it was made; its state lives here and not in a broker."""

    class Role(models.TextChoices):
        USER = "user", "Visitor"
        ASSISTANT = "assistant", "Assistant"

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        ANSWERED = "answered", "Answered"
        DECLINED = "declined", "Declined"
        FAILED = "failed", "Failed"

    class Outcome(models.TextChoices):
        QUOTE = "quote", "Quoted"
        WRITE = "write", "Written by the model"
        CLARIFY = "clarify", "Asked back"
        DECLINE = "decline", "Declined"

    class Feedback(models.IntegerChoices):
        DOWN = -1, "Not helpful"
        NONE = 0, "None"
        UP = 1, "Helpful"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=10, choices=Role)
    text = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ANSWERED)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    confidence = models.FloatField(null=True, blank=True, help_text="Probability that the first entry answers this.")
    feedback = models.SmallIntegerField(choices=Feedback, default=Feedback.NONE)
    failure = models.TextField(blank=True, help_text="Why something went wrong, for staff.")
    trace = models.JSONField(default=dict, blank=True, help_text="What was searched, found and how long it took.")
    claimed_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=("conversation", "position"), name="one_message_per_position"),
        ]
        indexes = [
            models.Index(fields=("created_at",), name="message_pending", condition=Q(status="pending")),
            models.Index(fields=("-created_at",)),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class Citation(models.Model):
    """A source of a reply, or an entry it offered: which version of which entry, in the words it had then."""

    class Kind(models.TextChoices):
        SOURCE = "source", "Source"
        OFFER = "offer", "Offered"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, models.CASCADE, related_name="citations")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SOURCE)
    number = models.PositiveSmallIntegerField()
    # The entry may be deleted later; what was quoted stays readable.
    entry = models.ForeignKey(Entry, models.SET_NULL, null=True, related_name="citations", db_constraint=True)
    entry_version = models.PositiveIntegerField()
    question = models.TextField()
    quoted_text = models.TextField(blank=True)
    similarity = models.FloatField()

    class Meta:
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=("message", "kind", "number"), name="one_citation_per_number"),
        ]

    def __str__(self) -> str:
        return f"[{self.number}] {self.question}"
