"""Golden questions: run, kept as history, imported and exported. What each expects is decided in `knowledge`."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import transaction

from chatbot.chat_model import is_configured
from chatbot.deciding import Decision, Policy, decide
from chatbot.foresight import is_right
from chatbot.models import Message
from knowledge.embedding import EmbeddingError
from knowledge.models import GoldenQuestion, KnowledgeBase
from knowledge.retrieval import RetrievalError, retrieve
from review.models import GoldenResult, GoldenRun
from review.policies import policies_of

# Of each knowledge base; the results of earlier runs are counts only.
RUNS_KEPT = 400
LOST = "Its entry was deleted."


@dataclass(frozen=True)
class Checked:
    """A golden question and what it gets now."""

    golden: GoldenQuestion
    right: bool
    outcome: Message.Outcome
    got: str


def check(base: KnowledgeBase, *, on_question: Callable[[], None] = lambda: None) -> Iterator[Checked]:
    """Ask every golden question of a base on the production path, and say whether it gets what it must.

    Right as in `chatbot.foresight.Foreseen`; one whose entry was deleted is wrong. Raises RetrievalError.
    """
    policy = policies_of([base.pk])[base.pk]
    model_available = is_configured()
    for golden in GoldenQuestion.objects.filter(knowledge_base=base).select_related("entry").order_by("pk"):
        yield _check(golden, policy, model_available)
        on_question()


def _check(golden: GoldenQuestion, policy: Policy, model_available: bool) -> Checked:
    try:
        found = retrieve(golden.question, knowledge_bases=[golden.knowledge_base_id])
    except EmbeddingError as error:
        raise RetrievalError(str(error)) from error
    decision = decide(found, model_available=model_available, policy=policy)
    right = not golden.lost and is_right(decision, golden.entry_id)
    return Checked(golden, right, decision.outcome, LOST if golden.lost else _first(decision))


def _first(decision: Decision) -> str:
    shown = decision.sources or decision.offers
    return shown[0].entry.question if shown else ""


def run(base: KnowledgeBase, *, on_question: Callable[[], None] = lambda: None) -> tuple[GoldenRun, list[Checked]]:
    """Check a base and keep what came out; raises RetrievalError, and nothing is kept then."""
    checked = list(check(base, on_question=on_question))
    with transaction.atomic():
        made = GoldenRun.objects.create(
            knowledge_base=base, questions=len(checked), right=sum(one.right for one in checked)
        )
        GoldenResult.objects.filter(run__knowledge_base=base).delete()
        GoldenResult.objects.bulk_create(
            GoldenResult(run=made, golden=one.golden, right=one.right, outcome=one.outcome, got=one.got)
            for one in checked
        )
        old = GoldenRun.objects.filter(knowledge_base=base).order_by("-started_at").values_list("pk", flat=True)
        GoldenRun.objects.filter(pk__in=list(old[RUNS_KEPT:])).delete()
    return made, checked


def run_all() -> dict[uuid.UUID, GoldenRun]:
    """Run the golden questions of every base that has some; raises RetrievalError where nothing can be looked up."""
    bases = KnowledgeBase.objects.filter(golden_questions__isnull=False).distinct()
    return {base.pk: run(base)[0] for base in bases}
