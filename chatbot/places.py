"""Where a conversation is held: on the chat page or in a website's widget. The addresses of the place, in its language.

A room of its own because pages, streams and single replies must all name the same addresses.
"""

import hashlib
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from chatbot.look import style_sheet
from chatbot.models import Assistant, Conversation


@dataclass(frozen=True)
class Place:
    """An assistant on a page or in a widget; `language` is the code of what visitors are spoken to in there.

    `chosen` tells whether somebody chose the language: then every address carries it on.
    """

    assistant: Assistant
    embedded: bool = False
    language: str = "en"
    chosen: bool = False

    def url(self, name: str, *args: object, **query: str) -> str:
        """Return the address of a view of this assistant in this place."""
        prefix = "embed_" if self.embedded else ""
        return self.localised(reverse(f"chatbot:{prefix}{name}", args=[self.assistant.public_key, *args]), **query)

    def localised(self, address: str, **query: str) -> str:
        """Return an address that is answered in this place's language."""
        if self.chosen or self.embedded:
            query = {"lang": self.language, **query}
        return f"{address}?{urlencode(query)}" if query else address

    @property
    def look_url(self) -> str:
        """The style sheet of the assistant's colours, another one when they change; "" where it has none of its own."""
        if not self.assistant.accent:
            return ""
        version = hashlib.sha256(style_sheet(self.assistant.accent).encode()).hexdigest()[:8]
        return f"{reverse('chatbot:look', args=[self.assistant.public_key])}?{version}"

    @property
    def channel(self) -> Conversation.Channel:
        """What its conversations are marked with."""
        return Conversation.Channel.WIDGET if self.embedded else Conversation.Channel.PAGE

    @property
    def ask_url(self) -> str:
        """Where questions are sent."""
        return self.url("ask")

    @property
    def chat_url(self) -> str:
        """The page itself."""
        return self.url("chat")

    @property
    def start_over_url(self) -> str:
        """Where the conversation is ended."""
        return self.url("start_over")

    @property
    def contact_url(self) -> str:
        """Where a person is asked for."""
        return self.url("contact")

    @property
    def delete_url(self) -> str:
        """Where the conversation is deleted."""
        return self.url("delete")


def place_of(conversation: Conversation, language: str = "") -> Place:
    """Return where a conversation is held, its assistant loaded; `language` is one that was chosen by address."""
    embedded = conversation.channel == Conversation.Channel.WIDGET
    return Place(conversation.assistant, embedded, language or conversation.language or "en", bool(language))


def supported(code: str) -> str:
    """Return the language that we speak for a code like `de`, `de-AT` or `pt_BR`; "" where we do not."""
    base = code.strip().replace("_", "-").lower().split("-")[0]
    return base if base in dict(settings.LANGUAGES) else ""
