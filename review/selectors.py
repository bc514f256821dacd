"""What the desk shows, read with a number of queries that does not grow with conversations."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import numpy as np
from django.contrib.auth.models import User
from django.db.models import F, Q, QuerySet
from django.utils.safestring import SafeString

from chatbot.contexts import turn_of
from chatbot.models import Assistant, Citation, Conversation
from chatbot.places import place_of
from chatbot.selectors import turns_before
from chatbot.traces import StaffTurn, staff_turn
from knowledge.markdown import render
from knowledge.models import Entry
from review import conversation_search, reasons
from review.corrected_answers import address_of
from review.grouping import Groups
from review.models import AskedQuestion, ReviewItem
from review.queueing import vector_of
from review.reasons import LABELS, Reason

PAGE = 50
# Questions of an item that are listed; the others are counted.
MOST_LISTED = 20
_NUMBER = 6


@dataclass(frozen=True)
class QueueFilter:
    """Which items are shown; "" is all of them, but for `state`."""

    state: str = ReviewItem.State.OPEN
    assistant: str = ""
    why: str = ""
    who: str = ""
    q: str = ""
    page: int = 1

    @classmethod
    def read(cls, params: Mapping[str, str]) -> "QueueFilter":
        """Read an address; what makes no sense there is left out."""
        page = params.get("page", "")
        return cls(
            state=_one_of(params.get("state", ""), ReviewItem.State.values) or ReviewItem.State.OPEN,
            assistant=_uuid(params.get("assistant", "")),
            why=_one_of(params.get("why", ""), [reason.name or "" for reason in Reason]),
            who=_one_of(params.get("who", ""), ["me", "nobody"]),
            q=params.get("q", "").strip()[:200],
            page=min(int(page), 10_000)
            if page.isascii() and page.isdigit() and len(page) < _NUMBER and int(page)
            else 1,
        )

    @property
    def query(self) -> str:
        """The address of this view, "" for the plain one."""
        plain = QueueFilter()
        fields = ("state", "assistant", "why", "who", "q", "page")
        return urlencode({name: value for name in fields if (value := getattr(self, name)) != getattr(plain, name)})

    @property
    def unpaged(self) -> str:
        """The address of its first page."""
        return replace(self, page=1).query

    @property
    def next(self) -> str:
        """The address of the next page."""
        return replace(self, page=self.page + 1).query

    @property
    def previous(self) -> str:
        """The address of the page before."""
        return replace(self, page=self.page - 1).query


@dataclass(frozen=True)
class QueuePage:
    """A page of the queue; `total` counts all pages."""

    items: list[ReviewItem]
    total: int
    has_next: bool


REASONS = [(reason.name, LABELS[reason]) for reason in Reason]


def queue(user: User, assistants: Sequence[Assistant], wanted: QueueFilter) -> QueuePage:
    """Return a page of items of these assistants, the worst first."""
    chosen = [one for one in assistants if not wanted.assistant or str(one.pk) == wanted.assistant]
    items = ReviewItem.objects.filter(assistant__in=[one.pk for one in chosen], state=wanted.state)
    if wanted.why:
        items = items.annotate(flag=F("reasons").bitand(int(Reason[wanted.why]))).filter(flag__gt=0)
    if wanted.who:
        items = items.filter(assigned_to=user if wanted.who == "me" else None)
    if wanted.q:
        asked = AskedQuestion.objects.filter(item__isnull=False)
        items = items.filter(pk__in=conversation_search.search(asked, wanted.q, chosen).order_by().values("item"))
    begin = (wanted.page - 1) * PAGE
    rows = list(items.select_related("assistant", "assigned_to", "locked_by").defer("sum")[begin : begin + PAGE + 1])
    return QueuePage(rows[:PAGE], items.count(), len(rows) > PAGE)


def neighbours(page: QueuePage, item: ReviewItem) -> tuple[ReviewItem | None, ReviewItem | None]:
    """Return the items before and after one in a page."""
    keys = [one.pk for one in page.items]
    if item.pk not in keys:
        return None, next(iter(page.items), None)
    at = keys.index(item.pk)
    return (page.items[at - 1] if at else None), (page.items[at + 1] if at + 1 < len(keys) else None)


@dataclass(frozen=True)
class ItemView:
    """An item with its questions, and the conversation of one of them."""

    item: ReviewItem
    questions: list[AskedQuestion]
    more: int
    chosen: AskedQuestion | None
    conversation: Conversation | None
    turns: list[StaffTurn]
    email: str

    @property
    def earlier(self) -> list[StaffTurn]:
        """What was said before the turn that deserves the look."""
        return self.turns[:-1]

    @property
    def this_turn(self) -> list[StaffTurn]:
        """That turn."""
        return self.turns[-1:]


def item_view(item: ReviewItem, chosen: str = "") -> ItemView:
    """Return what is shown of an item: the turn that is `chosen` (its reply's id), else the worst, the latest first."""
    rows = item.questions.select_related("reply__conversation__assistant").order_by("-asked_at")
    listed = list(rows[: MOST_LISTED * 5])
    shown = next((row for row in listed if str(row.pk) == chosen), None) or max(
        listed, key=lambda row: reasons.badness(row.reasons), default=None
    )
    conversation = shown.reply.conversation if shown else None
    turns = conversation_turns(conversation, shown.reply.position + 1)[0] if shown and conversation else []
    email = address_of(conversation) if conversation else ""
    return ItemView(item, listed[:MOST_LISTED], max(item.count - MOST_LISTED, 0), shown, conversation, turns, email)


def conversation_turns(
    conversation: Conversation, before: int | None, most: int = 10
) -> tuple[list[StaffTurn], int | None]:
    """Return the last turns before a position as staff read them, each with why it is queued; and where they begin.

    None where nothing is before them.
    """
    page = turns_before(conversation, before, most)
    replies = [reply for _, reply in page.turns if reply]
    flags = dict(AskedQuestion.objects.filter(pk__in=[r.pk for r in replies]).values_list("pk", "reasons"))
    then = words_then([c for reply in replies for c in reply.citations.all()])
    place = place_of(conversation)
    turns = [
        staff_turn(turn_of(question, reply, place), reasons.labels(flags.get(reply.pk, 0)) if reply else (), then)
        for question, reply in page.turns
    ]
    return turns, page.before


def words_then(citations: Sequence[Citation]) -> dict[uuid.UUID, SafeString]:
    """Return the answers of cited entries as they were at the time: what was quoted, or that version in the history."""
    known = {one.pk: one.quoted_text for one in citations if one.quoted_text}
    sought = [one for one in citations if not one.quoted_text and one.entry_id]
    if sought:
        rows = Entry.history.filter(
            id__in={one.entry_id for one in sought}, version__in={one.entry_version for one in sought}
        )
        answers = {(pk, version): answer for pk, version, answer in rows.values_list("id", "version", "answer")}
        for one in sought:
            if (answer := answers.get((one.entry_id, one.entry_version))) is not None:
                known[one.pk] = answer
    return {pk: render(text) for pk, text in known.items()}


def similar_items(item: ReviewItem, most: int = 5) -> list[ReviewItem]:
    """Return open items of the same assistant that may mean the same, nearest first; of the 2,000 most pressing."""
    others = list(
        ReviewItem.objects.filter(assistant=item.assistant_id, state=ReviewItem.State.OPEN, model=item.model)
        .exclude(pk=item.pk)
        .only("title", "sum", "count", "askers")[:2_000]
    )
    groups = Groups((vector_of(one.sum) for one in others), (one.count for one in others))
    mean = (vector_of(item.sum) / np.float32(max(item.count, 1))).astype(np.float32)
    return [others[i] for i in groups.similar(mean)[:most]]


def colleagues(assistant: Assistant) -> QuerySet[User]:
    """Return who may work on an assistant's items, by name."""
    may = Q(groups__in=assistant.readers.all()) | Q(is_superuser=True)
    return User.objects.filter(may, is_staff=True, is_active=True).distinct().order_by("username")


def conversations(assistants: Sequence[Assistant], text: str, page: int) -> tuple[list[AskedQuestion], bool]:
    """Return a page of turns, the latest first, that have all words of a text; and whether there is another page."""
    asked = AskedQuestion.objects.filter(assistant__in=[one.pk for one in assistants])
    found = conversation_search.search(asked, text, assistants) if text else asked
    begin = (page - 1) * PAGE
    rows = list(found.select_related("reply", "assistant").defer("vector", "reply__trace")[begin : begin + PAGE + 1])
    return rows[:PAGE], len(rows) > PAGE


def _one_of(value: str, allowed: Sequence[str]) -> str:
    return value if value in allowed else ""


def _uuid(value: str) -> str:
    try:
        return str(uuid.UUID(value))
    except ValueError:
        return ""
