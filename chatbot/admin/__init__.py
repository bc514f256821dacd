"""The chat in the admin; importing it registers the pages."""

from chatbot.admin.assistants import AssistantAdmin
from chatbot.admin.contacts import ContactRequestAdmin
from chatbot.admin.conversations import ConversationAdmin
from chatbot.admin.examples import LabelledExampleAdmin
from chatbot.admin.keys import ApiKeyAdmin
from chatbot.admin.votes import HelpVoteAdmin

__all__ = [
    "ApiKeyAdmin",
    "AssistantAdmin",
    "ContactRequestAdmin",
    "ConversationAdmin",
    "HelpVoteAdmin",
    "LabelledExampleAdmin",
]
