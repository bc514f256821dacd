"""What an assistant is to the websites it stands on: its look, who may show it, what it remembers, how to reach people.

A room of its own because these belong together in the admin and to nothing that answers.
"""

import secrets

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models

from chatbot.look import is_colour
from chatbot.origins import OriginError, parse_origins
from chatbot.outbound import TargetError, check_target


def new_secret() -> str:
    """Return a secret to sign with: 256 bits, safe in a configuration file."""
    return secrets.token_urlsafe(32)


def validate_colour(value: str) -> None:
    """Refuse what is no colour."""
    if not is_colour(value):
        raise ValidationError("Write the colour as # and six digits or letters a to f, for example #0b6b5d.")


def validate_origins(value: str) -> None:
    """Refuse origins that cannot or must not be allowed, each with its reason."""
    try:
        parse_origins(value)
    except OriginError as error:
        raise ValidationError(str(error)) from error


def validate_webhook(value: str) -> None:
    """Refuse an address that nothing may be sent to."""
    try:
        check_target(value)
    except TargetError as error:
        raise ValidationError(str(error)) from error


class Look(models.Model):
    """How it looks on somebody's page."""

    class Theme(models.TextChoices):
        AUTO = "auto", "As the visitor's device"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    class Side(models.TextChoices):
        END = "end", "Where lines end (right in English)"
        START = "start", "Where lines begin (left in English)"

    accent = models.CharField("colour", max_length=7, blank=True, validators=[validate_colour])
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.AUTO)
    side = models.CharField("corner of the page", max_length=5, choices=Side, default=Side.END)

    class Meta:
        abstract = True


class Door(models.Model):
    """Which websites may show it, what it remembers of whom, and how often it may be asked."""

    allowed_origins = models.TextField(
        "websites that may show it",
        blank=True,
        validators=[MaxLengthValidator(4_000), validate_origins],
        help_text="One per line, for example https://www.example.com or https://*.example.com. "
        "Empty: none but this site itself.",
    )
    remember_days = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text="For how many days after the last question a visitor finds the conversation again.",
    )
    only_this_tab = models.BooleanField(
        default=False, help_text="The widget forgets the conversation when the visitor closes the tab."
    )
    identity_secret = models.CharField(max_length=64, default=new_secret, editable=False)
    asks_per_minute = models.PositiveIntegerField(
        "questions a minute",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="From all visitors together. Empty: as many as come.",
    )

    class Meta:
        abstract = True

    def origins(self) -> list[str]:
        """The websites that may show it, normalised."""
        try:
            return parse_origins(self.allowed_origins)
        except OriginError:
            return []  # written past the form: nobody is let in


class Contact(models.Model):
    """The way to a person."""

    contact_enabled = models.BooleanField(
        "visitors can ask for a person", default=True, help_text="Requests are kept here in any case."
    )
    contact_email = models.EmailField("send requests to", blank=True, help_text="An e-mail address of your team.")
    contact_webhook = models.CharField(
        "webhook",
        blank=True,
        max_length=500,
        validators=[validate_webhook],
        help_text="An address that is called with each request, like https://hooks.example.com/candor",
    )
    webhook_secret = models.CharField(max_length=64, default=new_secret, editable=False)
    contact_next = models.TextField(
        "what happens next",
        blank=True,
        validators=[MaxLengthValidator(500)],
        help_text="Told to visitors before and after they send a request: who answers, how and how soon. "
        "Empty: that the team will read it and answer by e-mail.",
    )
    consent = models.TextField(
        "consent line",
        blank=True,
        validators=[MaxLengthValidator(1_000)],
        help_text="Markdown. With it visitors have to tick a box before they can send a request.",
    )

    class Meta:
        abstract = True


class Privacy(models.Model):
    """What is kept of visitors' words, for how long, and who may read it."""

    readers = models.ManyToManyField(
        "auth.Group",
        blank=True,
        related_name="readable_assistants",
        verbose_name="who reads its conversations",
        help_text="Only members of these groups see its conversations, at the desk and here; superusers see all.",
    )
    retention_days = models.PositiveIntegerField(
        "days until conversations are deleted",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3_650)],
        help_text="Counted from the last word said. Empty: they are kept.",
    )
    redact = models.BooleanField(
        "take out contact details",
        default=False,
        help_text="E-mail addresses, phone and card numbers in visitors' questions are replaced before anything is "
        "stored. What somebody sends in a contact request stays.",
    )

    class Meta:
        abstract = True
