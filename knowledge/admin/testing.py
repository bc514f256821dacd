"""Trying out what visitors would get: the test box, and the check of an entry's own wordings."""

import uuid
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from knowledge.checking import check_entry, why_unchecked
from knowledge.models import Entry, KnowledgeBase
from knowledge.requests import HtmxHttpRequest
from knowledge.retrieval import Retrieval, RetrievalError, retrieve
from knowledge.texts import TextError, clean

if TYPE_CHECKING:
    EntryModelAdmin = admin.ModelAdmin[Entry]
else:
    EntryModelAdmin = admin.ModelAdmin

LONGEST = 4_000


class AskForm(forms.Form):
    """A question, and where to look; the choice is there only where there is one."""

    question = forms.CharField(
        strip=False,
        label="Question",
        help_text="As a visitor would type it.",
        error_messages={"required": "Type a question first."},
        widget=forms.Textarea(attrs={"rows": 2, "class": "ask-question"}),
    )
    knowledge_base = forms.ModelChoiceField(
        KnowledgeBase.objects.all(), required=False, empty_label="All of them", label="Knowledge base"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if KnowledgeBase.objects.count() < 2:
            del self.fields["knowledge_base"]

    def clean_question(self) -> str:
        """Printable, within the limit of a question, and not empty."""
        try:
            question = clean(self.cleaned_data["question"], LONGEST)
        except TextError as error:
            raise ValidationError(f"The question {error}") from error
        if not question:
            raise ValidationError("Type a question first.")
        return question

    def bases(self) -> list[uuid.UUID]:
        """The chosen knowledge base, or all."""
        chosen = self.cleaned_data.get("knowledge_base")
        return [chosen.pk] if chosen else list(KnowledgeBase.objects.values_list("pk", flat=True))


class AskPages(EntryModelAdmin):
    """The entry admin's test box and check of wordings; both read only."""

    def get_urls(self) -> list[URLPattern]:
        """Add the pages before the one that takes anything for an entry's id."""
        ask, check = require_GET(never_cache(self.ask_view)), require_GET(never_cache(self.check_view))
        own = [
            path("ask/", self.admin_site.admin_view(ask), name="knowledge_entry_ask"),
            path("<uuid:entry_id>/check/", self.admin_site.admin_view(check), name="knowledge_entry_check"),
        ]
        return [*own, *super().get_urls()]

    def ask_view(self, request: HtmxHttpRequest) -> HttpResponse:
        """The form; with a question, also what is found for it and what a visitor would get."""
        self._require_view(request)
        form = AskForm(request.GET if "question" in request.GET else None)
        context: dict[str, Any] = {"form": form, "title": "Test a question"}
        status = 422 if form.errors else 200
        if form.is_valid():
            context["question"] = form.cleaned_data["question"]
            try:
                context |= _outcome(retrieve(context["question"], knowledge_bases=form.bases()))
            except RetrievalError as error:
                context["failure"], status = str(error), 503
        return self._show(request, "knowledge/_asked.html", "ask", context, status)

    def check_view(self, request: HtmxHttpRequest, entry_id: uuid.UUID) -> HttpResponse:
        """What each wording of an entry finds: in the entry's form, or as a page."""
        self._require_view(request)
        entry = get_object_or_404(Entry.objects.prefetch_related("phrasings"), pk=entry_id)
        context: dict[str, Any] = {"entry": entry, "title": "Wordings", "unchecked": why_unchecked(entry)}
        status = 200
        if not context["unchecked"]:
            try:
                context["check"] = check_entry(entry)
            except RetrievalError as error:
                context["failure"], status = str(error), 503
        return self._show(request, "knowledge/_wordings.html", "wordings", context, status)

    def _show(
        self, request: HtmxHttpRequest, fragment: str, page: str, context: dict[str, Any], status: int
    ) -> HttpResponse:
        """The fragment for htmx, which shows nothing but successes; the whole page for everybody else."""
        response: HttpResponse
        if request.htmx and not request.htmx.history_restore_request:
            response = render(request, fragment, {**context, "alone": True})
        else:
            everywhere = {**self.admin_site.each_context(request), "opts": self.opts, **context}
            response = TemplateResponse(request, f"admin/knowledge/entry/{page}.html", everywhere, status=status)
        patch_vary_headers(response, ["HX-Request"])
        return response

    def _require_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def _outcome(found: Retrieval) -> dict[str, Any]:
    return {"found": found, "total_ms": sum(found.milliseconds.values())}
