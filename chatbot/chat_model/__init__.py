"""The language model, reached through any OpenAI-compatible server: the only place of the chat that imports openai.

The SDK waits too long, retries at will and takes a broken stream for an answer, so the deadlines, the one retry and
the judgement of what counts as an answer are ours.
"""

from chatbot.chat_model.asking import circuit, complete, is_configured, stream_chat
from chatbot.chat_model.calls import MAX_ANSWER_TOKENS, Call, ChatModelError

__all__ = ["MAX_ANSWER_TOKENS", "Call", "ChatModelError", "circuit", "complete", "is_configured", "stream_chat"]
