"""What is left to do before an assistant answers on a website, for the admin's front page."""

from django import template

from chatbot.installing import Step, steps
from chatbot.models import Assistant
from chatbot.selectors import default_assistant

register = template.Library()


@register.simple_tag
def setup_steps() -> tuple[Assistant, list[Step]] | None:
    """Return the default assistant's checklist; None where there is no assistant, or nothing left to do."""
    assistant = default_assistant()
    if assistant is None:
        return None
    these = steps(assistant)
    return None if all(step.done for step in these) else (assistant, these)
