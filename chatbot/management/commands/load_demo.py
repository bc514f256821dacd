"""Load the demo: the knowledge base of an invented bicycle shop, and the assistant that answers from it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

import knowledge
from chatbot.models import Assistant
from knowledge.importing import read_rows
from knowledge.models import KnowledgeBase
from knowledge.services import import_rows

NAME = "Larkmoor Cycles"
DEMO = Path(knowledge.__path__[0], "demo", "faqs.jsonl")
GREETING = "Hello, this is Larkmoor Cycles. Ask me about orders, hire, repairs or your e-bike."
STARTERS = """\
How much is delivery for parts and accessories?
Can I cancel a hire booking, and what do I get back?
The display shows E42. What does it mean?
How much is a bike service?"""
NO_ANSWER = (
    "I don't have an answer to that. Please call the shop on +44 20 7946 0142 or write to "
    "[hello@larkmoor.example](mailto:hello@larkmoor.example); we answer e-mails within one working day."
)


class Command(BaseCommand):
    help = "Load the demo knowledge base and its assistant. Safe to run again: what was edited since is set back."

    @transaction.atomic
    def handle(self, *_args: Any, **_options: Any) -> None:
        """Load all of it or nothing."""
        base, _ = KnowledgeBase.objects.get_or_create(slug="larkmoor", defaults={"name": NAME})
        data = DEMO.read_bytes()
        report = import_rows(base, read_rows(data, name=DEMO.name, max_bytes=len(data)).rows)
        if report.problems:
            raise CommandError(f"The demo was not loaded. Line {report.problems[0].line}: {report.problems[0].message}")
        self._make_assistant(base)
        self.stdout.write(f"The demo “{base.name}” has {base.entries.count()} entries.")

    def _make_assistant(self, base: KnowledgeBase) -> None:
        if base.assistants.exists():
            return
        assistant = Assistant.objects.create(
            name=NAME,
            is_default=not Assistant.objects.filter(is_default=True).exists(),
            greeting=GREETING,
            starter_questions=STARTERS,
            no_answer_text=NO_ANSWER,
        )
        assistant.knowledge_bases.add(base)
