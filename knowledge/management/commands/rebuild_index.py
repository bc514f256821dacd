"""Build the index of a knowledge base anew from the database, while the old one goes on answering."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from knowledge.embedding import EmbeddingError, get_embedder
from knowledge.indexing import LeaseTakenError
from knowledge.management.commands._bases import add_base_argument, counting, find_base
from knowledge.selectors import index_overview
from knowledge.services import rebuild_index
from knowledge.vector_store import StoreError
from knowledge.vectors import forget_vectors


class Command(BaseCommand):
    help = "Build the index anew from the database and switch to it. Texts that have a vector are not embedded again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_base_argument(parser)
        parser.add_argument(
            "--embed-again",
            action="store_true",
            help="Forget the vectors of all texts first: for another model that answers under the same name.",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Rebuild, with progress; Ctrl-C leaves the old index in place."""
        base = find_base(options["knowledge_base"])
        try:
            if options["embed_again"]:
                forget_vectors(get_embedder().name)
            with counting(self.stdout, "Indexed", index_overview(base).published) as counter:
                rebuild_index(base, counter.add)
        except LeaseTakenError as error:
            raise CommandError(f"{error} Try again in a moment.") from error
        except (StoreError, EmbeddingError) as error:
            raise CommandError(f"{error} The old index goes on answering.") from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. The old index goes on answering.") from None
        self.stdout.write(f"The index of “{base}” was built anew.")
