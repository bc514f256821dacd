"""The chat in the admin; importing it registers the pages."""

from chatbot.admin.assistants import AssistantAdmin
from chatbot.admin.conversations import ConversationAdmin

__all__ = ["AssistantAdmin", "ConversationAdmin"]
