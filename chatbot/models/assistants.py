"""Assistants: what each is called, knows and says, how it answers, and who may ask it by key."""

import secrets
import uuid
from itertools import pairwise

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from chatbot.models.faces import Contact, Door, Look, Privacy
from knowledge.models import KnowledgeBase

_SHARE = (MinValueValidator(0.0), MaxValueValidator(1.0))


def new_public_key() -> str:
    """Return a key that names an assistant in a page's address: public, and not guessable from another one."""
    return secrets.token_urlsafe(12)


class Assistant(Look, Door, Contact, Privacy):
    """One chat: what it is called, what it knows, how it answers and what it says when it cannot."""

    class Mode(models.TextChoices):
        LADDER = "ladder", "Quote what is plain, write the rest where there is a model"
        QUOTE = "quote", "Only quote"
        WRITE = "write", "Write whenever there is a model"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    public_key = models.CharField(max_length=32, unique=True, default=new_public_key, editable=False)
    knowledge_bases = models.ManyToManyField(KnowledgeBase, related_name="assistants")
    is_default = models.BooleanField(default=False, help_text="Answers on the site's front page.")
    greeting = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(500)],
        help_text="Empty: a greeting of Candor's own, in the visitor's language.",
    )
    starter_questions = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(4_000)],
        help_text="One per line, shown before the first question. A line that begins with / opens those for certain "
        "pages of a website: /returns or /shop/*.",
    )
    no_answer_text = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(1_000)],
        help_text="Markdown. Said when nothing fits: tell people how to reach a person. "
        "Empty: Candor's own words, in the visitor's language.",
    )
    mode = models.CharField("how it answers", max_length=10, choices=Mode, default=Mode.LADDER)
    # Empty: what Candor comes with (`chatbot.deciding.Policy`).
    quote_at = models.FloatField("quotes from", null=True, blank=True, validators=_SHARE)
    write_at = models.FloatField("writes from", null=True, blank=True, validators=_SHARE)
    clarify_at = models.FloatField("asks back from", null=True, blank=True, validators=_SHARE)
    lead_at = models.FloatField("lead", null=True, blank=True, validators=_SHARE)
    tone = models.CharField(max_length=200, blank=True, help_text="How a model writes, for example: warm and brief.")
    instructions = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(2_000)],
        help_text="What else a model should heed. It cannot switch off that answers come from the entries only. "
        "A model that repeats these is stopped; words that it shall say belong in quotation marks.",
    )
    monthly_tokens = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Model tokens a calendar month (UTC). Beyond it answers are quoted."
    )
    monthly_cost = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="What a model may cost a calendar month (UTC), in the currency of the price table.",
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

    def clean(self) -> None:
        """Refuse thresholds that are out of order: a step that is surer begins at no lower confidence."""
        steps = [("quote_at", self.quote_at), ("write_at", self.write_at), ("clarify_at", self.clarify_at)]
        own = [(name, value) for name, value in steps if value is not None]
        for (upper, high), (lower, low) in pairwise(own):
            if high < low:
                names = {field.name: field.verbose_name for field in self._meta.fields}
                raise ValidationError({upper: f"It {names[upper]} {high:g}, below what it {names[lower]} {low:g}."})

    def starters(self, path: str = "") -> list[str]:
        """The starter questions for a page of a website, in the order written.

        Those under the first line of a path that fits, else those before any such line.
        """
        groups: list[tuple[str, list[str]]] = [("", [])]
        for line in filter(None, map(str.strip, self.starter_questions.splitlines())):
            if line.startswith("/"):
                groups.append((line, []))
            else:
                groups[-1][1].append(line)
        return next((those for pattern, those in groups[1:] if fits_path(path, pattern)), groups[0][1])


def fits_path(path: str, pattern: str) -> bool:
    """Tell whether a page's path is this one, whatever its last slash; a * at the end stands for anything below."""
    if pattern.endswith("*"):
        return f"{path.rstrip('/')}/".startswith(pattern[:-1])
    return bool(path) and path.rstrip("/") == pattern.rstrip("/")


class ApiKey(models.Model):
    """A secret that lets a program ask one assistant. Only its hash is kept: it is shown once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assistant = models.ForeignKey(Assistant, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80, help_text="Who uses it.")
    prefix = models.CharField(max_length=16, editable=False, help_text="How it begins, to tell keys apart.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Spending(models.Model):
    """What an assistant's model calls came to in one calendar month (UTC), reservations of calls under way included."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assistant = models.ForeignKey(Assistant, models.CASCADE, related_name="spendings")
    month = models.DateField(help_text="Its first day.")
    tokens = models.PositiveBigIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=6, default=0)
    calls = models.PositiveIntegerField(default=0)
    warned_at = models.DateTimeField(null=True, blank=True, help_text="When staff were told that 80 % were used.")

    class Meta:
        ordering = ("-month",)
        constraints = [models.UniqueConstraint(fields=("assistant", "month"), name="one_spending_per_month")]

    def __str__(self) -> str:
        return f"{self.assistant_id} {self.month:%Y-%m}"
