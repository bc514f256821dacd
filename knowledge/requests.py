"""Requests as they are after the middleware: one class for all who ask whether htmx sent them."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """A request that knows what htmx says of it."""

    htmx: HtmxDetails
