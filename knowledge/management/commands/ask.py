"""Ask the knowledge base from the terminal, through the same retrieval as visitors."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from knowledge.management.commands._bases import add_base_argument
from knowledge.models import KnowledgeBase
from knowledge.retrieval import Retrieval, RetrievalError, retrieve
from knowledge.selectors import knowledge_base_named
from knowledge.texts import TextError, clean

LONGEST = 4_000


class Command(BaseCommand):
    help = "Show which entries are found for a question, in all knowledge bases or in one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("question")
        add_base_argument(parser)
        parser.add_argument("--limit", type=int, default=5, help="How many entries (default 5).")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *_: Any, **options: Any) -> None:
        """Retrieve and print."""
        if options["limit"] < 1:
            raise CommandError("--limit must be at least 1.")
        try:
            question = clean(options["question"], LONGEST)
            if not question:
                raise CommandError("The question is empty.")
            found = retrieve(question, knowledge_bases=self._bases(options["knowledge_base"]), limit=options["limit"])
        except TextError as error:
            raise CommandError(f"The question {error}") from error
        except RetrievalError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_as_json(question, found) if options["json"] else _as_text(found))

    def _bases(self, name: str | None) -> list[Any]:
        if name is None:
            return list(KnowledgeBase.objects.values_list("pk", flat=True))
        base = knowledge_base_named(name)
        if base is None:
            raise CommandError(f"There is no knowledge base “{name}”.")
        return [base.pk]


def _as_text(found: Retrieval) -> str:
    lines = [f"{c.similarity:6.3f}  {c.entry.question}" for c in found.candidates] or ["Nothing was found."]
    if found.candidates:
        lines += ["", found.candidates[0].entry.answer]
    times = ", ".join(f"{step} {ms:.1f} ms" for step, ms in found.milliseconds.items())
    return "\n".join([*lines, "", f"(confidence {found.confidence:.0%}, from the {found.way} search; {times})"])


def _as_json(question: str, found: Retrieval) -> str:
    candidates = [
        {
            "id": str(c.entry.pk),
            "reference": c.entry.reference,
            "question": c.entry.question,
            "answer": c.entry.answer,
            "similarity": round(c.similarity, 4),
            "score": round(c.score, 4),
            "matched": c.matched,
        }
        for c in found.candidates
    ]
    return json.dumps(
        {
            "question": question,
            "confidence": round(found.confidence, 4),
            "way": found.way,
            "milliseconds": found.milliseconds,
            "candidates": candidates,
        },
        ensure_ascii=False,
    )
