"""Requests for a person in the admin: who asks, whether it reached anybody, and the conversation that it is about."""

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from chatbot import services
from chatbot.models import ContactRequest, Delivery
from chatbot.reading import readable_assistants
from chatbot.transcripts import transcript

if TYPE_CHECKING:
    ContactModelAdmin = admin.ModelAdmin[ContactRequest]
else:
    ContactModelAdmin = admin.ModelAdmin


@admin.register(ContactRequest)
class ContactRequestAdmin(ContactModelAdmin):
    """What visitors ask of people. The request itself stays as it was sent; only whether it is done changes."""

    list_display = ("email", "assistant", "first_words", "passed_on", "status", "created_at")
    list_filter = ("status", ("deliveries__status", admin.ChoicesFieldListFilter), "assistant", "created_at")
    list_select_related = ("assistant",)
    search_fields = ("email", "words", "conversation__messages__text")
    fields = (
        "status", "email", "words", "consent", "assistant", "created_at", "passed_on", "whose", "said", "in_full",
    )  # fmt: skip
    readonly_fields = ("email", "words", "consent", "assistant", "created_at", "passed_on", "whose", "said", "in_full")
    actions = ("mark_done", "mark_open", "try_again")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Only visitors ask."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContactRequest]:
        """Those of assistants that this person may read; the deliveries of all rows are loaded at once."""
        deliveries = Prefetch("deliveries", Delivery.objects.order_by("kind"))
        return (
            super()
            .get_queryset(request)
            .filter(assistant__in=readable_assistants(request.user).order_by().values("pk"))
            .select_related("assistant", "conversation__assistant")
            .prefetch_related(deliveries)
        )

    @admin.display(description="Wrote")
    def first_words(self, contact: ContactRequest) -> str:
        """How it begins."""
        return contact.words[:100] or "–"

    @admin.display(description="Passed on")
    def passed_on(self, contact: ContactRequest) -> SafeString | str:
        """By which ways, and what went wrong with each."""
        lines = [(_line(delivery),) for delivery in contact.deliveries.all()]
        return format_html_join(SafeString("<br>"), "{}", lines) or "Only kept here: no way is set up."

    @admin.display(description="User of the website")
    def whose(self, contact: ContactRequest) -> str:
        """Whom the website vouched for, and where it was asked."""
        conversation = contact.conversation
        return " · ".join(filter(None, (conversation.user, conversation.user_email, conversation.page))) or "–"

    @admin.display(description="Conversation")
    def said(self, contact: ContactRequest) -> SafeString:
        """What it is about, as it was sent."""
        return format_html('<pre class="transcript" dir="auto">{}</pre>', transcript(contact.conversation))

    @admin.display(description="With how it was answered")
    def in_full(self, contact: ContactRequest) -> SafeString:
        """A link."""
        url = reverse("admin:chatbot_conversation_change", args=[contact.conversation_id])
        return format_html('<a href="{}">Open the conversation</a>', url)

    @admin.action(description="Mark as done", permissions=["change"])
    def mark_done(self, request: HttpRequest, queryset: QuerySet[ContactRequest]) -> None:
        """Somebody has taken care of them."""
        count = queryset.update(status=ContactRequest.Status.DONE)
        self.message_user(request, f"{count} done.", messages.SUCCESS)

    @admin.action(description="Mark as open", permissions=["change"])
    def mark_open(self, request: HttpRequest, queryset: QuerySet[ContactRequest]) -> None:
        """They are to be taken care of again."""
        count = queryset.update(status=ContactRequest.Status.OPEN)
        self.message_user(request, f"{count} open.", messages.SUCCESS)

    @admin.action(description="Try again to pass on what did not arrive", permissions=["change"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[ContactRequest]) -> None:
        """Begin anew with what was given up or waits."""
        count = services.retry_deliveries(Delivery.objects.filter(request__in=queryset))
        self.message_user(request, f"{count} will be tried again now.", messages.SUCCESS)


def _line(delivery: Delivery) -> SafeString:
    label = f"{delivery.get_kind_display()} to {delivery.target}"
    if delivery.status == Delivery.Status.SENT:
        return format_html("{}: sent {:%Y-%m-%d %H:%M}", label, delivery.sent_at)
    tries = f"{delivery.attempts} tr{'y' if delivery.attempts == 1 else 'ies'}"
    if delivery.status == Delivery.Status.FAILED:
        return format_html('<strong class="failure">{}: given up after {}. {}</strong>', label, tries, delivery.error)
    if delivery.error:
        return format_html("{}: {}, next {:%H:%M}. {}", label, tries, delivery.next_at, delivery.error)
    return format_html("{}: on its way", label)
