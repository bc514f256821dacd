"""Load the demo: the knowledge base of an invented bicycle shop, and the assistant that answers from it."""

import json
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

import knowledge
from chatbot.models import Assistant
from chatbot.reading import STAFF
from knowledge.importing import read_rows
from knowledge.models import KnowledgeBase
from knowledge.services import import_rows, keep_golden_question

NAME = "Larkmoor Cycles"
DEMO = Path(knowledge.__path__[0], "demo", "faqs.jsonl")
QUESTIONS = DEMO.with_name("questions.jsonl")
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
        base, _ = KnowledgeBase.objects.get_or_create(slug="larkmoor", defaults={"name": NAME, "help_centre": True})
        data = DEMO.read_bytes()
        report = import_rows(base, read_rows(data, name=DEMO.name, max_bytes=len(data)).rows)
        if report.problems:
            raise CommandError(f"The demo was not loaded. Line {report.problems[0].line}: {report.problems[0].message}")
        self._keep_golden_questions(base)
        self._make_assistant(base)
        count, golden = base.entries.count(), base.golden_questions.count()
        self.stdout.write(f"The demo “{base.name}” has {count} entries and {golden} golden questions.")

    def _keep_golden_questions(self, base: KnowledgeBase) -> None:
        by_reference = {entry.reference: entry for entry in base.entries.all()}
        for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            keep_golden_question(base, row["text"], by_reference[row["relevant"][0]] if row["relevant"] else None)

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
        assistant.readers.set(Group.objects.filter(name=STAFF))
