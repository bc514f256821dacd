"""Contact requests, for the admin's front page."""

from django import template

from chatbot.models import ContactRequest, Delivery

register = template.Library()


@register.simple_tag
def undelivered_requests() -> int:
    """Return how many open requests were given up on some way; one query."""
    open_ones = ContactRequest.objects.filter(status=ContactRequest.Status.OPEN)
    return open_ones.filter(deliveries__status=Delivery.Status.FAILED).distinct().count()


@register.simple_tag
def open_requests() -> int:
    """Return how many requests wait for a person; one query."""
    return ContactRequest.objects.filter(status=ContactRequest.Status.OPEN).count()
