"""Signed names of single things: whoever holds one may read that reply, source or transcript, with or without cookies.

A pass is one too: it says from which website a panel was opened.
"""

import uuid

from django.core import signing

SALT, SOURCE_SALT, TRANSCRIPT_SALT = "chatbot.reply", "chatbot.source", "chatbot.transcript"
SOURCE_MAX_AGE_S = 30 * 24 * 3600
TRANSCRIPT_MAX_AGE_S = 24 * 3600
MAX_AGE_S = 3600
PASS_SALT = "chatbot.pass"  # noqa: S105
PASS_MAX_AGE_S = 7 * 24 * 3600


class TicketExpiredError(Exception):
    """The ticket was ours and is too old; it still names its reply."""

    def __init__(self, reply_id: uuid.UUID) -> None:
        super().__init__(f"The ticket for {reply_id} has expired.")
        self.reply_id = reply_id


def write_ticket(reply_id: uuid.UUID) -> str:
    """Return a ticket that is safe in an address."""
    return signing.dumps(reply_id.hex, salt=SALT)


def read_ticket(ticket: str) -> uuid.UUID | None:
    """Return the reply it names; None where we did not write it, TicketExpiredError where it is over an hour old."""
    try:
        return uuid.UUID(hex=signing.loads(ticket, salt=SALT, max_age=MAX_AGE_S))
    except signing.SignatureExpired:
        raise TicketExpiredError(uuid.UUID(hex=signing.loads(ticket, salt=SALT))) from None
    except signing.BadSignature:
        return None


def write_source_ticket(citation_id: uuid.UUID) -> str:
    """Return a ticket that lets whoever has it read one source, without cookies, for 30 days."""
    return signing.dumps(citation_id.hex, salt=SOURCE_SALT)


def read_source_ticket(ticket: str) -> uuid.UUID | None:
    """Return the source it names; None where we did not write it or it is over 30 days old."""
    try:
        return uuid.UUID(hex=signing.loads(ticket, salt=SOURCE_SALT, max_age=SOURCE_MAX_AGE_S))
    except signing.BadSignature:
        return None


def write_transcript_ticket(conversation_id: uuid.UUID) -> str:
    """Return a ticket that lets whoever has it read a conversation for a day."""
    return signing.dumps(conversation_id.hex, salt=TRANSCRIPT_SALT)


def read_transcript_ticket(ticket: str) -> uuid.UUID | None:
    """Return the conversation it names; None where we did not write it or it is over a day old."""
    try:
        return uuid.UUID(hex=signing.loads(ticket, salt=TRANSCRIPT_SALT, max_age=TRANSCRIPT_MAX_AGE_S))
    except signing.BadSignature:
        return None


def write_pass(assistant_id: uuid.UUID, origin: str) -> str:
    """Return what a panel shows with each request: that it was opened here, and from which website ("" if unknown)."""
    return signing.dumps([assistant_id.hex, origin], salt=PASS_SALT)


def read_pass(assistant_id: uuid.UUID, text: str) -> str | None:
    """Return the website of an assistant's pass; None where we did not write it or it is over a week old."""
    try:
        of_assistant, origin = signing.loads(text, salt=PASS_SALT, max_age=PASS_MAX_AGE_S)
    except signing.BadSignature:
        return None
    return str(origin) if of_assistant == assistant_id.hex else None
