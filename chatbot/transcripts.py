"""A conversation as a text that can be read without us: what a visitor takes along, and what a request carries."""

from django.utils import timezone
from django.utils.translation import gettext

from chatbot.models import Citation, Conversation, Message

# The last so many messages: a mail is not made longer than anybody reads.
MOST_MESSAGES = 400


def transcript(conversation: Conversation, most: int = MOST_MESSAGES) -> str:
    """Return the turns as Markdown, oldest first, each with its speaker, its moment (UTC) and its sources."""
    said = list(conversation.messages.order_by("-position").prefetch_related("citations")[:most])[::-1]
    title = f"# {conversation.assistant.name}, {timezone.localdate(conversation.created_at):%Y-%m-%d}"
    return "\n\n".join([title, *(_turn(message, conversation) for message in said)]) + "\n"


def _turn(message: Message, conversation: Conversation) -> str:
    speaker = gettext("You") if message.role == Message.Role.USER else conversation.assistant.name
    at = timezone.localtime(message.created_at)
    return "\n\n".join([f"**{speaker}** ({at:%Y-%m-%d %H:%M %Z})", message.text, *_sources(message)])


def _sources(message: Message) -> list[str]:
    sources = [c for c in message.citations.all() if c.kind == Citation.Kind.SOURCE]
    if not sources:
        return []
    title = gettext("Sources")
    return ["\n".join([f"{title}:", *(f"{source.number}. {source.question}" for source in sources)])]
