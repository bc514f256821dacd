"""Assistants and conversations in the admin. Conversations are only read: what was said stays as it was said."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from chatbot.contexts import Turn, turns
from chatbot.models import Assistant, Citation, Conversation, Message
from chatbot.selectors import messages_of

if TYPE_CHECKING:
    AssistantModelAdmin = admin.ModelAdmin[Assistant]
    ConversationModelAdmin = admin.ModelAdmin[Conversation]
else:
    AssistantModelAdmin = ConversationModelAdmin = admin.ModelAdmin

KNOWS_NOTHING = "It has no knowledge base, so it cannot answer anything."


@dataclass(frozen=True)
class StaffTurn:
    """A turn with what only staff see: what the reply rests on, and how it was made."""

    turn: Turn
    citations: list[Citation]
    trace: str


@admin.register(Assistant)
class AssistantAdmin(AssistantModelAdmin):
    """What each chat is called, knows and says."""

    list_display = ("name", "is_default", "knows", "page")
    search_fields = ("name", "public_key")
    readonly_fields = ("public_key", "page", "created_at")
    fieldsets = (
        (None, {"fields": ("name", "knowledge_bases", "is_default")}),
        ("What it says", {"fields": ("greeting", "starter_questions", "no_answer_text")}),
        ("Where it is", {"fields": ("page", "public_key", "created_at")}),
    )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Boxes to tick: there are few knowledge bases."""
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

    @admin.display(description="Chat page")
    def page(self, assistant: Assistant) -> SafeString | str:
        """A link, once it is saved."""
        if assistant._state.adding:
            return "Its address appears here after the first save."
        url = reverse("chatbot:chat", args=[assistant.public_key])
        return format_html('<a href="{}">{}</a>', url, url)


@admin.register(Conversation)
class ConversationAdmin(ConversationModelAdmin):
    """What visitors asked, what they got, and why."""

    list_display = ("first_question", "assistant", "questions", "declined", "failed", "thumbs_down", "created_at")
    list_filter = (
        "assistant",
        ("messages__outcome", admin.ChoicesFieldListFilter),
        ("messages__status", admin.ChoicesFieldListFilter),
        ("messages__feedback", admin.ChoicesFieldListFilter),
        "created_at",
    )
    list_select_related = ("assistant",)
    list_per_page = 50
    search_fields = ("messages__text",)
    fields = ("assistant", "created_at", "ended_at")
    change_form_template = "admin/chatbot/conversation/change_form.html"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nobody writes a conversation by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Conversation | None = None) -> bool:  # noqa: ARG002
        """Nobody changes what was said."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        """Add the first question and the counts, which would otherwise be queries for each row."""
        said = Message.objects.filter(conversation=OuterRef("pk")).order_by("position")
        counted = said.order_by().values("conversation")
        return (
            super()
            .get_queryset(request)
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
            extra |= {"turns": _staff_turns(conversation), "subtitle": getattr(conversation, "asked_first", "")}
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


def _staff_turns(conversation: Conversation) -> list[StaffTurn]:
    return [_staff_turn(turn) for turn in turns(messages_of(conversation))]


def _staff_turn(turn: Turn) -> StaffTurn:
    if turn.reply is None:
        return StaffTurn(turn, [], "")
    message = turn.reply.message
    trace = json.dumps(message.trace, indent=2, ensure_ascii=False) if message.trace else ""
    return StaffTurn(turn, list(message.citations.all()), trace)
