"""The chat's views. `pages` are whole pages and what is asked on them, `replies` single replies and their streams,
`records` what was said before, `contact` the way to a person, `embed` what websites load; `doors` is how one gets in.
"""

from chatbot.views.contact import contact
from chatbot.views.embed import allowed, identified, look, panel, sample, widget
from chatbot.views.pages import ask, chat, home, start_over, turns
from chatbot.views.records import cited, delete, download, source
from chatbot.views.replies import feedback, reply, stop, stream

__all__ = [
    "allowed",
    "ask",
    "chat",
    "cited",
    "contact",
    "delete",
    "download",
    "feedback",
    "home",
    "identified",
    "look",
    "panel",
    "reply",
    "sample",
    "source",
    "start_over",
    "stop",
    "stream",
    "turns",
    "widget",
]
