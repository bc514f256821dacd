"""What must be done before the web server and the worker start: migrate, and the very first time fill the house."""

import secrets
import string
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from knowledge.models import KnowledgeBase

ADMIN = "admin"


class Command(BaseCommand):
    help = "Migrate; on the first run load the demo and create an administrator, whose password is printed this once."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Do only what is not done yet. Progress goes to stderr: stdout has the new password, or nothing."""
        try:
            self._migrate()
        except OperationalError as error:
            raise CommandError(f"The database cannot be opened ({error}). See DATABASE_URL and DATA_DIR.") from error
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        if not (KnowledgeBase.objects.exists() or get_user_model().objects.exists()):
            self._fill()

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stderr.write("Preparing the database …")
            call_command("migrate", verbosity=0, interactive=False)

    @transaction.atomic
    def _fill(self) -> None:
        self.stderr.write("Loading the demo knowledge base …")
        call_command("load_demo", stdout=self.stderr)
        # Letters and digits alone: a double click takes all of it.
        password = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(16))
        get_user_model().objects.create_superuser(ADMIN, password=password)
        self.stdout.write(password)
