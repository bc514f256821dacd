"""What the chat's views have in common: ways to answer, what addresses name."""

import uuid

from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase

from chatbot import replies, selectors
from chatbot.models import Assistant
from chatbot.tickets import read_ticket
from chatbot.visitors import TOKEN_HEADER, Visitor, remember_visitor, write_token


def assistant_of(key: str) -> Assistant:
    """Return the assistant of a public key; Http404 where there is none."""
    assistant = selectors.assistant_by_key(key)
    if assistant is None:
        raise Http404("There is no assistant at this address.")
    return assistant


def reply_id_of(ticket: str) -> uuid.UUID:
    """Return the reply of a ticket; Http404 for one that is not ours, TicketExpiredError for one that is too old."""
    reply_id = read_ticket(ticket)
    if reply_id is None or not replies.exists(reply_id):
        raise Http404("There is no such reply.")
    return reply_id


def see_other(url: str) -> HttpResponseRedirect:
    """Return what sends a browser on after a form."""
    return HttpResponseRedirect(url, status=303)


def remember(response: HttpResponseBase, assistant: Assistant, visitor: Visitor, *, embedded: bool, new: bool) -> None:
    """Let a visitor find the conversation again: in a widget by a fresh token, on our page by a cookie, set once."""
    if embedded:
        response.headers[TOKEN_HEADER] = write_token(assistant, visitor)
    elif new:
        remember_visitor(response, visitor.id)
