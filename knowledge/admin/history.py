"""The history of an entry: every version with what changed in it, and the way back to any of them."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import formats, timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from knowledge import services
from knowledge.diffs import line_diff, word_diff
from knowledge.models import Category, Entry, KnowledgeBase

if TYPE_CHECKING:
    EntryModelAdmin = admin.ModelAdmin[Entry]
else:
    EntryModelAdmin = admin.ModelAdmin

PER_PAGE = 20
_FIELDS = {
    "question": "Question",
    "phrasings": "Other ways to ask it",
    "answer": "Answer",
    "status": "Status",
    "category_id": "Category",
    "knowledge_base_id": "Knowledge base",
    "language": "Language",
    "reference": "Reference",
    "valid_from": "Valid from",
    "valid_until": "Valid until",
    "owner_id": "Owner",
    "review_due": "Review due",
}


@dataclass(frozen=True)
class Change:
    """One field of a version, and how its value differs from the version before."""

    label: str
    diff: SafeString


@dataclass(frozen=True)
class Version:
    """A row of the history page; `changes` is None for the first version, which changed nothing."""

    record: Any
    changes: list[Change] | None
    is_current: bool


class HistoryPages(EntryModelAdmin):
    """The entry admin's history page and its restore button."""

    def get_urls(self) -> list[URLPattern]:
        """Add the address that restores a version."""
        view = self.admin_site.admin_view(require_POST(self.restore_view))
        return [
            path("<uuid:object_id>/restore/<int:version>/", view, name="knowledge_entry_restore"),
            *super().get_urls(),
        ]

    def history_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002  (as the stock admin declares it)
    ) -> HttpResponse:
        """Versions, newest first, a page at a time."""
        entry = self.get_object(request, unquote(object_id))
        if entry is None:
            raise Http404("There is no such entry.")
        if not self.has_view_or_change_permission(request, entry):
            raise PermissionDenied
        records = entry.history.select_related("history_user").order_by("-version", "-history_date")
        page = Paginator(records, PER_PAGE).get_page(request.GET.get("p"))
        first = (page.number - 1) * PER_PAGE
        # One more than is shown: what the oldest of them is compared with.
        versions = describe_versions(records[first : first + PER_PAGE + 1], entry.version)
        context = {
            **self.admin_site.each_context(request),
            "title": "History",
            "subtitle": str(entry),
            "opts": self.opts,
            "object": entry,
            "page": page,
            "versions": versions[:PER_PAGE],
            "may_restore": self.has_change_permission(request, entry),
        }
        return TemplateResponse(request, "admin/knowledge/entry/history.html", context)

    def restore_view(self, request: HttpRequest, object_id: uuid.UUID, version: int) -> HttpResponse:
        """Save an earlier version's words as the newest version."""
        entry = get_object_or_404(Entry, pk=object_id)
        if not self.has_change_permission(request, entry):
            raise PermissionDenied
        seen = request.POST.get("expected_version", "")
        try:
            services.restore_version(
                entry,
                version,
                author=request.user if request.user.is_authenticated else None,
                expected_version=int(seen) if seen.isdecimal() and len(seen) < 10 else -1,
            )
        except Entry.DoesNotExist as error:
            raise Http404(str(error)) from error
        except services.EntryGoneError as error:
            raise Http404(str(error)) from error
        except services.EntryChangedError:
            messages.error(request, "Somebody saved this entry after you opened this page. Look again, then restore.")
        except ValidationError as error:
            messages.error(request, f"Version {version} cannot be restored: {' '.join(error.messages)}")
        else:
            messages.success(request, f"Version {version} was restored as version {entry.version}.")
        return HttpResponseRedirect(reverse("admin:knowledge_entry_history", args=[object_id]))


def describe_versions(records: Iterable[Any], current: int) -> list[Version]:
    """Compare each of `records`, newest first, with the one after it; the last is taken for the first version."""
    rows = list(records)
    names = _names(rows)
    described = [Version(new, _changes(old, new, names), new.version == current) for new, old in pairwise(rows)]
    return described + [Version(row, None, row.version == current) for row in rows[-1:]]


def _changes(old: Any, new: Any, names: dict[Any, str]) -> list[Change]:
    found = []
    for name, label in _FIELDS.items():
        before, after = getattr(old, name), getattr(new, name)
        if before == after:
            continue
        if name == "phrasings":
            found.append(Change(label, line_diff(before, after)))
        else:
            found.append(Change(label, word_diff(_show(name, before, names), _show(name, after, names))))
    return found


def _show(name: str, value: Any, names: dict[Any, str]) -> str:
    if value is None:
        return ""
    if name == "status":
        return str(Entry.Status(value).label)
    if name.endswith("_id"):
        return names.get(value, "(deleted)")
    if name.startswith("valid"):
        return str(formats.localize(timezone.localtime(value)))
    return str(value)


def _names(records: Sequence[Any]) -> dict[Any, str]:
    """The names behind the ids in all records: three queries; ids of rows that are gone are missing."""
    named: dict[Any, str] = {}
    models: dict[str, type[Model]] = {
        "category_id": Category,
        "knowledge_base_id": KnowledgeBase,
        "owner_id": get_user_model(),
    }
    for name, model in models.items():
        ids = {value for record in records if (value := getattr(record, name)) is not None}
        named |= {key: str(row) for key, row in model._default_manager.in_bulk(ids).items()}
    return named
