"""API keys in the admin: made once and shown once, then only watched and revoked."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from chatbot.api_keys import create_key, revoke_key
from chatbot.models import ApiKey

if TYPE_CHECKING:
    ApiKeyModelAdmin = admin.ModelAdmin[ApiKey]
else:
    ApiKeyModelAdmin = admin.ModelAdmin


@admin.register(ApiKey)
class ApiKeyAdmin(ApiKeyModelAdmin):
    """Which programs may ask which assistant."""

    list_display = ("name", "prefix", "assistant", "created_at", "last_used_at", "revoked_at")
    list_filter = ("assistant",)
    list_select_related = ("assistant",)
    fields = ("assistant", "name")
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """A key that is there is not changed: the list with its action needs the permission, the form does not."""
        return obj is None and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:  # noqa: ARG002
        """Make the key, and show its secret: nobody can read it again."""
        key, secret = create_key(obj.assistant, obj.name)
        obj.pk, obj.prefix, obj.digest = key.pk, key.prefix, key.digest
        obj._state.adding = False
        text = "The key of {} is shown this once. Copy it now: {} (how to use it: /api/docs)"
        messages.warning(request, format_html(text, key.name, format_html("<code>{}</code>", secret)))

    @admin.action(description="Revoke the chosen keys", permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        """Refuse them from now on."""
        for key in keys:
            revoke_key(key)
        messages.success(request, f"{len(keys)} keys are refused from now on.")
