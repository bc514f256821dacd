"""Golden questions: what a knowledge base must answer, and with which entry."""

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models

from knowledge.models.content import Entry, KnowledgeBase


def lose(collector: Any, field: Any, golden: Any, using: str) -> None:  # noqa: ARG001
    """What happens to golden questions whose entry is deleted: they stay, and say so (a Django `on_delete`)."""
    collector.add_field_update(field, None, golden)
    collector.add_field_update(GoldenQuestion._meta.get_field("lost"), True, golden)


class GoldenQuestion(models.Model):
    """A question whose right answer is known: an entry, or none, where the right reply is to decline."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    knowledge_base = models.ForeignKey(KnowledgeBase, models.CASCADE, related_name="golden_questions")
    question = models.TextField(validators=[MaxLengthValidator(4_000)])
    entry = models.ForeignKey(
        Entry,
        lose,
        null=True,
        blank=True,
        related_name="golden_questions",
        help_text="The entry that answers it. Empty: nothing does, and the right reply is to decline.",
    )
    # Its entry was deleted: it expects something that does not exist any more, which is not the same as nothing.
    lost = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("question",)
        constraints = [
            models.UniqueConstraint(fields=("knowledge_base", "question"), name="one_golden_question_per_wording"),
        ]

    def __str__(self) -> str:
        return self.question[:80]

    def clean(self) -> None:
        """Refuse an entry of another knowledge base: this one could never answer with it. Nothing is lost any more."""
        self.lost = False
        if self.entry and self.knowledge_base_id and self.entry.knowledge_base_id != self.knowledge_base_id:
            raise ValidationError(
                {"entry": f"This entry belongs to “{self.entry.knowledge_base}”. Choose one of here."}
            )
