"""The entry admin that tries edits out: what would change is shown, and breaking a golden question takes a reason."""

import uuid
from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from chatbot.reading import readable_assistants
from knowledge.admin.entries import Entries, EntryAdmin, plain_entries
from knowledge.admin.forms import REASON_LENGTH, EntryForm
from knowledge.admin.uploads import Upload
from knowledge.importing import Sheet
from knowledge.models import Entry, KnowledgeBase
from knowledge.rehearsal import Edit
from review import audit
from review.bulk import TELLING, TooManyEditsError, edit_of_form, edits_of_deletion, edits_of_rows, edits_of_status
from review.impact import Impact, readable, try_out, warm_up

BREAKS = "Golden questions would break: see “What this would change”. Say why that is right, in a line, and save again."
SHOWN = 50


class TriedEntryForm(EntryForm):
    """An entry's form that knows what saving it would change."""

    impact: Impact | None = None

    def clean(self) -> dict[str, Any]:
        """Ask for a reason where golden questions would break."""
        cleaned = super().clean()
        if not self.errors and set(self.changed_data) & TELLING:
            self.impact = try_out([self.edit()], self.bases())
            if self.impact and self.impact.breaks and not cleaned.get("reason"):
                self.add_error("reason", BREAKS)
        return cleaned

    def edit(self) -> Edit:
        """Return what this form would save; of a form whose fields are valid."""
        return edit_of_form(self.instance, self.cleaned_data)

    def bases(self) -> list[uuid.UUID]:
        """Return the knowledge bases that are touched: the one that is chosen, and the one that it leaves."""
        chosen = self.cleaned_data.get("knowledge_base")
        return list(filter(None, {self.instance.knowledge_base_id, chosen.pk if chosen else None}))


class TriedEntryAdmin(EntryAdmin):
    """Entries, with what an edit, an action or an import would change."""

    form = TriedEntryForm
    change_form_template = "admin/review/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the trial of unsaved text."""
        view = self.admin_site.admin_view(require_POST(self.impact_view))
        own = [
            path("impact/", view, name="knowledge_entry_impact_new"),
            path("<uuid:entry_id>/impact/", view, name="knowledge_entry_impact"),
        ]
        return [*own, *super().get_urls()]

    def impact_view(self, request: HttpRequest, entry_id: uuid.UUID | None = None) -> HttpResponse:
        """What saving the posted form would change; nothing is stored."""
        entry = get_object_or_404(Entry, pk=entry_id) if entry_id else None
        if not (self.has_change_permission(request, entry) if entry else self.has_add_permission(request)):
            raise PermissionDenied
        form = self.get_form(request, entry, change=entry is not None)(request.POST, instance=entry)
        form.is_valid()
        context: dict[str, Any] = {"invalid": bool(set(form.errors) - {"reason"})}
        if not context["invalid"]:
            tried = bool(set(form.changed_data) & TELLING)
            if not tried:
                warm_up(form.bases())
            context |= _shown(request, form.impact, tried=tried)
        if request.headers.get("HX-Request"):
            return TemplateResponse(request, "admin/review/_impact.html", context)
        everywhere = {**self.admin_site.each_context(request), "opts": self.opts, "title": "What this would change"}
        return TemplateResponse(request, "admin/review/impact.html", {**everywhere, **context})

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Show what would break beside the form that was refused for it."""
        tried = getattr(context["adminform"].form, "impact", None)
        if tried:
            context |= _shown(request, tried, tried=True)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Entry, form: Any, change: bool) -> None:
        """Log what was published over a break."""
        super().save_model(request, obj, form, change)
        tried: Impact | None = getattr(form, "impact", None)
        if tried and tried.breaks:
            _note(request, tried, form.cleaned_data["reason"], str(obj.pk))

    def _set_status(
        self, request: HttpRequest, queryset: Entries, status: Entry.Status, reason: str = ""
    ) -> HttpResponse | None:
        reason = request.POST.get("reason", "").strip()[: REASON_LENGTH - 30]
        try:
            edits = edits_of_status(plain_entries(queryset), status)
        except TooManyEditsError as error:
            messages.warning(request, str(error))
            return super()._set_status(request, queryset, status, reason)
        tried = try_out(edits, _bases(edits, queryset))
        if tried and tried.breaks and not reason:
            return self._confirm(request, queryset, tried, status)
        if tried and tried.breaks:
            _note(request, tried, reason)
        return super()._set_status(request, queryset, status, reason)

    def _confirm(self, request: HttpRequest, queryset: Entries, tried: Impact, status: Entry.Status) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{status.label} {queryset.count()} entries?",
            "selected": request.POST.getlist("_selected_action"),
            "action": request.POST.get("action", ""),
            "across": request.POST.get("select_across", "0"),
            "reason_length": REASON_LENGTH - 30,
            **_shown(request, tried, tried=True),
        }
        return TemplateResponse(request, "admin/review/confirm.html", context)

    def import_context(self, request: HttpRequest, base: KnowledgeBase, sheet: Sheet) -> dict[str, Any]:
        """Show what the rows of a file would change."""
        tried, failure = _try_rows(base, sheet)
        return {"more": "admin/review/_import.html", "too_many": failure, **_shown(request, tried, tried=True)}

    def refuse_import(
        self, request: HttpRequest, base: KnowledgeBase, upload: Upload, sheet: Sheet
    ) -> HttpResponse | None:
        """Ask for a reason where golden questions would break."""
        tried, _ = _try_rows(base, sheet)
        reason = request.POST.get("reason", "").strip()
        if not (tried and tried.breaks):
            return None
        if not reason:
            messages.error(request, f"Nothing was imported. {BREAKS}")
            return self._preview(request, base, upload, sheet)
        _note(request, tried, reason, str(base.pk))
        return None

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Add the golden questions that a deletion would break to the list of what goes."""
        to_delete, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        keys = [obj.pk for obj in objs]
        queryset = Entry.objects.filter(pk__in=keys)
        try:
            edits = edits_of_deletion(queryset)
        except TooManyEditsError as error:
            return [*to_delete, str(error)], counts, perms_needed, protected
        tried = try_out(edits, _bases(edits, queryset))
        breaks = tried.breaks[:SHOWN] if tried else []
        broken = [format_html("Golden question that would break: {}", change.question.text) for change in breaks]
        return [*to_delete, *broken], counts, perms_needed, protected


def _bases(edits: Sequence[Edit], queryset: Entries) -> list[uuid.UUID]:
    return list(queryset.order_by().values_list("knowledge_base", flat=True).distinct()) if edits else []


def _try_rows(base: KnowledgeBase, sheet: Sheet) -> tuple[Impact | None, str]:
    try:
        return try_out(edits_of_rows(base, sheet.rows), [base.pk]), ""
    except TooManyEditsError as error:
        return None, str(error)


def _shown(request: HttpRequest, found: Impact | None, *, tried: bool) -> dict[str, Any]:
    """What a template shows of an impact: nothing that somebody said to an assistant that this person may not read."""
    if not tried:
        return {"untouched": True}
    if found is None:
        return {"unknown": True}
    mine = {one.pk: one for one in readable_assistants(request.user)}
    seen, hidden = readable(found, mine)
    more = max(len(seen.moved) - SHOWN, 0)
    return {"impact": seen, "hidden": hidden, "changes": seen.moved[:SHOWN], "more_changes": more}


def _note(request: HttpRequest, tried: Impact, reason: str, target: str = "") -> None:
    detail = f"{len(tried.breaks)} golden questions break: {reason}"
    audit.note(cast(Any, request.user), "publish over a break", target=target, detail=detail)
