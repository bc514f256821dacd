"""The assistant admin's pages on looks and websites: shades and contrast, the line to paste, and a look at a site."""

import uuid
from typing import TYPE_CHECKING, Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from chatbot import services
from chatbot.installing import check_site, policy_lines, snippet, steps
from chatbot.look import PAPER, contrast, flaw, is_colour, shades
from chatbot.models import Assistant
from knowledge.requests import HtmxHttpRequest

if TYPE_CHECKING:
    AssistantModelAdmin = admin.ModelAdmin[Assistant]
else:
    AssistantModelAdmin = admin.ModelAdmin

SHIPPED = "#0b6b5d"
STOP_POLLING = 286
SECRETS = ("identity", "webhook_signature")


class InstallPages(AssistantModelAdmin):
    """What the assistant admin shows of an assistant's look and its websites."""

    def get_urls(self) -> list[URLPattern]:
        """Add the pages before the one that takes anything for an assistant's id."""
        views = {
            "shades": require_GET(self.shades_view),
            "steps": require_GET(self.steps_view),
            "install": require_http_methods(["GET", "POST"])(self.install_view),
        }
        return [
            *(
                path(
                    f"<uuid:assistant_id>/{name}/",
                    self.admin_site.admin_view(never_cache(view)),
                    name=f"chatbot_assistant_{name}",
                )
                for name, view in views.items()
            ),
            *super().get_urls(),
        ]

    def shades_view(self, request: HttpRequest, assistant_id: uuid.UUID) -> HttpResponse:
        """What a colour becomes on light and dark pages, and whether it can be read; for the form as it is typed."""
        self._viewed(request, assistant_id)
        accent = request.GET.get("accent", "").strip().lower()
        if accent and not is_colour(accent):
            return render(request, "admin/chatbot/assistant/_shades.html", {"no_colour": True})
        light, dark = shades(accent or SHIPPED)
        context = {
            "pairs": [("accent", light.accent, dark.accent), ("on-accent", light.on_accent, dark.on_accent)],
            "tints": (light.tint, dark.tint),
            "ratio": contrast(light.accent, PAPER[0]),
            "flaw": flaw(accent or SHIPPED),
            "accent": accent,
        }
        return render(request, "admin/chatbot/assistant/_shades.html", context)

    def steps_view(self, request: HttpRequest, assistant_id: uuid.UUID) -> HttpResponse:
        """The checklist, which asks again by itself until everything is ticked."""
        these = steps(self._viewed(request, assistant_id))
        status = STOP_POLLING if all(step.done for step in these) else 200
        return render(request, "admin/chatbot/assistant/_steps.html", {"steps": these}, status=status)

    def install_view(self, request: HtmxHttpRequest, assistant_id: uuid.UUID) -> HttpResponse:
        """The line, the checklist and a look at a page of a website; the look alone for htmx."""
        assistant = self._viewed(request, assistant_id)
        report = check_site(assistant, request.POST.get("site", "")[:2_000]) if request.method == "POST" else None
        context = {"report": report, **_install_context(assistant)}
        response: HttpResponse
        if request.htmx:
            response = render(request, "admin/chatbot/assistant/_report.html", context)
        else:
            everywhere = {**self.admin_site.each_context(request), "opts": self.opts, "title": "On a website"}
            response = TemplateResponse(request, "admin/chatbot/assistant/install.html", everywhere | context)
        patch_vary_headers(response, ["HX-Request"])
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Let the form show the chat in a frame of its own."""
        shown = super().change_view(request, object_id, form_url, extra_context)
        framing: Any = csp_update({"frame-src": [SELF]})(lambda _: shown)
        response: HttpResponse = framing(request)
        return response

    def get_fieldsets(self, request: HttpRequest, obj: Assistant | None = None) -> Any:
        """Keep secrets from those who may only look."""
        whole = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return whole
        return [
            (title, {**options, "fields": tuple(f for f in options["fields"] if f not in SECRETS)})
            for title, options in whole
        ]

    def save_model(self, request: HttpRequest, obj: Assistant, form: Any, change: bool) -> None:
        """Save, and say what is wrong with its colour."""
        super().save_model(request, obj, form, change)
        if obj.accent and (words := flaw(obj.accent)):
            messages.warning(request, words)

    def install_box(self, assistant: Assistant) -> str:
        """Return the part of the form on websites."""
        return render_to_string("admin/chatbot/assistant/_install.html", _install_context(assistant))

    def look_box(self, assistant: Assistant) -> str:
        """Return the part of the form that shows what it looks like."""
        return render_to_string("admin/chatbot/assistant/_look.html", {"assistant": assistant})

    @admin.action(description="Replace the public key (lines on websites stop working)", permissions=["change"])
    def replace_keys(self, request: HttpRequest, queryset: Any) -> None:
        """Whoever has an old key has nothing."""
        for assistant in queryset:
            services.replace_key(assistant)
        self.message_user(request, "Replaced. Copy the new line into your websites.", messages.SUCCESS)

    @admin.action(
        description="Replace the identity secret (signed users have to be signed anew)", permissions=["change"]
    )
    def replace_identity_secrets(self, request: HttpRequest, queryset: Any) -> None:
        """Proofs that were signed with an old one are refused."""
        for assistant in queryset:
            services.replace_identity_secret(assistant)
        self.message_user(request, "Replaced. Put the new secret into your server.", messages.SUCCESS)

    def _viewed(self, request: HttpRequest, assistant_id: uuid.UUID) -> Assistant:
        assistant = get_object_or_404(Assistant, pk=assistant_id)
        if not self.has_view_permission(request, assistant):
            raise PermissionDenied
        return assistant


def _install_context(assistant: Assistant) -> dict[str, Any]:
    return {
        "assistant": assistant,
        "snippet": snippet(assistant),
        "policy": policy_lines(),
        "steps": steps(assistant),
        "steps_url": reverse("admin:chatbot_assistant_steps", args=[assistant.pk]),
        "install_url": reverse("admin:chatbot_assistant_install", args=[assistant.pk]),
        "first_site": next((o for o in assistant.origins() if "*" not in o), ""),
    }
