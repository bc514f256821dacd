"""Errors in the two shapes: ours below /api/, OpenAI's below /v1/."""

from http import HTTPStatus

from django.http import HttpRequest, JsonResponse

# What OpenAI's client makes its own exceptions from is the status; type and code are for people who read them.
_OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error", 500: "server_error"}


def error_response(
    request: HttpRequest, status: int, message: str, *, code: str = "", field: str | None = None
) -> JsonResponse:
    """Return an error that says what to do next, in the shape of the address that was asked."""
    name = code or HTTPStatus(status).phrase.lower().replace(" ", "_")
    if request.path.startswith("/v1/"):
        kind = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
        error = {"message": message, "type": kind, "param": field, "code": name}
    else:
        error = {"code": name, "message": message, **({"field": field} if field else {})}
    response = JsonResponse({"error": error}, status=status)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="candor"'
    return response
