"""The two ways in. On our own page a visitor comes with cookies, and Django's protection of forms holds. In a website's
widget there are no cookies, so none are read: a header says who asks, and another that the panel was opened here, from
a website that is still allowed. A page elsewhere can send neither without asking us first, and is never told yes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request
from django.views.decorators.csrf import csrf_exempt

from chatbot import selectors
from chatbot.models import Assistant, Conversation
from chatbot.origins import allows, origin_of
from chatbot.places import Place, supported
from chatbot.services import Circumstances
from chatbot.tickets import read_pass
from chatbot.views.responses import assistant_of
from chatbot.visitors import TOKEN_HEADER, Visitor, read_token, visitor_id

PASS_HEADER = "X-Candor-Pass"  # noqa: S105
PAGE_HEADER = "X-Candor-Page"
PATH_LENGTH = 500
SAFE = ("GET", "HEAD")
View = Callable[..., Any]


@dataclass(frozen=True)
class Visit:
    """Somebody at an assistant: where, and who; None where they are new."""

    place: Place
    visitor: Visitor | None

    @property
    def assistant(self) -> Assistant:
        """Whom they came to."""
        return self.place.assistant

    def conversation(self) -> Conversation | None:
        """Read what they and the assistant said to each other here and have not ended; None for somebody new."""
        if self.visitor is None:
            return None
        return selectors.open_conversation(self.assistant, self.visitor.id, self.place.channel)

    def circumstances(self, request: HttpRequest, visitor: Visitor) -> Circumstances:
        """Return under which a conversation of this visitor would be begun now."""
        return Circumstances(
            channel=self.place.channel,
            language=self.place.language,
            page=request.headers.get(PAGE_HEADER, "")[:PATH_LENGTH] if self.place.embedded else "",
            user=visitor.user,
            user_email=visitor.email,
        )


def by_page(view: View) -> View:
    """Let a view be used from our own page: it gets the visit in place of the assistant's key."""
    return _entered(view, _enter_page)


def by_embed(view: View) -> View:
    """Let a view be used from a widget's panel: it gets the visit in place of the assistant's key."""
    # Nothing here rests on a cookie, so there is nothing that another site could make a browser do in one's name.
    return csrf_exempt(_entered(view, _enter_embed))


def spoken_in(request: HttpRequest) -> tuple[str, bool]:
    """Return the language to answer a request in, and whether its address says so."""
    chosen = supported(request.GET.get("lang", "")[:20])
    return chosen or supported(get_language_from_request(request)) or "en", bool(chosen)


def visit_page(request: HttpRequest, assistant: Assistant) -> Visit:
    """Return the visit of somebody on our own page."""
    visitor = visitor_id(request)
    return Visit(Place(assistant, False, *spoken_in(request)), Visitor(visitor) if visitor else None)


def visit_embed(request: HttpRequest, assistant: Assistant) -> Visit:
    """Return the visit of somebody in a widget; the token may be missing, the language never is."""
    token = request.headers.get(TOKEN_HEADER, "")
    place = Place(assistant, True, spoken_in(request)[0], True)
    return Visit(place, read_token(assistant, token) if token else None)


def is_allowed(assistant: Assistant, origin: str, request: HttpRequest) -> bool:
    """Tell whether a website may show an assistant; this site itself always may."""
    return origin in own_origins(request) or allows(assistant.origins(), origin)


def own_origins(request: HttpRequest) -> set[str]:
    """Return what this site is called in an Origin header."""
    names = [f"{request.scheme}://{request.get_host()}", settings.SITE_URL, *settings.CSRF_TRUSTED_ORIGINS]
    return {origin for origin in map(origin_of, names) if origin}


def is_from_here(request: HttpRequest) -> bool:
    """Tell whether a browser says that a page of this site sent a request; nobody else's word is taken."""
    return origin_of(request.headers.get("Origin", "")) in own_origins(request)


def _enter_page(request: HttpRequest, key: str) -> Visit:
    return visit_page(request, assistant_of(key))


def _enter_embed(request: HttpRequest, key: str) -> Visit:
    assistant = assistant_of(key)
    if request.method not in SAFE and not is_from_here(request):
        raise PermissionDenied("This request does not come from the chat itself.")
    origin = read_pass(assistant.pk, request.headers.get(PASS_HEADER, ""))
    if origin is None:
        raise PermissionDenied("This panel has been open for too long, or was not opened here. Open it again.")
    if origin and not is_allowed(assistant, origin, request):
        raise PermissionDenied("This website may not show this chat any more.")
    return visit_embed(request, assistant)


def _entered(view: View, enter: Callable[[HttpRequest, str], Visit]) -> View:
    if iscoroutinefunction(view):

        @wraps(view)
        async def run_async(request: HttpRequest, key: str, **named: Any) -> Any:
            visit = await sync_to_async(enter)(request, key)
            with translation.override(visit.place.language):
                return _varied(await view(request, visit, **named))

        return run_async

    @wraps(view)
    def run(request: HttpRequest, key: str, **named: Any) -> Any:
        visit = enter(request, key)
        with translation.override(visit.place.language):
            return _varied(view(request, visit, **named))

    return run


def _varied(response: Any) -> Any:
    patch_vary_headers(response, ["Accept-Language"])
    return response
