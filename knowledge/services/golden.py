"""Golden questions: kept here, whoever adds them."""

import uuid

from django.db import transaction

from knowledge.models import Entry, GoldenQuestion, KnowledgeBase
from knowledge.redaction import redact
from knowledge.services.calibration import Golden


def keep_golden_question(base: KnowledgeBase, question: str, entry: Entry | None) -> GoldenQuestion:
    """Store what the base must answer, and with which of its entries; None where the right reply is to decline.

    A question that is there already gets this entry. Contact details are taken out first. Raises ValidationError.
    """
    question = redact(question)
    with transaction.atomic():
        kept = GoldenQuestion.objects.select_for_update().filter(knowledge_base=base, question=question).first()
        kept = kept or GoldenQuestion(knowledge_base=base, question=question)
        kept.entry = entry
        kept.full_clean()
        kept.save()
    return kept


def golden_of(base: KnowledgeBase) -> list[Golden]:
    """Return the base's golden questions in the form in which it is calibrated."""
    rows = GoldenQuestion.objects.filter(knowledge_base=base, lost=False).values_list("question", "entry_id")
    return [Golden(question, _known(entry_id)) for question, entry_id in rows]


def _known(entry_id: uuid.UUID | None) -> frozenset[uuid.UUID]:
    return frozenset() if entry_id is None else frozenset({entry_id})
