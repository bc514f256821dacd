"""What an upgrade does to an installation that has been in use."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps

BEFORE = [("chatbot", "0006_staff_view_examples"), ("knowledge", "0007_golden_permissions")]


@pytest.fixture
def before(transactional_db: None) -> Iterator[StateApps]:
    """The tables as they were before there was a widget; at the end they are as they should be again."""
    executor = MigrationExecutor(connection)
    yield executor.migrate(BEFORE).apps
    upgrade()


def upgrade() -> StateApps:
    executor = MigrationExecutor(connection)
    return executor.migrate(executor.loader.graph.leaf_nodes()).apps


def test_each_assistant_gets_secrets_of_its_own_and_words_that_were_ours_become_the_visitors(before: StateApps) -> None:
    assistants = before.get_model("chatbot", "Assistant").objects
    assistants.create(name="Ours", public_key="a")
    assistants.create(name="Own", public_key="b", greeting="Moin.", no_answer_text="Call us.")
    ours, own = upgrade().get_model("chatbot", "Assistant").objects.order_by("name")
    assert len({ours.identity_secret, own.identity_secret, ours.webhook_secret, own.webhook_secret, ""}) == 5
    assert (ours.greeting, ours.no_answer_text) == ("", "")
    assert (own.greeting, own.no_answer_text) == ("Moin.", "Call us.")
    assert not own.allowed_origins


def test_entries_get_an_address_and_no_base_is_shown_unasked(before: StateApps) -> None:
    base = before.get_model("knowledge", "KnowledgeBase").objects.create(name="Shop", slug="shop")
    entries = before.get_model("knowledge", "Entry").objects
    for question in ("When are you open?", "営業時間は？"):
        entries.create(knowledge_base=base, question=question, answer="-")
    apps = upgrade()
    slugs = {entry.question: entry.slug for entry in apps.get_model("knowledge", "Entry").objects.all()}
    assert slugs["When are you open?"].startswith("when-are-you-open-")
    assert slugs["営業時間は？"].startswith("営業時間は-")
    assert not apps.get_model("knowledge", "KnowledgeBase").objects.get().help_centre
