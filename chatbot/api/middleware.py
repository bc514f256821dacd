"""Errors of the API as JSON, whoever makes them: a program cannot read an HTML page."""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from chatbot.api.errors import error_response

PREFIXES = ("/api/", "/v1/")
_HINTS = {
    400: "The request cannot be read.",
    404: "There is nothing at this address. The addresses are at /api/docs.",
    405: "This address does not take that method.",
    413: "The request is too large.",
}
Answer = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class ErrorsAsJson:
    """Refuses bodies that are not JSON, and turns error pages below /api/ and /v1/ into JSON."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and look at what was answered."""
        if not request.path.startswith(PREFIXES):
            return await self._get_response(request)
        has_body = request.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in request.headers
        if request.method == "POST" and has_body and request.content_type != "application/json":
            return error_response(request, 415, "Send JSON, with Content-Type: application/json.")
        response = await self._get_response(request)
        if response.status_code < 400 or isinstance(response, JsonResponse):
            return response
        if response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        hint = _HINTS.get(response.status_code, "Something went wrong on our side. Try again in a minute.")
        instead = error_response(request, response.status_code, hint)
        if allow := response.headers.get("Allow"):
            instead.headers["Allow"] = allow
        return instead
