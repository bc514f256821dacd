"""What retrieval found, in words and figures for editors."""

from django import template

register = template.Library()
_WAYS = {
    "index": "Found in the search index",
    "exact": "Found in the database, because the search index did not answer",
    "words": "Found by words alone, because the embedding model or the search did not answer",
}
_STEPS = {
    "embed": "understanding the question",
    "search": "searching by meaning",
    "words": "searching by words",
    "rank": "ranking",
    "join": "reading the entries",
}


@register.filter
def percent(share: float) -> int:
    """A share as whole percents, from 0 to 100."""
    return round(100 * min(max(share, 0.0), 1.0))


@register.filter
def way_in_words(way: str) -> str:
    """How the entries were found."""
    return _WAYS.get(way, way)


@register.filter
def steps_in_words(milliseconds: dict[str, float]) -> list[tuple[str, float]]:
    """The steps of retrieval by their names for editors, in milliseconds."""
    return [(_STEPS.get(step, step), ms) for step, ms in milliseconds.items()]
