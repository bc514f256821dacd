"""What visitors and assistants said to each other, and what each answer rested on."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chatbot.models.assistants import Assistant
from knowledge.models import Entry

QUESTION_LENGTH = 4_000


class Conversation(models.Model):
    """What one visitor, known only by a signed random id, and an assistant said to each other."""

    class Channel(models.TextChoices):
        PAGE = "page", "Chat page"
        WIDGET = "widget", "Widget"
        API = "api", "API"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assistant = models.ForeignKey(Assistant, models.CASCADE, related_name="conversations")
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.PAGE)
    visitor_id = models.UUIDField()
    language = models.CharField(max_length=10, blank=True, help_text="In which it is led.")
    page = models.CharField(max_length=500, blank=True, help_text="Where on a website it was begun.")
    # Whom the website says that this is, by its signature.
    user = models.CharField("user", max_length=200, blank=True)
    user_email = models.EmailField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [
            models.Index(fields=("visitor_id", "assistant", "-created_at")),
            # Whoever is looked for by name or address; most conversations have neither.
            models.Index(fields=("user",), name="conversation_user", condition=~Q(user="")),
            models.Index(fields=("user_email",), name="conversation_user_email", condition=~Q(user_email="")),
        ]

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
        STOPPED = "stopped", "Stopped"
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

    class Reason(models.TextChoices):
        WRONG = "wrong", _("Wrong")
        OUTDATED = "outdated", _("Outdated")
        INCOMPLETE = "incomplete", _("Incomplete")
        MISUNDERSTOOD = "misunderstood", _("Didn't understand me")
        OTHER = "other", _("Other")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=10, choices=Role)
    text = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ANSWERED)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    searched = models.TextField(blank=True, help_text="What was looked up, where it is not the question as asked.")
    confidence = models.FloatField(null=True, blank=True, help_text="Probability that the first entry answers this.")
    support = models.FloatField(
        null=True, blank=True, help_text="Of a written answer: how far the sources carry it, 0 to 1."
    )
    feedback = models.SmallIntegerField(choices=Feedback, default=Feedback.NONE)
    feedback_reason = models.CharField(max_length=15, choices=Reason, blank=True)
    feedback_text = models.TextField(blank=True, help_text="What the visitor wrote about it.")
    failure = models.TextField(blank=True, help_text="Why something went wrong, for staff.")
    trace = models.JSONField(default=dict, blank=True, help_text="What was searched, found and how long it took.")
    claimed_at = models.DateTimeField(null=True, editable=False)
    # What the process that makes a reply cannot see otherwise: another one's readers, and that it shall stop.
    read_at = models.DateTimeField(null=True, editable=False)
    stop_asked_at = models.DateTimeField(null=True, editable=False)
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
            models.Index(fields=("finished_at",), name="message_finished", condition=Q(role="assistant")),
            models.Index(fields=("created_at",), name="message_not_helpful", condition=Q(feedback=-1)),
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


class LabelledExample(models.Model):
    """A question and the entry that the person who asked it said was meant, by choosing it from "Did you mean …?"."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="labelled_examples")
    question = models.TextField()
    # The offer it was chosen from; the label outlives the conversation.
    offer = models.OneToOneField(
        "chatbot.Citation", models.SET_NULL, null=True, blank=True, related_name="labelled_example"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.question[:80]
