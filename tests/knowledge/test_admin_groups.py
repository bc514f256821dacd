"""Who may do what in the admin, and what its front page says about the index."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from knowledge.models import Category, Entry, KnowledgeBase, Posting, StoreHealth
from knowledge.models.content import MAX_INDEX_ATTEMPTS
from tests.knowledge.factories import make_base, make_entry
from tests.people import client_of, editor_client, nobody_client, staff_client

pytestmark = pytest.mark.django_db
INDEX = reverse("admin:index")


def permissions_of(group: str) -> set[str]:
    return {
        f"{permission.content_type.app_label}.{permission.codename}"
        for permission in Group.objects.get(name=group).permissions.select_related("content_type")
    }


def health(**fields: object) -> None:
    StoreHealth.objects.update_or_create(name="chroma", defaults=fields)


# --- groups


def test_editors_may_do_everything_to_entries_and_nothing_to_conversations() -> None:
    permissions = permissions_of("Editors")
    assert {f"knowledge.{action}_entry" for action in ("view", "add", "change", "delete")} <= permissions
    assert {"knowledge.view_historicalentry", "knowledge.change_knowledgebase"} <= permissions
    assert "knowledge.delete_knowledgebase" not in permissions
    assert all(permission.startswith("knowledge.") for permission in permissions)


def test_staff_may_read_and_change_nothing_but_requests_and_the_desks_items() -> None:
    permissions = permissions_of("Staff")
    assert {"chatbot.view_conversation", "chatbot.view_message", "chatbot.view_citation"} <= permissions
    assert {"chatbot.view_assistant", "knowledge.view_entry"} <= permissions
    assert all(".view_" in p for p in permissions - {"chatbot.change_contactrequest", "review.change_reviewitem"})


def test_the_groups_can_be_made_twice_and_taken_back() -> None:
    before = permissions_of("Editors"), permissions_of("Staff")
    migrations = [import_module(f"{app}.migrations.0002_groups") for app in ("knowledge", "chatbot")]
    for migration in migrations:
        migration.add_group(apps, None)
    assert (permissions_of("Editors"), permissions_of("Staff")) == before
    for migration in migrations:
        migration.remove_group(apps, None)
    assert not Group.objects.exists()


def test_the_permissions_made_early_are_named_as_django_names_them() -> None:
    for permission in Permission.objects.filter(group__name__in=["Editors", "Staff"]):
        model = apps.get_model(permission.content_type.app_label, permission.content_type.model)
        action = permission.codename.split("_")[0]
        assert permission.name == f"Can {action} {model._meta.verbose_name}"


# --- the front page


def test_the_front_page_counts_entries_by_where_they_stand(base: KnowledgeBase) -> None:
    for name in ("one", "two", "three"):
        make_entry(base, name)
    Entry.objects.filter(question="one").update(index_attempts=MAX_INDEX_ATTEMPTS)
    seen = editor_client().get(INDEX).content.decode()
    assert "<strong>3</strong> published" in seen
    assert "<strong>2</strong> waiting" in seen
    assert "<strong>1</strong> failed" in seen


@pytest.mark.parametrize("age", [None, timedelta(seconds=91)])
def test_the_front_page_says_when_no_indexer_runs(age: timedelta | None) -> None:
    if age:
        health(worker_seen_at=timezone.now() - age)
    said = "The indexer is not running: edits are saved and become answerable when it is back."
    assert said in editor_client().get(INDEX).content.decode()


def test_the_front_page_is_calm_while_all_is_well() -> None:
    health(worker_seen_at=timezone.now(), state=StoreHealth.State.OK)
    assert "overview-problem" not in editor_client().get(INDEX).content.decode()


@pytest.mark.parametrize(("state", "said"), [("down", "cannot be reached"), ("rebuilding", "is being rebuilt")])
def test_the_front_page_says_what_is_wrong_with_the_index_and_why(state: str, said: str) -> None:
    health(worker_seen_at=timezone.now(), state=state, detail="Connection <refused>")
    seen = editor_client().get(INDEX).content.decode()
    assert said in seen
    assert "Connection &lt;refused&gt;" in seen


def test_the_front_page_leads_to_the_chat_and_shows_each_person_their_sections() -> None:
    seen = staff_client().get(INDEX).content.decode()
    assert '<a href="/">Open the chat</a>' in seen
    assert reverse("admin:chatbot_conversation_changelist") in seen
    assert reverse("admin:knowledge_category_changelist") not in seen
    assert "overview-counts" not in nobody_client().get(INDEX).content.decode()
    assert Client().get(INDEX).status_code == 302


def test_no_page_needs_an_inline_script_or_style(base: KnowledgeBase) -> None:
    entry = make_entry(base, category=Category.objects.create(knowledge_base=base, name="Hours"))
    client = editor_client()
    for name in ("changelist", "add", "import", "export"):
        seen = client.get(reverse(f"admin:knowledge_entry_{name}")).content.decode()
        assert "<style" not in seen
        assert "style=" not in seen
        assert "<script>" not in seen
    assert "style=" not in client.get(reverse("admin:knowledge_entry_history", args=[entry.pk])).content.decode()


# --- knowledge bases and categories


def test_bases_and_categories_say_how_many_entries_they_have(base: KnowledgeBase) -> None:
    category = Category.objects.create(knowledge_base=base, name="Hours")
    make_entry(base, "one", category=category)
    make_entry(base, "two", category=category)
    client = editor_client()
    for model in ("knowledgebase", "category"):
        seen = client.get(reverse(f"admin:knowledge_{model}_changelist")).content.decode()
        assert '<td class="field-entry_count">2</td>' in seen


def test_a_knowledge_base_can_be_deleted_with_its_entries_by_an_administrator(base: KnowledgeBase) -> None:
    make_entry(base)
    kept = make_entry(make_base("Garage"))
    url = reverse("admin:knowledge_knowledgebase_delete", args=[base.pk])
    assert editor_client().post(url, {"post": "yes"}).status_code == 403
    client_of(User.objects.create_superuser("root")).post(url, {"post": "yes"})
    assert list(Entry.objects.all()) == [kept]


@pytest.mark.parametrize("model", ["entry", "knowledgebase"])
def test_before_a_deletion_the_admin_does_not_list_the_words_that_go_along(model: str) -> None:
    entry = make_entry(make_base(), "Where is the library?")
    target = entry.pk if model == "entry" else entry.knowledge_base_id
    url = reverse(f"admin:knowledge_{model}_delete", args=[target])
    client = client_of(User.objects.create_superuser("ada"))
    page = client.get(url).content.decode()
    assert "Where is the library?" in page
    assert "osting" not in page
    client.post(url, {"post": "yes"})
    assert not Entry.objects.exists()
    assert not Posting.objects.exists()
