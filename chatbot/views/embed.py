"""What websites load: the loader, the panel's page for those that may show it, its colours, and a user's identity."""

import hashlib

from csp.constants import NONE, SELF
from csp.decorators import csp_replace, csp_update
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from chatbot import selectors, services
from chatbot.installing import snippet
from chatbot.loader import Loader, loader
from chatbot.look import style_sheet
from chatbot.origins import origin_of
from chatbot.tickets import write_pass
from chatbot.views.doors import Visit, is_allowed, own_origins, visit_embed
from chatbot.views.pages import chat_page
from chatbot.views.responses import assistant_of
from chatbot.visitors import TOKEN_HEADER, IdentityError, identify, write_token

LOADER_CACHE = "public, max-age=300, stale-while-revalidate=86400"
LOOK_CACHE = "public, max-age=3600"
PROOF_LENGTH = 4_000
SAMPLE_CALLS = (
    ("toggle", ""),
    ("setTheme", "dark"),
    ("setTheme", "light"),
    ("setLocale", "de"),
    ("setLocale", "ar"),
    ("hide", ""),
    ("show", ""),
    ("reset", ""),
)


@require_safe
def widget(request: HttpRequest) -> HttpResponse:
    """Hand out the loader: at an address that stays, revalidated by its ETag."""
    made = loader()
    etag = f'"{made.version}"'
    headers = {
        "ETag": etag,
        "Cache-Control": LOADER_CACHE,
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Accept-Encoding",
    }
    if etag in request.headers.get("If-None-Match", "").replace("W/", ""):
        return HttpResponseNotModified(headers=headers)
    return _script(made, headers, zipped="gzip" in request.headers.get("Accept-Encoding", ""))


@require_GET
@never_cache
@xframe_options_exempt
def panel(request: HttpRequest, key: str) -> HttpResponseBase:
    """Show the chat inside a website that may show it; to others, and to those we do not know, nothing."""
    assistant = assistant_of(key)
    if request.headers.get("Sec-Fetch-Dest") == "document":
        return redirect(reverse("chatbot:chat", args=[key]))
    # The loader has the browser name its page's origin here, whatever policy the page has; a script cannot forge it.
    origin = origin_of(request.headers.get("Referer", "")) or ""
    if origin and not is_allowed(assistant, origin, request):
        refused = render(request, "chatbot/not_allowed.html", {"origin": origin}, status=403)
        return _framed(request, refused, [NONE])
    visit = visit_embed(request, assistant)
    if origin and origin not in own_origins(request):
        services.note_sighting(assistant, origin)
    with translation.override(visit.place.language):
        response = chat_page(request, visit, panel_pass=write_pass(assistant.pk, origin))
    patch_vary_headers(response, ["Referer"])
    return _framed(request, response, [SELF, *assistant.origins()])


@require_GET
def sample(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Show a website with the widget on it, on which everything that pages can do may be tried."""
    context = {
        "place": visit.place,
        "snippet": snippet(visit.assistant, here=""),
        "starters": visit.assistant.starters(),
        "calls": SAMPLE_CALLS,
    }
    page = render(request, "chatbot/sample.html", context)
    return csp_update({"frame-src": [SELF]})(lambda _: page)(request)


@require_GET
@never_cache
def allowed(request: HttpRequest, key: str) -> HttpResponse:
    """Tell a page on which no panel came up whether it may show this assistant."""
    origin = origin_of(request.headers.get("Origin", ""))
    assistant = selectors.assistant_by_key(key)
    may = bool(origin and assistant and is_allowed(assistant, origin, request))
    return HttpResponse(status=204 if may else 403, headers={"Access-Control-Allow-Origin": "*"})


@require_GET
def look(request: HttpRequest, key: str) -> HttpResponse:
    """Return an assistant's colours as a style sheet."""
    css = style_sheet(assistant_of(key).accent)
    etag = f'"{hashlib.sha256(css.encode()).hexdigest()[:16]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    return HttpResponse(css, content_type="text/css", headers={"ETag": etag, "Cache-Control": LOOK_CACHE})


@require_POST
def identified(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Take a website's word for who its user is, if it is signed; the user's conversation follows."""
    try:
        user = identify(visit.assistant, request.POST.get("proof", "")[:PROOF_LENGTH])
    except IdentityError as error:
        return JsonResponse({"error": str(error)}, status=403)
    if visit.visitor and not visit.visitor.user:
        services.adopt(assistant=visit.assistant, visitor_id=visit.visitor.id, user=user)
    return HttpResponse(status=204, headers={TOKEN_HEADER: write_token(visit.assistant, user)})


def _framed(request: HttpRequest, response: HttpResponse, ancestors: list[str]) -> HttpResponseBase:
    """Let these pages, and no others, have a response in a frame."""
    return csp_replace({"frame-ancestors": ancestors})(lambda _: response)(request)


def _script(made: Loader, headers: dict[str, str], *, zipped: bool) -> HttpResponse:
    if zipped:
        headers = {**headers, "Content-Encoding": "gzip"}
    body = made.zipped if zipped else made.source
    return HttpResponse(body, content_type="text/javascript; charset=utf-8", headers=headers)
