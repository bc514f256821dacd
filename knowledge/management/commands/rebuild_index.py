"""Build the index of a knowledge base anew from the database, while the old one goes on answering."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from knowledge.embedding import EmbeddingError
from knowledge.indexing import LeaseTakenError
from knowledge.management.commands._bases import add_base_argument, counting, find_base
from knowledge.models import KnowledgeBase
from knowledge.selectors import index_overview
from knowledge.services import rebuild_index
from knowledge.vector_store import StoreError


class Command(BaseCommand):
    help = "Build the index anew from the database and switch to it. Texts that have a vector are not embedded again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_base_argument(parser)
        parser.add_argument(
            "--embed-again",
            action="store_true",
            help="Forget the vectors of all texts first, and rebuild all knowledge bases: for another model that "
            "answers under the same name. What is not embedded again yet finds no answers.",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Rebuild, with progress; Ctrl-C leaves the old index in place."""
        again = options["embed_again"]
        # The vectors of all bases are of the same model.
        bases = list(KnowledgeBase.objects.all()) if again else [find_base(options["knowledge_base"])]
        for base in bases:
            self._rebuild(base, embed_again=again and base == bases[0])
        if again:
            self.stdout.write("Now restart the web processes: they remember questions as the former model saw them.")

    def _rebuild(self, base: KnowledgeBase, *, embed_again: bool) -> None:
        try:
            with counting(self.stdout, "Indexed", index_overview(base).published) as counter:
                rebuild_index(base, counter.add, embed_again=embed_again)
        except LeaseTakenError as error:
            raise CommandError(f"{error} Try again in a moment.") from error
        except (StoreError, EmbeddingError) as error:
            raise CommandError(f"{error} The old index goes on answering.") from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. The old index goes on answering.") from None
        self.stdout.write(f"The index of “{base}” was built anew.")
