"""Trying thresholds on the golden questions before they are saved."""

import uuid
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from chatbot import chat_model
from chatbot.deciding import Policy
from chatbot.foresight import compare, look_up
from chatbot.models import Assistant
from knowledge.requests import HtmxHttpRequest
from knowledge.retrieval import RetrievalError

if TYPE_CHECKING:
    AssistantModelAdmin = admin.ModelAdmin[Assistant]
    PolicyModelForm = forms.ModelForm[Assistant]
else:
    AssistantModelAdmin = admin.ModelAdmin
    PolicyModelForm = forms.ModelForm


class PolicyForm(PolicyModelForm):
    """The part of an assistant that decides."""

    class Meta:
        model = Assistant
        fields = ("mode", "quote_at", "write_at", "clarify_at", "lead_at")


class ThresholdPages(AssistantModelAdmin):
    """The assistant admin's page on what thresholds do; read only."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page before the one that takes anything for an assistant's id."""
        view = self.admin_site.admin_view(require_GET(never_cache(self.thresholds_view)))
        return [
            path("<uuid:assistant_id>/thresholds/", view, name="chatbot_assistant_thresholds"),
            *super().get_urls(),
        ]

    def thresholds_view(self, request: HtmxHttpRequest, assistant_id: uuid.UUID) -> HttpResponse:
        """What the golden questions get: as it is saved, and as the form has it."""
        assistant = get_object_or_404(Assistant, pk=assistant_id)
        if not self.has_view_permission(request, assistant):
            raise PermissionDenied
        context, status = _foreseen(assistant, request)
        response: HttpResponse
        if request.htmx and not request.htmx.history_restore_request:
            # htmx shows nothing but successes.
            response = render(request, "chatbot/_foreseen.html", context)
        else:
            everywhere = {**self.admin_site.each_context(request), "opts": self.opts, "title": "Thresholds", **context}
            response = TemplateResponse(request, "admin/chatbot/assistant/thresholds.html", everywhere, status=status)
        patch_vary_headers(response, ["HX-Request"])
        return response


def _foreseen(assistant: Assistant, request: HttpRequest) -> tuple[dict[str, Any], int]:
    now = Policy.of(assistant)
    form = PolicyForm(request.GET if "mode" in request.GET else None, instance=assistant)
    context: dict[str, Any] = {"assistant": assistant, "form": form, "shipped": Policy()}
    if form.is_bound and not form.is_valid():
        return context, 422
    # A valid form has put its values into the assistant, which is not saved.
    then = Policy.of(form.instance)
    try:
        looked, left_out = look_up(assistant)
    except RetrievalError as error:
        return {**context, "failure": str(error)}, 503
    model_available = chat_model.is_configured()
    foresight = compare(looked, now, then, model_available=model_available, left_out=left_out)
    return {**context, "foresight": foresight, "model_available": model_available}, 200
