"""The tables of the chat: assistants with their keys and spending, conversations, requests for people, websites."""

from chatbot.models.assistants import ApiKey, Assistant, Spending, new_public_key
from chatbot.models.contacts import WORDS_LENGTH, ContactRequest, Delivery
from chatbot.models.conversations import QUESTION_LENGTH, Citation, Conversation, LabelledExample, Message
from chatbot.models.faces import Look, new_secret
from chatbot.models.sites import HelpVote, Sighting

__all__ = [
    "QUESTION_LENGTH",
    "WORDS_LENGTH",
    "ApiKey",
    "Assistant",
    "Citation",
    "ContactRequest",
    "Conversation",
    "Delivery",
    "HelpVote",
    "LabelledExample",
    "Look",
    "Message",
    "Sighting",
    "Spending",
    "new_public_key",
    "new_secret",
]
