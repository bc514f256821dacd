"""The chat page, on its own and in a widget's panel, and what is asked on it: parse, call a service, render."""

import uuid

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from chatbot import contexts, limits, producing, replies, selectors, services
from chatbot.addresses import client_address
from chatbot.limits import LimitedError
from chatbot.models import Conversation, Message
from chatbot.places import Place
from chatbot.questions import QuestionRefusedError, clean_question
from chatbot.streams import TooManyRepliesError
from chatbot.threads import in_thread
from chatbot.views.doors import PATH_LENGTH, Visit, visit_page
from chatbot.views.responses import remember, see_other
from chatbot.visitors import new_visitor
from knowledge.requests import HtmxHttpRequest


@require_GET
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Show the default assistant's chat, or what to do where there is no assistant."""
    assistant = selectors.default_assistant()
    if assistant is None:
        return render(request, "chatbot/no_assistant.html")
    visit = visit_page(request, assistant)
    with translation.override(visit.place.language):
        return chat_page(request, visit)


@require_GET
@never_cache
@vary_on_headers("HX-Request")
def chat(request: HtmxHttpRequest, visit: Visit) -> HttpResponse:
    """Show one assistant's chat with the visitor's conversation: its end, or what was said before a position."""
    before = selectors.position_from(request.GET.get("before"))
    if before is None or not request.htmx or request.htmx.history_restore_request:
        return chat_page(request, visit, before=before)
    return turns(request, visit)


@require_GET
@never_cache
def turns(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the visitor's conversation alone: its end, or what was said before a position."""
    conversation = visit.conversation()
    context = _turns(conversation, visit.place, selectors.position_from(request.GET.get("before")))
    return render(
        request, "chatbot/_conversation.html", {"place": visit.place, "conversation": conversation, **context}
    )


@require_POST
@vary_on_headers("HX-Request")
async def ask(request: HtmxHttpRequest, visit: Visit) -> HttpResponseBase:
    """Take a question: an exchange that streams for htmx, the finished page without it."""
    typed = request.POST.get("question", "")
    try:
        question = clean_question(typed)
    except QuestionRefusedError as error:
        return await sync_to_async(_refused)(request, visit, typed, str(error))
    visitor = visit.visitor or new_visitor()
    try:
        await limits.atake(str(visitor.id), client_address(request), assistant=visit.assistant)
    except LimitedError as error:
        refused = await sync_to_async(_refused)(request, visit, typed, str(error), status=429)
        refused.headers["Retry-After"] = str(error.retry_after_s)
        return refused
    asked, pending = await sync_to_async(services.ask)(
        assistant=visit.assistant,
        visitor_id=visitor.id,
        question=question,
        entry_id=_uuid(request.POST.get("entry", "")),
        circumstances=visit.circumstances(request, visitor),
    )
    if request.htmx:
        response = await sync_to_async(_exchange)(request, visit.place, asked, pending)
    else:
        await _wait_for(asked, pending)
        response = see_other(f"{visit.place.chat_url}#m-{pending.pk}")
    remember(response, visit.assistant, visitor, embedded=visit.place.embedded, new=visit.visitor is None)
    return response


@require_POST
@vary_on_headers("HX-Request")
def start_over(request: HtmxHttpRequest, visit: Visit) -> HttpResponse:
    """End the visitor's conversation and show an empty page."""
    if visit.visitor:
        services.start_over(assistant=visit.assistant, visitor_id=visit.visitor.id)
    if visit.place.embedded:
        return turns_of_nobody(request, visit.place)
    if request.htmx:
        return HttpResponseClientRedirect(visit.place.chat_url)
    return see_other(visit.place.chat_url)


def turns_of_nobody(request: HttpRequest, place: Place, notice: str = "") -> HttpResponse:
    """Show a conversation that has not begun, with a word on the one before."""
    context = {"place": place, "conversation": None, "deleted": notice, **_turns(None, place, None)}
    return render(request, "chatbot/_conversation.html", context)


def chat_page(
    request: HttpRequest,
    visit: Visit,
    *,
    before: int | None = None,
    typed: str = "",
    form_error: str = "",
    deleted: str = "",
    panel_pass: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show the whole page; in a panel without a conversation, which is fetched when it is known whose it is."""
    place = visit.place
    conversation = visit.conversation()
    context = {
        "place": place,
        "assistant": place.assistant,
        "greeting": place.assistant.greeting or gettext("Hello! What would you like to know?"),
        "starters": place.assistant.starters(request.GET.get("path", "")[:PATH_LENGTH]),
        "conversation": conversation,
        "typed": typed,
        "form_error": form_error,
        "deleted": deleted,
        "panel_pass": panel_pass,
        "notice": "" if place.embedded else contexts.model_notice(getattr(request.user, "is_staff", False)),
        **_turns(conversation, place, before),
    }
    return render(request, "chatbot/chat.html", context, status=status)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _turns(conversation: Conversation | None, place: Place, before: int | None) -> dict[str, object]:
    if conversation is None:
        return {"turns": [], "earlier": None, "before": None}
    page = selectors.turns_before(conversation, before)
    return {
        "turns": [contexts.turn_of(*turn, place) for turn in page.turns],
        "earlier": place.url("turns" if place.embedded else "chat", before=str(page.before)) if page.before else None,
        "before": before,
        "transcript_url": contexts.transcript_url(conversation, place),
    }


async def _wait_for(asked: Message, pending: Message) -> None:
    try:
        producing.ensure_started(pending.pk, (asked, pending))
        await producing.wait_for(pending.pk)
    except TooManyRepliesError as error:
        await in_thread(replies.fail)(pending.pk, str(error))


def _refused(request: HtmxHttpRequest, visit: Visit, typed: str, form_error: str, *, status: int = 422) -> HttpResponse:
    if not request.htmx:
        return chat_page(request, visit, typed=typed, form_error=form_error, status=status)
    context = {"place": visit.place, "typed": typed, "form_error": form_error}
    return render(request, "chatbot/_ask_form.html", context, status=status)


def _exchange(request: HttpRequest, place: Place, asked: Message, pending: Message) -> HttpResponse:
    context = {
        "place": place,
        "turn": contexts.Turn(asked, contexts.reply_view(asked, pending, place)),
        "conversation": asked.conversation,
        "transcript_url": contexts.transcript_url(asked.conversation, place),
    }
    return render(request, "chatbot/_exchange.html", context)
