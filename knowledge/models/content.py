"""What editors write: knowledge bases, categories, entries and their phrasings.

Rows are changed through `knowledge.services`, which keep version, content hash and history in step.
"""

import uuid
from datetime import datetime

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

QUESTION_LENGTH = 500
ANSWER_LENGTH = 16_000
# After this many failures in a row an entry is set aside, so that one bad row stops nothing.
MAX_INDEX_ATTEMPTS = 5


class KnowledgeBase(models.Model):
    """A body of entries that is searched as one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    language = models.CharField(max_length=10, default="en", help_text="Language code of new entries: en, sv, pt-br.")
    help_centre = models.BooleanField(
        "in the help centre",
        default=False,
        help_text="Its published entries can be read and searched by anybody, and found by search engines, at /help/.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    # What the indexer found about its entries as a whole; None: too few to tell, or not looked at yet.
    crowding = models.FloatField(null=True, editable=False)
    cohesion = models.FloatField(null=True, editable=False)
    surveyed_entries = models.PositiveIntegerField(default=0, editable=False)
    surveyed_at = models.DateTimeField(null=True, editable=False)
    # The base's own calibration of the confidence, fitted on its golden questions; 1 and 0 change nothing.
    calibration_slope = models.FloatField(default=1.0, editable=False)
    calibration_offset = models.FloatField(default=0.0, editable=False)

    # The name of its collection, where a query brought it along.
    collection: str | None

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A heading under which a knowledge base groups its entries."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    knowledge_base = models.ForeignKey(KnowledgeBase, models.CASCADE, related_name="categories")
    name = models.CharField(max_length=100)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("position", "name")
        verbose_name_plural = "categories"
        constraints = [models.UniqueConstraint(fields=("knowledge_base", "name"), name="category_name_once_per_base")]

    def __str__(self) -> str:
        return self.name


class EntryQuerySet(models.QuerySet["Entry"]):
    """The questions that the rest of the app asks of entries, in one place."""

    def answerable(self, at: datetime | None = None) -> "EntryQuerySet":
        """Entries that may be shown to visitors at `at` (default: now): published and within their dates."""
        at = at or timezone.now()
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=at),
            Q(valid_until__isnull=True) | Q(valid_until__gt=at),
            status=Entry.Status.PUBLISHED,
        )

    def dirty(self) -> "EntryQuerySet":
        """Entries whose index is behind their text, those that were set aside among them."""
        return self.filter(~Q(content_hash=F("indexed_hash")))

    def to_index(self) -> "EntryQuerySet":
        """Entries for the indexer to work on: dirty and not set aside, the latest edit first.

        So an edit made during a long import is live at once.
        """
        return self.dirty().filter(index_attempts__lt=MAX_INDEX_ATTEMPTS).order_by("-updated_at")

    def failed(self) -> "EntryQuerySet":
        """Entries set aside after too many failures."""
        return self.dirty().filter(index_attempts__gte=MAX_INDEX_ATTEMPTS)


class PhrasingSnapshot(models.Model):
    """The phrasings an entry had at one of its versions; filled by the service that wrote the version."""

    phrasings = models.JSONField(default=list)

    class Meta:
        abstract = True


class Entry(models.Model):
    """One question with its curated answer, and how far the index has followed it."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        ARCHIVED = "archived", "Archived"

    class IndexState(models.TextChoices):
        LIVE = "live", "Live"
        WAITING = "waiting", "Waiting"
        FAILED = "failed", "Failed"
        OFF = "off", "Not published"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    knowledge_base = models.ForeignKey(KnowledgeBase, models.CASCADE, related_name="entries")
    category = models.ForeignKey(Category, models.SET_NULL, null=True, blank=True, related_name="entries")
    reference = models.CharField(
        max_length=100,
        blank=True,
        help_text="Your own id for this entry. An import updates the entry that has the same reference.",
    )
    # Names its page in the help centre; of the first question, and never changed.
    slug = models.SlugField(max_length=100, blank=True, allow_unicode=True, editable=False)
    question = models.TextField(validators=[MaxLengthValidator(QUESTION_LENGTH)])
    answer = models.TextField(validators=[MaxLengthValidator(ANSWER_LENGTH)], help_text="Markdown.")
    language = models.CharField(max_length=10, blank=True, help_text="Empty: the knowledge base's language.")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    valid_from = models.DateTimeField(null=True, blank=True, help_text="Not answered before this moment.")
    valid_until = models.DateTimeField(null=True, blank=True, help_text="Not answered from this moment on.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    review_due = models.DateField(null=True, blank=True, help_text="When somebody should read this again.")
    version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    content_hash = models.CharField(max_length=64, blank=True, editable=False)
    indexed_hash = models.CharField(max_length=64, blank=True, editable=False)
    indexed_model = models.CharField(max_length=200, blank=True, editable=False)
    indexed_passages = models.PositiveIntegerField(default=0, editable=False)
    indexed_at = models.DateTimeField(null=True, editable=False)
    index_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    index_error = models.TextField(blank=True, editable=False)

    # django-simple-history's switch for one save.
    skip_history_when_saving: bool

    objects = EntryQuerySet.as_manager()
    history = HistoricalRecords(
        bases=[PhrasingSnapshot],
        excluded_fields=[
            "slug",
            "content_hash",
            "indexed_hash",
            "indexed_model",
            "indexed_passages",
            "indexed_at",
            "index_attempts",
            "index_error",
            "created_at",
            "updated_at",
        ],
    )

    class Meta:
        verbose_name_plural = "entries"
        ordering = ("-updated_at",)
        indexes = [
            models.Index(fields=("knowledge_base", "status")),
            # The indexer's only question, asked every few seconds: whose index is behind?
            models.Index(fields=("updated_at",), name="entry_behind", condition=~Q(content_hash=F("indexed_hash"))),
            # Which languages do a base's entries have? Asked every few seconds; most have none of their own.
            models.Index(
                fields=("knowledge_base", "language"),
                name="entry_own_language",
                condition=Q(status="published") & ~Q(language=""),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=("knowledge_base", "reference"),
                name="entry_reference_once_per_base",
                condition=~Q(reference=""),
                violation_error_message="Another entry of this knowledge base has this reference.",
            ),
            models.CheckConstraint(
                name="entry_valid_until_after_from",
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                violation_error_message="“Valid until” must come after “valid from”.",
            ),
        ]

    def __str__(self) -> str:
        return self.question

    @property
    def index_state(self) -> "Entry.IndexState":
        """How far the index has followed this row: what the badge in the admin says."""
        if self.content_hash != self.indexed_hash:
            failed = self.index_attempts >= MAX_INDEX_ATTEMPTS
            return Entry.IndexState.FAILED if failed else Entry.IndexState.WAITING
        return Entry.IndexState.LIVE if self.status == Entry.Status.PUBLISHED else Entry.IndexState.OFF


class Phrasing(models.Model):
    """Another way in which people ask an entry's question."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="phrasings")
    text = models.CharField(max_length=QUESTION_LENGTH)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("position",)
        constraints = [models.UniqueConstraint(fields=("entry", "text"), name="phrasing_once_per_entry")]

    def __str__(self) -> str:
        return self.text
