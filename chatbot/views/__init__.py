"""The chat's views: `pages` are whole pages and what is asked on them, `replies` single replies and their streams."""

from chatbot.views.pages import ask, chat, cited, home, source, start_over
from chatbot.views.replies import feedback, reply, stop, stream

__all__ = ["ask", "chat", "cited", "feedback", "home", "reply", "source", "start_over", "stop", "stream"]
