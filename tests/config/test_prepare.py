"""The first run and the later ones: what `prepare` and `load_demo` make, and what they leave alone."""

from io import StringIO

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command
from pytest_django import Settings

from chatbot.models import Assistant
from knowledge.models import Entry, GoldenQuestion, KnowledgeBase


def prepare() -> str:
    """Run it; returns what it prints for the first screen."""
    out = StringIO()
    call_command("prepare", stdout=out, stderr=StringIO())
    return out.getvalue().strip()


@pytest.fixture(autouse=True)
def _debug(settings: Settings) -> None:
    """As in `make run`: no static files are collected."""
    settings.DEBUG = True


@pytest.mark.django_db
def test_the_first_run_makes_an_administrator_with_the_printed_password() -> None:
    user = authenticate(username="admin", password=prepare())
    assert user is not None
    assert user.is_superuser


@pytest.mark.django_db
def test_the_first_run_loads_the_demo_and_the_assistant_that_knows_it() -> None:
    prepare()
    base = KnowledgeBase.objects.get(slug="larkmoor")
    assistant = Assistant.objects.get(is_default=True)
    assert base.entries.filter(status=Entry.Status.PUBLISHED).count() >= 60
    assert list(assistant.knowledge_bases.all()) == [base]
    assert len(assistant.starters()) == 4


@pytest.mark.django_db
def test_a_later_run_changes_nothing_and_prints_nothing() -> None:
    prepare()
    assert prepare() == ""
    assert get_user_model().objects.count() == 1


@pytest.mark.django_db
def test_a_demo_that_was_deleted_stays_deleted() -> None:
    prepare()
    Assistant.objects.all().delete()
    KnowledgeBase.objects.all().delete()
    prepare()
    assert not KnowledgeBase.objects.exists()


@pytest.mark.django_db
def test_the_demo_loaded_twice_is_the_demo_once() -> None:
    for _ in range(2):
        call_command("load_demo", stdout=StringIO())
    assert Assistant.objects.count() == KnowledgeBase.objects.count() == 1
    assert set(Entry.objects.values_list("version", flat=True)) == {1}
    golden = GoldenQuestion.objects.filter(entry=None)
    assert (GoldenQuestion.objects.count(), golden.count()) == (75, 15)


@pytest.mark.django_db
def test_the_demo_takes_nobodys_place_as_the_default_assistant() -> None:
    own = Assistant.objects.create(name="Ours", is_default=True)
    call_command("load_demo", stdout=StringIO())
    assert Assistant.objects.get(is_default=True) == own
