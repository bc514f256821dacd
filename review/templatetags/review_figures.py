"""How figures are written."""

from django import template

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """Return a share (0 to 1) as a whole percentage; a dash where there is none."""
    return "–" if share is None else f"{share:.0%}".replace("%", " %")
