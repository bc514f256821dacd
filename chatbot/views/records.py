"""What a visitor may look at and take along or away: sources, the conversation as a file, and its deletion."""

import uuid

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from chatbot import contexts, producing, selectors, services, streams
from chatbot.models import Citation
from chatbot.places import Place, place_of
from chatbot.services import Deleted
from chatbot.tickets import read_source_ticket, read_transcript_ticket
from chatbot.transcripts import transcript
from chatbot.views.doors import Visit, spoken_in
from chatbot.views.pages import chat_page, turns_of_nobody
from chatbot.visitors import COOKIE
from knowledge.requests import HtmxHttpRequest


@require_GET
@never_cache
@vary_on_headers("HX-Request")
def source(request: HtmxHttpRequest, visit: Visit, citation_id: uuid.UUID) -> HttpResponse:
    """Show an entry as it was quoted to this visitor, and what became of it since."""
    visitor_id = visit.visitor.id if visit.visitor else None
    return _source_page(request, selectors.source_for(visitor_id, request.user, citation_id), visit.place)


@require_GET
@never_cache
@vary_on_headers("HX-Request")
def cited(request: HtmxHttpRequest, ticket: str) -> HttpResponse:
    """Show a source to whoever holds a ticket for it: panels have them, and the API hands them out."""
    citation_id = read_source_ticket(ticket)
    found = selectors.source_by_id(citation_id) if citation_id else None
    if found is None:
        raise Http404("There is no such source, or its address is over 30 days old.")
    language, chosen = spoken_in(request)
    place = place_of(found.message.conversation)
    place = Place(place.assistant, place.embedded, language, chosen)
    with translation.override(language):
        return _source_page(request, found, place)


@require_GET
@never_cache
def download(request: HttpRequest, ticket: str) -> HttpResponse:
    """Hand out a conversation as a file, to whoever holds a ticket for it."""
    conversation_id = read_transcript_ticket(ticket)
    conversation = selectors.conversation_by_id(conversation_id) if conversation_id else None
    if conversation is None:
        raise Http404("There is no such conversation, or its address is over a day old.")
    with translation.override(spoken_in(request)[0]):
        text = transcript(conversation)
    name = slugify(conversation.assistant.name) or "chat"
    return HttpResponse(
        text,
        content_type="text/markdown; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{conversation.created_at:%Y-%m-%d}.md"'},
    )


@require_POST
@vary_on_headers("HX-Request")
async def delete(request: HtmxHttpRequest, visit: Visit) -> HttpResponse:
    """Delete all that this visitor and the assistant said to each other, and say what that was."""
    deleted = Deleted()
    if visit.visitor:
        for reply_id in await sync_to_async(selectors.pending_replies)(visit.assistant, visit.visitor.id):
            await producing.stop(reply_id)
        deleted = await sync_to_async(services.delete_conversations)(
            assistant=visit.assistant, visitor_id=visit.visitor.id
        )
        await streams.forget(deleted.reply_ids)
    return await sync_to_async(_emptied)(request, visit, _said(deleted))


def _emptied(request: HtmxHttpRequest, visit: Visit, notice: str) -> HttpResponse:
    nobody = Visit(visit.place, None)
    if request.htmx:
        response = turns_of_nobody(request, visit.place, notice)
    else:
        response = chat_page(request, nobody, deleted=notice)
    # The cookie is the same for all assistants of this site.
    if not visit.place.embedded and not (visit.visitor and selectors.has_conversations(visit.visitor.id)):
        response.delete_cookie(COOKIE, samesite="Lax")
    return response


def _said(deleted: Deleted) -> str:
    if not deleted.conversations:
        return gettext("There was nothing to delete.")
    return gettext(
        "Deleted for good. Conversations: %(conversations)s, questions: %(questions)s, answers with their traces: "
        "%(answers)s, contact requests: %(requests)s."
    ) % {
        "conversations": deleted.conversations,
        "questions": deleted.questions,
        "answers": len(deleted.reply_ids),
        "requests": deleted.requests,
    }


def _source_page(request: HtmxHttpRequest, citation: Citation | None, place: Place) -> HttpResponse:
    if citation is None:
        raise Http404("There is no such source in your conversations.")
    template = "chatbot/_source.html" if request.htmx else "chatbot/source.html"
    return render(request, template, {"source": contexts.source_page(citation, place), "place": place})
