"""Filters of the entry list that follow from more than one column."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from knowledge.models import Entry

Entries = QuerySet[Entry]
# Each state and the rows it means: the same rule as `Entry.index_state`, in SQL.
_STATES: dict[str, Callable[[], Entries]] = {
    Entry.IndexState.LIVE: lambda: Entry.objects.filter(content_hash=F("indexed_hash"), status=Entry.Status.PUBLISHED),
    Entry.IndexState.WAITING: lambda: Entry.objects.to_index().order_by(),
    Entry.IndexState.FAILED: lambda: Entry.objects.failed(),
    Entry.IndexState.OFF: lambda: Entry.objects.filter(content_hash=F("indexed_hash")).exclude(
        status=Entry.Status.PUBLISHED
    ),
}
REVIEW_SOON = timedelta(days=30)


class IndexStateFilter(admin.SimpleListFilter):
    """Live, waiting, failed or not published: what the badge says."""

    title = "index"
    parameter_name = "index"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """The states in the order of an entry's life."""
        return [(state.value, state.label) for state in Entry.IndexState]

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:  # noqa: ARG002
        """Keep the rows of the chosen state."""
        chosen = _STATES.get(self.value() or "")
        return queryset.filter(pk__in=chosen().values("pk")) if chosen else queryset


class LanguageFilter(admin.SimpleListFilter):
    """Languages that entries name; most name none and have that of their knowledge base."""

    title = "language"
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """The languages in use."""
        named = Entry.objects.exclude(language="").order_by("language").values_list("language", flat=True).distinct()
        return [*((language, language) for language in named), ("own", "As the knowledge base")]

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:  # noqa: ARG002
        """Keep the rows that name the chosen language, or none."""
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(language="" if chosen == "own" else chosen)


class ReviewDueFilter(admin.SimpleListFilter):
    """Entries that somebody should read again."""

    title = "review due"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Past, soon, none."""
        return [("past", "Past"), ("soon", "In the next 30 days"), ("none", "No date")]

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:  # noqa: ARG002
        """Compare with today in the site's time zone."""
        today = timezone.localdate()
        if self.value() == "past":
            return queryset.filter(review_due__lt=today)
        if self.value() == "soon":
            return queryset.filter(review_due__gte=today, review_due__lte=today + REVIEW_SOON)
        return queryset.filter(review_due=None) if self.value() == "none" else queryset
