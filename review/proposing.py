"""The likeliest fix of an item, from what its visitors did and what retrieval finds for it now. Reads only."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.models import Citation, LabelledExample, Message
from knowledge.markdown import excerpt
from knowledge.models import Entry
from knowledge.redaction import redact
from knowledge.retrieval import Candidate, RetrievalError, retrieve
from knowledge.texts import LIMITS
from review.models import AskedQuestion, Fix, ReviewItem
from review.reasons import Reason

# Of public questions that are near to nothing (dev splits of banking77_oos and clinc150, nearest wording below 0.65),
# 98 and 95 % of those that the nearest entry answers are above this, and 61 and 29 % of those that none does. Which of
# both it is, a person sees at once, and the other kind of fix is a press away.
NEAR_AT = 0.38
# Nearer than this, a new entry would say what another says.
SAME_AT = 0.75
MOST_WORDINGS = 8
MOST_READ = 200
Kind = Fix.Kind


@dataclass(frozen=True)
class Choice:
    """An entry that may be meant, and how near it is (0 to 1)."""

    entry: Entry
    similarity: float

    @property
    def excerpt(self) -> str:
        """How the answer begins, in plain words."""
        return excerpt(self.entry.answer)


@dataclass(frozen=True)
class Proposal:
    """A fix, filled in: which kind and why, the entry that is meant if one is, and the wordings of the group."""

    kind: Fix.Kind
    why: str
    entry: Entry | None
    choices: list[Choice]
    question: str
    wordings: list[str]
    failure: str = ""

    @property
    def other_wordings(self) -> list[str]:
        """The wordings but for the clearest, which would be a new entry's question."""
        return [text for text in self.wordings if text.casefold() != self.question.casefold()]

    @property
    def duplicates(self) -> list[Choice]:
        """Entries that a new one would be near to."""
        return [choice for choice in self.choices if choice.similarity >= SAME_AT]


def propose(item: ReviewItem) -> Proposal:
    """Return the likeliest fix; one without choices, which says why, where nothing can be looked up now."""
    rows = list(item.questions.select_related("reply").order_by("-asked_at")[:MOST_READ])
    question, wordings = one_line(item.title), wordings_of(rows)
    try:
        found = retrieve(item.title, knowledge_bases=bases_of(item), limit=5)
    except RetrievalError as error:
        return Proposal(Kind.NEW, "", None, [], question, wordings, failure=str(error))
    choices = [Choice(c.entry, round(c.similarity, 3)) for c in found.candidates]
    kind, why, entry = _likeliest(item, rows, found.candidates, found.confidence)
    return Proposal(kind, why, entry, _with(choices, entry), question, wordings)


def duplicates_of(item: ReviewItem, question: str) -> list[Choice]:
    """Return entries that a new one with this question would be near to, nearest first; none where nobody can tell."""
    try:
        found = retrieve(question, knowledge_bases=bases_of(item), limit=5)
    except RetrievalError:
        return []
    near = [Choice(c.entry, round(c.similarity, 3)) for c in found.candidates if c.similarity >= SAME_AT]
    return sorted(near, key=lambda choice: -choice.similarity)


def bases_of(item: ReviewItem) -> list[uuid.UUID]:
    """Return the knowledge bases in which an item's questions are answered."""
    return list(item.assistant.knowledge_bases.values_list("pk", flat=True))


def wordings_of(rows: Sequence[AskedQuestion]) -> list[str]:
    """Return up to eight wordings, most asked first, without contact details, each once and in one line."""
    lines = [one_line(row.text) for row in rows]
    counts = Counter(line.casefold() for line in lines)
    first = {line.casefold(): line for line in reversed(lines)}
    return [first[folded] for folded, _ in counts.most_common(MOST_WORDINGS)]


def one_line(text: str) -> str:
    """Return a question as an entry can have it: a line, short enough, without contact details."""
    return " ".join(redact(text).split())[: LIMITS["question"]]


def _likeliest(
    item: ReviewItem, rows: Sequence[AskedQuestion], candidates: Sequence[Candidate], confidence: float
) -> tuple[Fix.Kind, str, Entry | None]:
    if chosen := _chosen(rows):
        return Kind.WORDING, "Visitors who asked this chose this entry from what they were offered.", chosen
    answered, misread = _answered_by(rows), _misread(rows)
    if answered and not misread:
        return Kind.EDIT, "This entry answered, and the answer did not help.", answered
    others = [c for c in candidates if not (misread and answered and c.entry.pk == answered.pk)]
    if others and (others[0].similarity >= NEAR_AT or confidence >= 0.5):
        sure = f"similarity {others[0].similarity:.2f}"
        return Kind.WORDING, f"This entry is the nearest ({sure}), and was not found in these words.", others[0].entry
    if item.reasons & Reason.SAMPLE and answered:
        return Kind.EDIT, "A random sample: nothing is known to be wrong.", answered
    return Kind.NEW, "No entry is near: a new one is needed, or this is out of scope.", None


def _chosen(rows: Sequence[AskedQuestion]) -> Entry | None:
    chosen = LabelledExample.objects.filter(offer__message__in=[row.pk for row in rows]).values_list("entry", flat=True)
    return _most_common(list(chosen))


def _answered_by(rows: Sequence[AskedQuestion]) -> Entry | None:
    """The entry that most of the group's answers rest on, if any of them was answered."""
    answered = [row.pk for row in rows if row.reply.outcome in (Message.Outcome.QUOTE, Message.Outcome.WRITE)]
    if 2 * len(answered) < len(rows):
        return None
    first = Citation.objects.filter(message__in=answered, kind=Citation.Kind.SOURCE, number=1, entry__isnull=False)
    return _most_common([key for key in first.values_list("entry", flat=True) if key])


def _misread(rows: Sequence[AskedQuestion]) -> bool:
    return any(row.reply.feedback_reason == Message.Reason.MISUNDERSTOOD for row in rows)


def _most_common(keys: Sequence[uuid.UUID]) -> Entry | None:
    if not keys:
        return None
    return Entry.objects.answerable().filter(pk=Counter(keys).most_common(1)[0][0]).first()


def _with(choices: list[Choice], entry: Entry | None) -> list[Choice]:
    if entry is None or any(choice.entry.pk == entry.pk for choice in choices):
        return choices
    return [Choice(entry, 0.0), *choices]
