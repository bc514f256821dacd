"""Budgets that are nearly used, for the admin's front page."""

from django import template

from chatbot.budgets import WARN_AT, Spent, spent_this_month
from chatbot.models import Assistant

register = template.Library()


@register.simple_tag
def budgets_nearly_used() -> list[tuple[Assistant, Spent]]:
    """Return the assistants that have used 80 % of a ceiling, or all, the fullest first; two queries."""
    found = [(one, spent) for one, spent in spent_this_month() if (spent.share or 0) >= WARN_AT]
    return sorted(found, key=lambda pair: -(pair[1].share or 0))
