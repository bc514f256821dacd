"""What readers of the help centre thought of its entries. Only read: each count is somebody's."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from chatbot.models import HelpVote

if TYPE_CHECKING:
    VoteModelAdmin = admin.ModelAdmin[HelpVote]
else:
    VoteModelAdmin = admin.ModelAdmin


@admin.register(HelpVote)
class HelpVoteAdmin(VoteModelAdmin):
    """Entries by how often their page did not help, each version on its own: an edit begins anew."""

    list_display = ("entry", "entry_version", "helped", "helped_not")
    list_select_related = ("entry",)
    list_filter = ("entry__knowledge_base", "entry__category")
    search_fields = ("entry__question",)
    ordering = ("-helped_not", "-helped")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Readers vote."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: HelpVote | None = None) -> bool:  # noqa: ARG002
        """Nobody changes a count."""
        return False
