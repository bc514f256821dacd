"""Check that the index has every published entry, nothing else, and finds it; with --repair, mend it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from knowledge.embedding import EmbeddingError
from knowledge.indexing import Finding, LeaseTakenError
from knowledge.models import KnowledgeBase
from knowledge.services import check_index, repair_index
from knowledge.vector_store import StoreError


class Command(BaseCommand):
    help = "Compare the index with the database, entry by entry. Exits with 1 where they differ."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--repair", action="store_true", help="Mend what is found.")

    def handle(self, *_: Any, **options: Any) -> None:
        """Report on every knowledge base."""
        try:
            if options["repair"]:
                repair_index()
            findings = [check_index(base) for base in KnowledgeBase.objects.all()]
        except LeaseTakenError as error:
            raise CommandError(f"{error} Try again in a moment.") from error
        except (StoreError, EmbeddingError) as error:
            raise CommandError(str(error)) from error
        for finding in findings:
            self._report(finding)
        if not all(finding.ok for finding in findings):
            advice = (
                "See the reasons in the admin." if options["repair"] else "Run: python manage.py check_index --repair"
            )
            raise CommandError(f"The index is not what the database says. {advice}")

    def _report(self, finding: Finding) -> None:
        if finding.ok:
            self.stdout.write(f"{finding.base}: every published entry is in the index and can be found.")
            return
        self.stderr.write(
            f"{finding.base}: {len(finding.missing)} passages missing, {len(finding.extra)} too many, "
            f"{finding.waiting} entries waiting, {finding.failed} failed. {finding.broken}".rstrip()
        )
