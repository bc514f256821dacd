"""Conversations in the admin. They are only read: what was said stays as it was said."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.text import Truncator

from chatbot.contexts import turn_of
from chatbot.models import Conversation, Message
from chatbot.places import place_of
from chatbot.reading import readable_assistants
from chatbot.selectors import position_from, turns_before
from chatbot.traces import staff_turn

if TYPE_CHECKING:
    ConversationModelAdmin = admin.ModelAdmin[Conversation]
else:
    ConversationModelAdmin = admin.ModelAdmin


@admin.register(Conversation)
class ConversationAdmin(ConversationModelAdmin):
    """What visitors asked, what they got, and why."""

    list_display = ("first_question", "assistant", "questions", "declined", "failed", "thumbs_down", "created_at")
    list_filter = (
        "assistant",
        "channel",
        ("messages__outcome", admin.ChoicesFieldListFilter),
        ("messages__status", admin.ChoicesFieldListFilter),
        ("messages__feedback", admin.ChoicesFieldListFilter),
        "created_at",
    )
    list_select_related = ("assistant",)
    list_per_page = 50
    search_fields = ("messages__text",)
    fields = ("assistant", "channel", "user", "user_email", "page", "language", "created_at", "ended_at")
    change_form_template = "admin/chatbot/conversation/change_form.html"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nobody writes a conversation by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Conversation | None = None) -> bool:  # noqa: ARG002
        """Nobody changes what was said."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        """Those that this person may read, with first question and counts: no queries for each row."""
        said = Message.objects.filter(conversation=OuterRef("pk")).order_by("position")
        counted = said.order_by().values("conversation")
        return (
            super()
            .get_queryset(request)
            .filter(assistant__in=readable_assistants(request.user).order_by().values("pk"))
            .annotate(
                asked_first=Subquery(said.filter(role=Message.Role.USER).values("text")[:1]),
                **{
                    name: Subquery(counted.annotate(n=Count("pk", filter=rule)).values("n"))
                    for name, rule in COUNTS.items()
                },
            )
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the turns below the few facts of the conversation itself."""
        conversation = self.get_object(request, unquote(object_id))
        extra = {"title": "Conversation", **(extra_context or {})}
        if conversation and self.has_view_permission(request, conversation):
            page = turns_before(conversation, position_from(request.GET.get("before")))
            extra |= {
                "turns": [staff_turn(turn_of(*turn, place_of(conversation))) for turn in page.turns],
                "earlier": page.before,
                "subtitle": getattr(conversation, "asked_first", ""),
            }
            extra["may_edit_entries"] = request.user.has_perm("knowledge.view_entry")
        return super().change_view(request, object_id, form_url, extra)

    @admin.display(description="First question")
    def first_question(self, conversation: Conversation) -> str:
        """What the visitor came for."""
        return Truncator(getattr(conversation, "asked_first", None) or "(nothing asked)").chars(120)

    @admin.display(description="Questions", ordering="questions_total")
    def questions(self, conversation: Conversation) -> int:
        """How many questions were asked."""
        return _count(conversation, "questions_total")

    @admin.display(description="Declined", ordering="declined_total")
    def declined(self, conversation: Conversation) -> int:
        """How many of them got no answer."""
        return _count(conversation, "declined_total")

    @admin.display(description="Failed", ordering="failed_total")
    def failed(self, conversation: Conversation) -> int:
        """How many of them ended in an error."""
        return _count(conversation, "failed_total")

    @admin.display(description="Not helpful", ordering="down_total")
    def thumbs_down(self, conversation: Conversation) -> int:
        """How many answers the visitor did not find helpful."""
        return _count(conversation, "down_total")


COUNTS = {
    "questions_total": Q(role=Message.Role.USER),
    "declined_total": Q(status=Message.Status.DECLINED),
    "failed_total": Q(status=Message.Status.FAILED),
    "down_total": Q(feedback=Message.Feedback.DOWN),
}


def _count(conversation: Conversation, name: str) -> int:
    return int(getattr(conversation, name, None) or 0)
