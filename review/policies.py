"""At which thresholds a knowledge base is used where no assistant is asked: golden questions belong to the base."""

import uuid
from collections.abc import Sequence

from chatbot.deciding import Policy
from chatbot.models import Assistant


def policies_of(bases: Sequence[uuid.UUID]) -> dict[uuid.UUID, Policy]:
    """Return the thresholds at which each base is used: of its oldest assistant, else those that Candor comes with."""
    policies = dict.fromkeys(bases, Policy())
    assistants = Assistant.objects.filter(knowledge_bases__in=bases).order_by("-created_at")
    for assistant in assistants.distinct().prefetch_related("knowledge_bases"):
        policies |= {base.pk: Policy.of(assistant) for base in assistant.knowledge_bases.all() if base.pk in policies}
    return policies
