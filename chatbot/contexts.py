"""What the chat's templates show, computed before them: turns, replies, their sources and offers."""

import re
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from chatbot.marking import mark_passages
from chatbot.models import Citation, Conversation, Message
from chatbot.places import Place
from chatbot.replies import FAILED_TEXT, STOPPED_TEXT
from chatbot.tickets import write_source_ticket, write_ticket, write_transcript_ticket
from knowledge.markdown import excerpt, mark_citations, plain_text, render
from knowledge.models import Entry

# A screen reader is not made to read out more than this unasked.
SPOKEN_LENGTH = 600
_MARKS = re.compile(r"\s*\[[0-9]+(?:\s*,\s*[0-9]+)*\]")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s|\n")


@dataclass(frozen=True)
class SourceView:
    """A source below an answer; `anchor` is its element's id on the page, `url` the page of its own."""

    number: int
    question: str
    excerpt: str
    url: str
    anchor: str


@dataclass(frozen=True)
class OfferView:
    """A question that can be asked by a press."""

    entry_id: uuid.UUID
    question: str


@dataclass(frozen=True)
class ReplyView:
    """A reply as the templates show it; a pending one has addresses to wait at and nothing else."""

    message: Message
    id: str
    html: SafeString
    sources: list[SourceView]
    offers: list[OfferView]
    pending: bool
    stream_url: str
    reply_url: str
    stop_url: str
    feedback_url: str
    stopped: bool
    feedback: int
    reason: str
    reason_text: str
    failed: bool
    may_contact: bool
    retry_question: str
    spoken: str


@dataclass(frozen=True)
class Turn:
    """A question and the reply to it."""

    question: Message
    reply: ReplyView | None


@dataclass(frozen=True)
class SourcePage:
    """An entry as it was quoted, `whole` or in parts, which are marked.

    `state` says what became of it since: current, changed or gone.
    """

    citation: Citation
    html: SafeString
    category: str
    state: str
    whole: bool
    chat_url: str


def turn_of(question: Message, reply: Message | None, place: Place) -> Turn:
    """Compute what is shown of a question and the reply to it; citations loaded."""
    return Turn(question, reply_view(question, reply, place) if reply else None)


def reply_view(question: Message, reply: Message, place: Place) -> ReplyView:
    """Compute what is shown of a reply, pending or finished, in the language that is spoken now."""
    pending = reply.status == Message.Status.PENDING
    failed = reply.status == Message.Status.FAILED
    ticket = write_ticket(reply.pk) if pending else ""
    citations = list(reply.citations.all())
    sources = [_source(reply, c, place) for c in citations if c.kind == Citation.Kind.SOURCE]
    return ReplyView(
        message=reply,
        id=str(reply.pk),
        html=_answer_html(reply, sources),
        sources=sources,
        offers=[OfferView(c.entry_id, c.question) for c in citations if c.kind == Citation.Kind.OFFER and c.entry_id],
        pending=pending,
        stream_url=place.localised(reverse("chatbot:stream", args=[ticket])) if pending else "",
        reply_url=place.localised(reverse("chatbot:reply", args=[ticket])) if pending else "",
        stop_url=place.localised(reverse("chatbot:stop", args=[ticket])) if pending else "",
        stopped=reply.status == Message.Status.STOPPED,
        feedback_url=place.url("feedback", reply.pk),
        feedback=reply.feedback,
        reason=reply.feedback_reason,
        reason_text=reply.feedback_text,
        failed=failed,
        may_contact=place.assistant.contact_enabled
        and (failed or reply.outcome in (Message.Outcome.DECLINE, Message.Outcome.CLARIFY)),
        retry_question=question.text if failed or reply.status == Message.Status.STOPPED else "",
        spoken=spoken(plain_text(_without_marks(reply))),
    )


def spoken(text: str) -> str:
    """Return plain text for a screen reader: whole up to 600 characters, else its first sentence and how much more."""
    if len(text) <= SPOKEN_LENGTH:
        return text
    first = _SENTENCE_END.split(text, maxsplit=1)[0][:SPOKEN_LENGTH]
    left = len(text[len(first) :].split())
    more = ngettext("And %(count)s more word.", "And %(count)s more words.", left) % {"count": left}
    return f"{first} {more}"


def _words(reply: Message) -> str:
    """What a reply says; what is ours and not the answer, in the language that is spoken now."""
    return gettext(reply.text) if reply.text in (FAILED_TEXT, STOPPED_TEXT) else reply.text


def _without_marks(reply: Message) -> str:
    return _MARKS.sub("", reply.text) if reply.outcome == Message.Outcome.WRITE else _words(reply)


def source_page(source: Citation, place: Place) -> SourcePage:
    """Compute a source's page; its entry and message loaded. What a written answer rests on is marked."""
    entry, reply = source.entry, source.message
    html = render(source.quoted_text)
    return SourcePage(
        citation=source,
        html=mark_passages(html, plain_text(reply.text)) if reply.outcome == Message.Outcome.WRITE else html,
        category=entry.category.name if entry and entry.category else "",
        state=_state(source, entry),
        whole=reply.outcome == Message.Outcome.QUOTE,
        # A panel is inside somebody's page: there is no way back to it from a page of its own.
        chat_url="" if place.embedded else place.chat_url,
    )


def _state(source: Citation, entry: Entry | None) -> str:
    if entry is None or not Entry.objects.answerable().filter(pk=entry.pk).exists():
        return "gone"
    same = (entry.question, entry.answer) == (source.question, source.quoted_text)
    return "current" if same else "changed"


def _source(reply: Message, citation: Citation, place: Place) -> SourceView:
    return SourceView(
        number=citation.number,
        question=citation.question,
        excerpt=excerpt(citation.quoted_text),
        url=_source_url(citation, place),
        anchor=f"m-{reply.pk}-source-{citation.number}",
    )


def _source_url(citation: Citation, place: Place) -> str:
    if place.embedded:
        return place.localised(reverse("chatbot:cited", args=[write_source_ticket(citation.pk)]))
    return place.url("source", citation.pk)


def transcript_url(conversation: Conversation, place: Place) -> str:
    """Return where a conversation can be fetched as a file, for a day."""
    return place.localised(reverse("chatbot:transcript", args=[write_transcript_ticket(conversation.pk)]))


def _answer_html(reply: Message, sources: list[SourceView]) -> SafeString:
    """Render the answer with its marks. A quoted entry's own brackets are its text: the mark comes after it."""
    html = render(_words(reply))
    links = {source.number: source.url for source in sources}
    if reply.outcome == Message.Outcome.WRITE:
        return mark_citations(html, links)
    if reply.outcome != Message.Outcome.QUOTE or not links:
        return html
    mark = mark_citations(SafeString("[1]"), links)
    last_paragraph, closing, rest = html.rpartition("</p>")
    if closing and not rest.strip():
        return format_html("{} {}</p>\n", SafeString(last_paragraph), mark)
    return format_html("{}<p>{}</p>\n", html, mark)


def model_notice(is_staff: bool) -> str:
    """Tell those who run the site how to get written answers, where no model is configured."""
    if settings.CHAT_MODEL or not (settings.DEBUG or is_staff):
        return ""
    return (
        "Answers are quoted from the knowledge base. Add a model for written answers: "
        "set OPENAI_BASE_URL and CHAT_MODEL."
    )
