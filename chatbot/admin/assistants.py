"""Assistants in the admin: what each chat is called, knows and says, and how it answers."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.models import Group
from django.db.models import QuerySet, TextField
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from chatbot.admin.installing import InstallPages
from chatbot.admin.thresholds import ThresholdPages
from chatbot.budgets import spending_of
from chatbot.deciding import Policy
from chatbot.models import Assistant
from chatbot.reading import STAFF

SHIPPED = Policy()
LATER = "It appears here after the first save."
HIDDEN = '<details class="secret"><summary>Show</summary><code>{}</code></details><p class="help">{}</p>'
KNOWS_NOTHING = "It has no knowledge base, so it cannot answer anything."


@admin.register(Assistant)
class AssistantAdmin(InstallPages, ThresholdPages):
    """What each chat is called, knows and says."""

    list_display = ("name", "is_default", "knows", "page")
    search_fields = ("name", "public_key")
    readonly_fields = (
        "public_key", "page", "spent", "foreseen", "created_at", "looks", "installed", "identity", "webhook_signature",
    )  # fmt: skip
    formfield_overrides = {TextField: {"widget": AdminTextareaWidget(attrs={"rows": 4})}}
    actions = ("replace_keys", "replace_identity_secrets")
    change_form_template = "admin/chatbot/assistant/change_form.html"
    fieldsets = (
        (None, {"fields": ("name", "knowledge_bases", "is_default")}),
        ("What it says", {"fields": ("greeting", "starter_questions", "no_answer_text")}),
        ("What it looks like", {"fields": ("accent", "theme", "side", "looks")}),
        ("On websites", {"fields": ("allowed_origins", "installed")}),
        (
            "A person",
            {
                "fields": (
                    "contact_enabled",
                    "contact_email",
                    "contact_webhook",
                    "webhook_signature",
                    "contact_next",
                    "consent",
                )
            },
        ),
        ("Who asks, and how often", {"fields": ("remember_days", "only_this_tab", "asks_per_minute", "identity")}),
        (
            "How it answers",
            {
                "fields": ("mode", "quote_at", "write_at", "clarify_at", "lead_at", "foreseen"),
                "description": "From which confidence (0 to 1) each step is taken. Empty: Candor's own, "
                f"{SHIPPED.quote_at:g}, {SHIPPED.write_at:g}, {SHIPPED.clarify_at:g}; lead {SHIPPED.lead_at:g}.",
            },
        ),
        ("How a model writes", {"fields": ("tone", "instructions")}),
        ("Budget of the model", {"fields": ("monthly_tokens", "monthly_cost", "spent")}),
        ("Privacy", {"fields": ("readers", "retention_days", "redact")}),
        ("Where it is", {"fields": ("page", "public_key", "created_at")}),
    )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Boxes to tick: there are few knowledge bases and groups. A new assistant is read by the staff group."""
        if db_field.name == "readers":
            kwargs["initial"] = Group.objects.filter(name=STAFF)
        return super().formfield_for_manytomany(db_field, request, **kwargs | {"widget": CheckboxSelectMultiple})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Assistant]:
        """Load the knowledge bases of all rows at once."""
        return super().get_queryset(request).prefetch_related("knowledge_bases")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Warn of an assistant that knows nothing: its last knowledge base may have been deleted."""
        assistant = self.get_object(request, unquote(object_id))
        if request.method == "GET" and assistant and not assistant.knowledge_bases.all():
            messages.warning(request, f"{KNOWS_NOTHING} Choose one below and save.")
        return super().change_view(request, object_id, form_url, extra_context)

    @admin.display(description="Knowledge bases")
    def knows(self, assistant: Assistant) -> str:
        """Their names, or a warning."""
        return ", ".join(base.name for base in assistant.knowledge_bases.all()) or KNOWS_NOTHING

    @admin.display(description="Golden questions")
    def foreseen(self, assistant: Assistant) -> SafeString | str:
        """What these thresholds do to them, kept up to date as they are typed."""
        if assistant._state.adding:
            return "What these do to the golden questions appears here after the first save."
        url = reverse("admin:chatbot_assistant_thresholds", args=[assistant.pk])
        return render_to_string("chatbot/_foreseen_box.html", {"url": url})

    @admin.display(description="Preview")
    def looks(self, assistant: Assistant) -> str:
        """The chat itself beside its colours."""
        return LATER if assistant._state.adding else self.look_box(assistant)

    @admin.display(description="Put it on a website")
    def installed(self, assistant: Assistant) -> str:
        """The line to paste, and what is still to be done."""
        return LATER if assistant._state.adding else self.install_box(assistant)

    @admin.display(description="Identity secret")
    def identity(self, assistant: Assistant) -> SafeString | str:
        """What a website's server signs its users with."""
        if assistant._state.adding:
            return LATER
        return format_html(HIDDEN, assistant.identity_secret, "With it your server signs who its users are (HS256).")

    @admin.display(description="Webhook secret")
    def webhook_signature(self, assistant: Assistant) -> SafeString | str:
        """What our calls are signed with."""
        if assistant._state.adding:
            return LATER
        return format_html(HIDDEN, assistant.webhook_secret, "Each call is signed with it (Standard Webhooks).")

    @admin.display(description="Used this month")
    def spent(self, assistant: Assistant) -> str:
        """Tokens, calls and cost so far, and the share of the nearer ceiling."""
        if assistant._state.adding:
            return "-"
        month = spending_of(assistant)
        share = "" if month.share is None else f", {month.share:.0%} of the ceiling"
        return f"{month.tokens:,} tokens in {month.calls:,} calls, cost {month.cost:.2f}{share}"

    @admin.display(description="Chat page")
    def page(self, assistant: Assistant) -> SafeString | str:
        """A link, once it is saved."""
        if assistant._state.adding:
            return "Its address appears here after the first save."
        url = reverse("chatbot:chat", args=[assistant.public_key])
        return format_html('<a href="{}">{}</a>', url, url)
