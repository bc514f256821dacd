"""The way to a person: the form, what it will send, and what happens next."""

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import reswap, retarget

from chatbot import contacting, limits, selectors, services
from chatbot.addresses import client_address
from chatbot.forms import ContactForm
from chatbot.limits import LimitedError
from chatbot.models import Conversation
from chatbot.transcripts import transcript
from chatbot.views.doors import Visit
from chatbot.views.responses import remember
from chatbot.visitors import new_visitor
from knowledge.markdown import render as render_markdown
from knowledge.requests import HtmxHttpRequest

# What is shown of what will be sent.
PREVIEW_MESSAGES = 20


@require_http_methods(["GET", "POST"])
@never_cache
@vary_on_headers("HX-Request")
def contact(request: HtmxHttpRequest, visit: Visit) -> HttpResponse:
    """Show the form, or take a request and say what happens with it."""
    if not visit.assistant.contact_enabled:
        raise Http404("This assistant passes nothing on to people.")
    conversation = visit.conversation()
    known = selectors.known_email(conversation, visit.visitor.email if visit.visitor else "")
    form = ContactForm(request.POST or None, assistant=visit.assistant, known_email=known)
    if request.method == "GET" or not form.is_valid():
        return _shown(request, visit, conversation, form, status=200 if request.method == "GET" else 422)
    visitor = visit.visitor or new_visitor()
    try:
        limits.take_contact(client_address(request))
    except LimitedError as error:
        form.add_error(None, ValidationError(str(error)))
        return _shown(request, visit, conversation, form, status=429)
    made = services.request_contact(
        assistant=visit.assistant,
        visitor_id=visitor.id,
        conversation=conversation,
        email=form.cleaned_data["email"] or known,
        words=form.cleaned_data["words"],
        consent=visit.assistant.consent,
        circumstances=visit.circumstances(request, visitor),
    )
    response = _page(request, visit, {"sent": made, "next": contacting.what_happens_next(visit.assistant)})
    remember(response, visit.assistant, visitor, embedded=visit.place.embedded, new=visit.visitor is None)
    return response


def _shown(
    request: HtmxHttpRequest, visit: Visit, conversation: Conversation | None, form: ContactForm, *, status: int
) -> HttpResponse:
    context = {
        "form": form,
        "next": contacting.what_happens_next(visit.assistant),
        "consent": render_markdown(visit.assistant.consent),
        "preview": transcript(conversation, PREVIEW_MESSAGES) if conversation else gettext("Nothing was said yet."),
    }
    response = _page(request, visit, context, status=status)
    # Our page's rule for refusals is meant for questions.
    return reswap(retarget(response, "#contact"), "innerHTML") if request.htmx else response


def _page(request: HtmxHttpRequest, visit: Visit, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    template = "chatbot/_contact.html" if request.htmx else "chatbot/contact.html"
    return render(request, template, {"place": visit.place, **context}, status=status)
