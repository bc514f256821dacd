"""How the index stands, in words for editors: the badge of an entry and the state of the whole.

Template tags, so that the admin's pages and the fragments that update them by themselves say the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django import template
from django.conf import settings
from django.utils import formats, timezone

from knowledge.models import Entry, StoreHealth
from knowledge.models.content import MAX_INDEX_ATTEMPTS
from knowledge.selectors import IndexOverview, index_overview, store_health

register = template.Library()


@dataclass(frozen=True)
class Badge:
    """An entry's place in the index: a word, why, and whether it is still on its way or stuck."""

    label: str
    kind: str
    title: str
    waiting: bool = False
    failed: bool = False


@dataclass(frozen=True)
class IndexStatus:
    """The counts of all entries, and one sentence for staff where something is wrong ("" otherwise)."""

    overview: IndexOverview
    problem: str
    detail: str


@register.simple_tag
def badge_of(entry: Entry) -> Badge:
    """Return what the badge of `entry` says; costs no query."""
    state = entry.index_state
    if state == Entry.IndexState.FAILED:
        return Badge("Failed", "failed", entry.index_error or "The indexer gave no reason.", failed=True)
    if state == Entry.IndexState.WAITING:
        return Badge("Waiting", "waiting", _why_waiting(entry), waiting=True)
    if state == Entry.IndexState.OFF:
        return Badge(entry.get_status_display(), "off", "Not published, so visitors are not given this answer.")
    return _badge_within_dates(entry)


@register.simple_tag
def index_status() -> IndexStatus:
    """Count the entries and look at what the worker last found; four queries, however many entries there are."""
    health = store_health()
    problem, detail = _problem(health)
    return IndexStatus(overview=index_overview(), problem=problem, detail=detail)


def _why_waiting(entry: Entry) -> str:
    if entry.status != Entry.Status.PUBLISHED:
        return "Saved. Visitors no longer get this answer; the indexer is about to take it out of the index."
    if entry.index_attempts:
        return f"Attempt {entry.index_attempts} of {MAX_INDEX_ATTEMPTS} failed: {entry.index_error}"
    if entry.index_error:
        return f"Saved, and waiting: {entry.index_error}"
    return "Saved. It can be answered as soon as the indexer has read it."


def _badge_within_dates(entry: Entry) -> Badge:
    now = timezone.now()
    if entry.valid_from and entry.valid_from > now:
        return Badge("Scheduled", "off", f"Indexed, and answered from {_moment(entry.valid_from)} on.")
    if entry.valid_until and entry.valid_until <= now:
        return Badge("Expired", "off", f"Not answered since {_moment(entry.valid_until)}. Change “valid until”.")
    indexed = f"Indexed {_moment(entry.indexed_at)}." if entry.indexed_at else "Indexed."
    return Badge("Live", "live", f"{indexed} Visitors get this answer.")


def _moment(value: datetime) -> str:
    return str(formats.localize(timezone.localtime(value)))


def _problem(health: StoreHealth | None) -> tuple[str, str]:
    if health is None or timezone.now() - health.worker_seen_at > timedelta(seconds=settings.WORKER_SILENCE_S):
        return "The indexer is not running: edits are saved and become answerable when it is back.", ""
    if health.state == StoreHealth.State.DOWN:
        return "The search index cannot be reached. Questions are answered from the database meanwhile.", health.detail
    if health.state == StoreHealth.State.REBUILDING:
        return "The search index is being rebuilt. Questions are answered from the database meanwhile.", health.detail
    return "", ""
