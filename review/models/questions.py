"""Every question that was answered, with its vector: what is grouped, searched and asked again."""

from django.db import models
from django.db.models import Q

from chatbot.models import Assistant, ContactRequest, Message
from review.models.items import ReviewItem


class AskedQuestion(models.Model):
    """A visitor's question by the reply to it; goes with the conversation."""

    reply = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="asked")
    assistant = models.ForeignKey(Assistant, models.CASCADE, related_name="+")
    item = models.ForeignKey(ReviewItem, models.SET_NULL, null=True, blank=True, related_name="questions")
    visitor_id = models.UUIDField()
    text = models.TextField(help_text="As it was looked up: a follow-up stands alone.")
    # float32, little-endian, L2-normalised, by the embedding model of this name.
    vector = models.BinaryField()
    model = models.CharField(max_length=200)
    reasons = models.PositiveIntegerField(default=0, help_text="Flags of `review.reasons.Reason`.")
    # What was asked back is judged once the visitor has chosen, asked on, or gone.
    settled = models.BooleanField(default=True)
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ("-asked_at",)
        indexes = [
            models.Index(fields=("assistant", "-asked_at")),
            models.Index(fields=("asked_at",), name="asked_unsettled", condition=Q(settled=False)),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class SpokenWord(models.Model):
    """Which words a turn has, as numbers made of the assistant and the word: for the search over conversations."""

    pk = models.CompositePrimaryKey("word", "question")
    word = models.BigIntegerField()
    question = models.ForeignKey(AskedQuestion, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.word} in {self.question_id}"


class NoticedContact(models.Model):
    """A contact request that the queue has taken in."""

    request = models.OneToOneField(ContactRequest, models.CASCADE, primary_key=True, related_name="noticed")

    def __str__(self) -> str:
        return str(self.request_id)


class CollectorMark(models.Model):
    """How far the collector has read: replies that were finished until then."""

    name = models.CharField(primary_key=True, max_length=20, default="replies")
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.finished_at}"
