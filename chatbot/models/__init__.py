"""The tables of the chat: assistants with their keys and spending, conversations with their messages and sources."""

from chatbot.models.assistants import ApiKey, Assistant, Spending, new_public_key
from chatbot.models.conversations import QUESTION_LENGTH, Citation, Conversation, LabelledExample, Message

__all__ = [
    "QUESTION_LENGTH",
    "ApiKey",
    "Assistant",
    "Citation",
    "Conversation",
    "LabelledExample",
    "Message",
    "Spending",
    "new_public_key",
]
