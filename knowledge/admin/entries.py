"""Entries in the admin: the list with its badges and actions, and the form, whose saves go through the services."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.timezone import localtime

from knowledge import services
from knowledge.admin.filters import IndexStateFilter, LanguageFilter, ReviewDueFilter
from knowledge.admin.forms import EntryForm
from knowledge.admin.history import HistoryPages
from knowledge.admin.testing import AskPages
from knowledge.admin.transfer import TransferPages
from knowledge.markdown import render
from knowledge.models import Entry, Phrasing

if TYPE_CHECKING:
    EntryModelAdmin = admin.ModelAdmin[Entry]
else:
    EntryModelAdmin = admin.ModelAdmin

Entries = QuerySet[Entry]
GONE = "This entry does not exist any more. Your text is below: saving it adds it as a new entry."


class RefusedRequest(HttpRequest):
    """A request whose form is shown again, with the reason for which the service refused to save it."""

    refusal: str | ValidationError


@admin.register(Entry)
class EntryAdmin(AskPages, HistoryPages, TransferPages, EntryModelAdmin):
    """What may be said, entry by entry."""

    form = EntryForm
    fieldsets = (
        (None, {"fields": ("question", "phrasings", "answer", "reason", "expected_version")}),
        ("Publishing", {"fields": (("status", "category"), ("language", "knowledge_base"))}),
        ("Dates and care", {"fields": (("owner", "review_due"), "valid_from", "valid_until", "reference")}),
    )
    list_filter = (
        IndexStateFilter,
        "status",
        "knowledge_base",
        "category",
        LanguageFilter,
        ("owner", admin.RelatedOnlyFieldListFilter),
        ReviewDueFilter,
    )
    list_select_related = ("category", "knowledge_base")
    list_per_page = 50
    search_fields = ("question", "answer", "phrasings__text", "reference")
    show_facets = admin.ShowFacets.ALWAYS
    actions = ("publish", "archive", "set_to_draft", "index_again", "retry_failed")
    save_on_top = False
    change_form_template = "admin/knowledge/entry/change_form.html"
    change_list_template = "admin/knowledge/entry/change_list.html"
    status_words: ClassVar = {
        Entry.Status.PUBLISHED: "published",
        Entry.Status.ARCHIVED: "archived",
        Entry.Status.DRAFT: "set to draft",
    }

    # --- the list

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Name the entries on this page whose badges are still to change."""
        response = super().changelist_view(request, {"title": "Entries", **(extra_context or {})})
        context = getattr(response, "context_data", None) or {}
        if "cl" in context:
            context["waiting"] = _waiting(context["cl"].result_list)
        return response

    def get_queryset(self, request: HttpRequest) -> Entries:
        """Add the number of phrasings, which would otherwise be a query for each row."""
        phrasings = Phrasing.objects.filter(entry=OuterRef("pk")).order_by().values("entry")
        counted = Subquery(phrasings.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
        return super().get_queryset(request).annotate(phrasings_total=Coalesce(counted, 0))

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Entry], str | bool]]:
        """Columns; that of the badge knows whether this person may retry."""
        may_retry = self.has_change_permission(request)

        @admin.display(description="Index")
        def badge(entry: Entry) -> str:
            return render_to_string("knowledge/_badge.html", {"entry": entry, "may_retry": may_retry})

        return ["short_question", "category", "status", badge, "language_used", "phrasing_count", "updated"]

    @admin.display(description="Question", ordering="question")
    def short_question(self, entry: Entry) -> str:
        """The question in a line or two."""
        return Truncator(entry.question).chars(120)

    @admin.display(description="Language", ordering="language")
    def language_used(self, entry: Entry) -> str:
        """Its own language, else that of its knowledge base."""
        return entry.language or entry.knowledge_base.language

    @admin.display(description="Updated", ordering="updated_at")
    def updated(self, entry: Entry) -> str:
        """Short, in the site's time zone."""
        return date_format(localtime(entry.updated_at), "j M Y H:i")

    @admin.display(description="Phrasings", ordering="phrasings_total")
    def phrasing_count(self, entry: Entry) -> int:
        """How many other ways to ask it are known."""
        return int(getattr(entry, "phrasings_total", 0))

    @admin.action(description="Publish", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: Entries) -> HttpResponse | None:
        """Make the selected entries answerable."""
        return self._set_status(request, queryset, Entry.Status.PUBLISHED)

    @admin.action(description="Archive", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: Entries) -> HttpResponse | None:
        """Keep the selected entries and stop answering them."""
        return self._set_status(request, queryset, Entry.Status.ARCHIVED)

    @admin.action(description="Set to draft", permissions=["change"])
    def set_to_draft(self, request: HttpRequest, queryset: Entries) -> HttpResponse | None:
        """Stop answering the selected entries until somebody publishes them."""
        return self._set_status(request, queryset, Entry.Status.DRAFT)

    @admin.action(description="Index again", permissions=["change"])
    def index_again(self, request: HttpRequest, queryset: Entries) -> None:
        """Write the selected entries to the index once more, though nothing in them changed."""
        count = services.request_indexing(plain_entries(queryset))
        messages.success(request, f"{_entries(count)} will be indexed again. Drafts and archived ones are not indexed.")

    @admin.action(description="Retry failed", permissions=["change"])
    def retry_failed(self, request: HttpRequest, queryset: Entries) -> None:
        """Give those of the selected entries that failed another chance."""
        count = services.retry_indexing(plain_entries(queryset))
        messages.success(request, f"{_entries(count)} will be tried again; the others had not failed.")

    def _set_status(
        self, request: HttpRequest, queryset: Entries, status: Entry.Status, reason: str = ""
    ) -> HttpResponse | None:
        count = services.set_status(plain_entries(queryset), status, author=_author(request), reason=reason)
        word = self.status_words[status]
        messages.success(request, f"{_entries(count)} {word}." if count else f"All of them were already {word}.")
        return None

    # --- the form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form again, with all that was typed, where the service refuses what the form had accepted."""
        gone = request.method == "POST" and object_id and self.get_object(request, unquote(object_id)) is None
        try:
            if gone:
                raise services.EntryGoneError
            return super().changeform_view(request, object_id, form_url, extra_context)
        except services.EntryGoneError:
            cast(RefusedRequest, request).refusal = GONE
            return super().changeform_view(request, None, reverse("admin:knowledge_entry_add"), extra_context)
        except services.EntryChangedError as error:
            cast(RefusedRequest, request).refusal = str(error)
        except ValidationError as error:
            cast(RefusedRequest, request).refusal = ValidationError(error.messages)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Entry | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Return a form class that knows why an earlier attempt of the same request was refused."""
        form = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", None)  # type: ignore[attr-defined]
        return form

    def save_model(self, request: HttpRequest, obj: Entry, form: Form, change: bool) -> None:
        """Save words and phrasings together, as one new version; an untouched form makes none."""
        if change and not set(form.changed_data) - {"reason"}:
            return
        services.save_entry(
            obj,
            phrasings=form.cleaned_data["phrasings"],
            author=_author(request),
            reason=form.cleaned_data.get("reason", ""),
            expected_version=form.cleaned_data["expected_version"] if change else None,
        )

    def delete_model(self, request: HttpRequest, obj: Entry) -> None:  # noqa: ARG002
        """Delete through the service, so that the index forgets the entry as well."""
        services.delete_entries(Entry.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: Entries) -> None:  # noqa: ARG002
        """Delete through the service, so that the index forgets the entries as well."""
        services.delete_entries(plain_entries(queryset))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Add the answer as visitors see it; later it follows the typing."""
        form = context["adminform"].form
        answer = form["answer"].value() if "answer" in form.fields else context["original"].answer
        context["preview"] = render(answer or "")
        original = context["original"]
        context["waiting"] = _waiting([original] if original else [])
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="Other ways to ask it")
    def phrasings(self, entry: Entry) -> str:
        """For people who may look and not change."""
        return "\n".join(p.text for p in entry.phrasings.all())

    @admin.display(description="Why")
    def reason(self, entry: Entry) -> str:
        """For people who may look and not change: why it was saved last."""
        last = entry.history.first()
        return (last.history_change_reason or "") if last else ""

    @admin.display(description="Version")
    def expected_version(self, entry: Entry) -> int:
        """For people who may look and not change."""
        return entry.version


def _waiting(entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.index_state == Entry.IndexState.WAITING]


def plain_entries(queryset: Entries) -> Entries:
    """Return the same rows without the list's joins and DISTINCT, under which rows cannot be locked."""
    return Entry.objects.filter(pk__in=queryset.order_by().values("pk"))


def _author(request: HttpRequest) -> Any:
    return request.user


def _entries(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"
