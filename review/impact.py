"""What an edit would change before it is published: golden and real questions, asked with it and without it.

One retrieval answers both times, on entries as they are and as they would be, so what is foreseen here is what happens.
"""

import threading
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings

from chatbot.chat_model import is_configured
from chatbot.deciding import Decision, Policy, decide
from chatbot.foresight import is_right
from chatbot.models import Assistant, Message
from knowledge.embedding import EmbeddingError, Matrix, as_embedded, get_embedder
from knowledge.exact import WrongDimensionError
from knowledge.models import GoldenQuestion
from knowledge.ranking import Memory
from knowledge.rehearsal import Edit, Rehearsal
from knowledge.retrieval import Retrieval, RetrievalError, retrieve
from knowledge.vectors import vectors_for
from review.models import AskedQuestion
from review.policies import policies_of
from review.queueing import vector_of

# Of each knowledge base; beyond, the newest are asked.
MOST_GOLDEN = 2_000
CANNOT_LOOK = (EmbeddingError, RetrievalError, WrongDimensionError)
Outcome = Message.Outcome
Bases = tuple[uuid.UUID, ...]


@dataclass(frozen=True)
class Question:
    """A question that an edit is tried on; `golden` where its right answer is known, `assistant` where it was asked."""

    key: uuid.UUID
    text: str
    vector: Matrix
    bases: Bases
    policy: Policy
    golden: GoldenQuestion | None = None
    assistant: uuid.UUID | None = None


@dataclass(frozen=True)
class Gets:
    """What somebody who asks gets: how, which entries in which order, and the words that are quoted."""

    outcome: Message.Outcome
    entries: tuple[uuid.UUID, ...]
    titles: tuple[str, ...]
    quoted: str = ""

    @property
    def label(self) -> str:
        """The outcome in words."""
        return self.outcome.label


@dataclass(frozen=True)
class Change:
    """A question that would get something else."""

    question: Question
    before: Gets
    after: Gets
    was_right: bool | None = None
    is_right: bool | None = None

    @property
    def breaks(self) -> bool:
        """Whether a golden question would not be answered rightly any more."""
        return self.was_right is True and self.is_right is False

    @property
    def mends(self) -> bool:
        """Whether a golden question would be answered rightly from then on."""
        return self.was_right is False and self.is_right is True

    @property
    def only_words(self) -> bool:
        """Whether it is the same entry, in new words."""
        return (self.before.outcome, self.before.entries) == (self.after.outcome, self.after.entries)


@dataclass(frozen=True)
class Impact:
    """What would change, golden questions that break first; how many questions were asked."""

    changes: list[Change]
    golden: int
    real: int

    @property
    def breaks(self) -> list[Change]:
        """Golden questions that would break."""
        return [change for change in self.changes if change.breaks]

    @property
    def moved(self) -> list[Change]:
        """Changes that are more than new words of the same entry."""
        return [change for change in self.changes if not change.only_words]

    @property
    def reworded(self) -> int:
        """How many questions get the same entry in its new words."""
        return len(self.changes) - len(self.moved)


def impact_of(edits: Sequence[Edit], bases: Sequence[uuid.UUID]) -> Impact:
    """Ask everything that is asked of these knowledge bases with the edits and without; raises EmbeddingError."""
    questions = questions_of(bases) if edits else []
    changes = []
    for together in sorted({question.bases for question in questions}):
        mine = [question for question in questions if question.bases == together]
        changes += _changes(mine, together, edits)
    changes.sort(key=lambda change: (not change.breaks, not change.mends, change.only_words, change.question.text))
    golden = sum(question.golden is not None for question in questions)
    return Impact(changes, golden, len(questions) - golden)


def try_out(edits: Sequence[Edit], bases: Sequence[uuid.UUID]) -> Impact | None:
    """Return the impact of edits; None where nothing can be looked up now: that stops nobody from saving."""
    try:
        return impact_of(edits, bases)
    except CANNOT_LOOK:
        return None


def questions_of(bases: Sequence[uuid.UUID]) -> list[Question]:
    """Return the golden questions of knowledge bases and the last real ones of the assistants that know them."""
    assistants = Assistant.objects.filter(knowledge_bases__in=bases).distinct().prefetch_related("knowledge_bases")
    return [*_golden(bases), *_real(list(assistants))]


def _golden(bases: Sequence[uuid.UUID]) -> list[Question]:
    rows = list(
        GoldenQuestion.objects.filter(knowledge_base__in=bases, lost=False)
        .select_related("entry")
        .order_by("-created_at", "pk")[:MOST_GOLDEN]
    )
    if not rows:
        return []
    vectors = vectors_for(get_embedder(), [as_embedded(row.question) for row in rows])
    policies = policies_of(bases)
    return [
        Question(row.pk, row.question, vector, (row.knowledge_base_id,), policies[row.knowledge_base_id], golden=row)
        for row, vector in zip(rows, vectors, strict=True)
    ]


def _real(assistants: Sequence[Assistant]) -> list[Question]:
    """Visitors' last questions, each wording once."""
    known = {one.pk: (tuple(sorted(b.pk for b in one.knowledge_bases.all())), Policy.of(one)) for one in assistants}
    rows = AskedQuestion.objects.filter(assistant__in=known, model=get_embedder().name).order_by("-asked_at")
    latest: dict[tuple[uuid.UUID, str], AskedQuestion] = {}
    for row in rows.only("text", "vector", "assistant")[: settings.IMPACT_QUESTIONS]:
        latest.setdefault((row.assistant_id, row.text), row)
    return [
        Question(row.pk, row.text, vector_of(row.vector), *known[row.assistant_id], assistant=row.assistant_id)
        for row in latest.values()
    ]


def _changes(questions: Sequence[Question], bases: Bases, edits: Sequence[Edit]) -> list[Change]:
    befores, memories = _as_it_is(questions, bases)
    # A copy of each: what belongs to this edit alone is not kept.
    shelf = Rehearsal(bases, edits, memories={key: dict(known) for key, known in memories.items()})
    model_available = is_configured()
    changes = []
    for question, found in zip(questions, befores, strict=True):
        then = retrieve(question.text, knowledge_bases=bases, vector=question.vector, shelf=shelf)
        before = decide(found, model_available=model_available, policy=question.policy)
        after = decide(then, model_available=model_available, policy=question.policy)
        if gets(before) != gets(after):
            changes.append(_change(question, before, after))
    return changes


def _change(question: Question, before: Decision, after: Decision) -> Change:
    if question.golden is None:
        return Change(question, gets(before), gets(after))
    expected = question.golden.entry_id
    return Change(question, gets(before), gets(after), is_right(before, expected), is_right(after, expected))


def gets(decision: Decision) -> Gets:
    """Return what a visitor gets by a decision."""
    shown = decision.sources if decision.outcome in (Outcome.QUOTE, Outcome.WRITE) else decision.offers
    quoted = shown[0].entry.answer if decision.outcome == Outcome.QUOTE else ""
    return Gets(decision.outcome, tuple(c.entry.pk for c in shown), tuple(c.entry.question for c in shown), quoted)


# Of each set of bases, what was found for questions as the entries are: an editor tries many versions of an edit.
_found: dict[Bases, tuple[object, dict[tuple[uuid.UUID, str], Retrieval], dict[bytes, Memory]]] = {}
_lock = threading.Lock()


def _as_it_is(questions: Sequence[Question], bases: Bases) -> tuple[list[Retrieval], dict[bytes, Memory]]:
    """What is found as the entries are, and what was reckoned for it."""
    with _lock:
        stamp, known, memories = _found.get(bases, (None, {}, {}))
    shelf = Rehearsal(bases, memories=memories)
    if stamp != shelf.stamp:
        known, memories = {}, {}
        shelf = Rehearsal(bases, memories=memories)
    found: dict[tuple[uuid.UUID, str], Retrieval] = {
        (question.key, question.text): known.get((question.key, question.text))
        or retrieve(question.text, knowledge_bases=bases, vector=question.vector, shelf=shelf)
        for question in questions
    }
    with _lock:
        _found[bases] = (shelf.stamp, found, memories)
    return list(found.values()), memories


def warm_up(bases: Sequence[uuid.UUID]) -> None:
    """Ask everything without an edit, so that the first edit that is tried out is only asked with it."""
    with suppress(*CANNOT_LOOK):
        questions = questions_of(bases)
        for together in sorted({question.bases for question in questions}):
            _as_it_is([question for question in questions if question.bases == together], together)


def forget() -> None:
    """Drop what is kept in memory (tests, benchmarks)."""
    with _lock:
        _found.clear()


def readable(impact: Impact, assistants: Mapping[uuid.UUID, Assistant]) -> tuple[Impact, int]:
    """Return an impact without the words of visitors whose conversations may not be read, and how many those are."""
    shown = [c for c in impact.changes if c.question.assistant is None or c.question.assistant in assistants]
    return Impact(shown, impact.golden, impact.real), len(impact.changes) - len(shown)
