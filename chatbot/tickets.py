"""Signed names of single replies: whoever holds one may read that reply for an hour, with or without cookies."""

import uuid

from django.core import signing

SALT, SOURCE_SALT = "chatbot.reply", "chatbot.source"
SOURCE_MAX_AGE_S = 30 * 24 * 3600
MAX_AGE_S = 3600


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
