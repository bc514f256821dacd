"""What is missing from the knowledge, and what in it needs a hand: each finding with what to do about it."""

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from chatbot.grounding.stated import stated_facts
from chatbot.models import Assistant
from knowledge import exact
from knowledge.embedding import get_embedder
from knowledge.models import Collection, Entry, KnowledgeBase
from knowledge.passages import parse_passage_id
from review.models import EntryDay, ReviewItem
from review.reasons import Reason

MOST = 30
UNUSED_DAYS = 90
# Thumbs down from which on an entry is listed, and of its uses at least one in five.
FEW_DOWN, SHARE_DOWN = 2, 0.2
# Cosine of wordings from which on two entries answer near questions, and from which on they ask the same.
NEAR, SAME = 0.85, 0.92
# Facts that mean something by themselves: a plain number may count anything.
SAYS_NOTHING = frozenset({"number", "code", "link"})


@dataclass(frozen=True)
class Pair:
    """Two live entries that are near; `facts` differ where they contradict each other: of the first, of the second."""

    first: Entry
    second: Entry
    similarity: float
    facts: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Pairs:
    """Entries that may be one, and entries of which one may be wrong."""

    duplicates: list[Pair]
    contradictions: list[Pair]


def unanswered(assistants: Sequence[Assistant]) -> list[ReviewItem]:
    """Return open topics that got no answer, by how many people asked."""
    without = int(Reason.DECLINED | Reason.IGNORED)
    items = ReviewItem.objects.filter(assistant__in=[one.pk for one in assistants], state=ReviewItem.State.OPEN)
    flagged = items.annotate(flag=F("reasons").bitand(without)).filter(flag__gt=0)
    return list(flagged.defer("sum").select_related("assistant").order_by("-askers", "-rank")[:MOST])


def unused(bases: Sequence[KnowledgeBase]) -> list[Entry]:
    """Return published entries of over 90 days that no answer rested on in that time, the oldest first."""
    since = timezone.now() - timedelta(days=UNUSED_DAYS)
    used = EntryDay.objects.filter(day__gte=since.date(), used__gt=0).values("entry")
    old = _published(bases).filter(created_at__lt=since).exclude(pk__in=used)
    return list(old.order_by("created_at")[:MOST])


def past_review(bases: Sequence[KnowledgeBase]) -> list[Entry]:
    """Return published entries whose review date is over, the longest first."""
    today = timezone.now().date()
    return list(_published(bases).filter(review_due__lt=today).select_related("owner").order_by("review_due")[:MOST])


@dataclass(frozen=True)
class Disliked:
    """An entry whose answers did not help."""

    entry: Entry
    used: int
    down: int


def disliked(bases: Sequence[KnowledgeBase]) -> list[Disliked]:
    """Return published entries with two thumbs down or more, and one in five or more, in 90 days; the worst first."""
    since = timezone.now().date() - timedelta(days=UNUSED_DAYS)
    rows = (
        EntryDay.objects.filter(day__gte=since, entry__in=_published(bases).order_by().values("pk"))
        .values("entry")
        .annotate(total=Sum("used"), bad=Sum("down"))
        .filter(Q(bad__gte=FEW_DOWN) & Q(bad__gte=F("total") * SHARE_DOWN))
        .order_by("-bad")[:MOST]
    )
    counts = {row["entry"]: row for row in rows}
    entries = Entry.objects.in_bulk(list(counts))
    return [Disliked(entries[pk], row["total"], row["bad"]) for pk, row in counts.items() if pk in entries]


_pairs: dict[tuple[uuid.UUID, str], tuple[exact.Stamp, Pairs]] = {}
_lock = threading.Lock()


def pairs(bases: Sequence[KnowledgeBase]) -> Pairs:
    """Return near entries of each base, nearest first; reckoned anew only when an entry has changed."""
    model = get_embedder().name
    names = dict(
        Collection.objects.active(model).filter(knowledge_base__in=bases).values_list("knowledge_base", "name")
    )
    found = [_pairs_in(base, model, names.get(base.pk, "")) for base in bases]
    duplicates = [pair for one in found for pair in one.duplicates]
    contradictions = [pair for one in found for pair in one.contradictions]
    return Pairs(duplicates[:MOST], contradictions[:MOST])


def _pairs_in(base: KnowledgeBase, model: str, generation: str) -> Pairs:
    snapshot = exact.current(base.pk, model, generation)
    with _lock:
        known = _pairs.get((base.pk, model))
    if known and known[0] == snapshot.stamp:
        return known[1]
    near = _near(snapshot)
    entries = Entry.objects.in_bulk({key for pair in near for key in pair[:2]})
    made = [Pair(entries[a], entries[b], round(cosine, 3)) for a, b, cosine in near if a in entries and b in entries]
    made.sort(key=lambda pair: -pair.similarity)
    result = Pairs(
        [pair for pair in made if pair.similarity >= SAME],
        [contrary for pair in made if (contrary := _contrary(pair))],
    )
    with _lock:
        _pairs[base.pk, model] = (snapshot.stamp, result)
    return result


def _near(snapshot: exact.Snapshot) -> list[tuple[uuid.UUID, uuid.UUID, float]]:
    """Pairs of entries that have wordings at NEAR or nearer, with the nearest cosine; exact, in blocks."""
    keys = [parse_passage_id(passage_id) for passage_id in snapshot.ids]
    # What an entry says as a whole is near to whatever is about the same; wordings tell what is asked.
    rows = [row for row, key in enumerate(keys) if key.slot]
    if not rows:
        return []
    vectors = snapshot.vectors[rows]
    nearest: dict[tuple[uuid.UUID, uuid.UUID], float] = {}
    for start in range(0, len(rows), 1_000):
        cosines = vectors[start : start + 1_000] @ vectors.T
        for i, j in zip(*np.nonzero(cosines >= NEAR), strict=True):
            one, other = keys[rows[start + int(i)]].entry_id, keys[rows[int(j)]].entry_id
            if one < other:
                cosine = float(cosines[i, j])
                nearest[one, other] = max(nearest.get((one, other), 0.0), cosine)
    return [(one, other, cosine) for (one, other), cosine in nearest.items()]


def _contrary(pair: Pair) -> Pair | None:
    """The pair with what differs, where both state hard facts of the same kind and share none of them."""
    ours, theirs = stated_facts(pair.first.answer), stated_facts(pair.second.answer)
    both = (ours.keys() & theirs.keys()) - SAYS_NOTHING
    kinds = sorted(kind for kind in both if not ours[kind].keys() & theirs[kind].keys())
    if not kinds:
        return None
    said = [", ".join([text for kind in kinds for text in facts[kind].values()][:4]) for facts in (ours, theirs)]
    return Pair(pair.first, pair.second, pair.similarity, (said[0], said[1]))


def _published(bases: Sequence[KnowledgeBase]) -> QuerySet[Entry]:
    return Entry.objects.filter(Q(status=Entry.Status.PUBLISHED), knowledge_base__in=[base.pk for base in bases])
