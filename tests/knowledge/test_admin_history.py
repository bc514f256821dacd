"""The history page: every version with what changed in it, and the way back."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from knowledge import services
from knowledge.admin.history import PER_PAGE
from knowledge.diffs import MAX_COMPARISONS, line_diff, word_diff
from knowledge.models import Category, Entry, KnowledgeBase
from tests.knowledge.factories import edit, make_entry, reload
from tests.people import editor_client, nobody_client, staff_client

pages = pytest.mark.django_db


def history_url(entry: Entry) -> str:
    return reverse("admin:knowledge_entry_history", args=[entry.pk])


def restore_url(entry_id: uuid.UUID, version: int) -> str:
    return reverse("admin:knowledge_entry_restore", args=[entry_id, version])


# --- differences


def test_a_changed_word_is_marked_and_the_rest_stays() -> None:
    assert word_diff("Open from nine.", "Open from ten.") == "Open from <del>nine.</del><ins>ten.</ins>"


def test_differences_are_escaped() -> None:
    assert word_diff("<b>", "<script>") == "<del>&lt;b&gt;</del><ins>&lt;script&gt;</ins>"


def test_a_long_unchanged_passage_is_shortened() -> None:
    same = " ".join(f"word{n}" for n in range(200))
    seen = word_diff(f"old {same} end", f"new {same} stop")
    assert "<ins>new</ins> word0 word1" in seen
    assert "word198 word199 <del>end</del>" in seen
    assert "word100" not in seen


def test_a_text_rewritten_from_top_to_bottom_is_not_compared_word_by_word() -> None:
    size = int(MAX_COMPARISONS**0.5) + 1
    seen = word_diff(" ".join(f"old{n}" for n in range(size)), " ".join(f"new{n}" for n in range(size)))
    assert seen.count("<del>") == 1


@pytest.mark.parametrize("hostile", ["a " * 8_000, " \n" * 8_000, "a" * 16_000, "\u0301" * 9])
def test_any_text_can_be_compared(hostile: str) -> None:
    assert "<ins>" in word_diff(hostile, f"b {hostile} c")


def test_lists_are_compared_line_by_line() -> None:
    assert line_diff(["one", "two"], ["one", "three"]) == "one\n<del>two</del>\n<ins>three</ins>\n"


# --- the page


@pages
def test_every_version_says_who_changed_what_and_why(base: KnowledgeBase) -> None:
    entry = make_entry(base, phrasings=["one", "two"])
    User.objects.create_user("edith")
    entry.answer = "At ten."
    services.save_entry(entry, phrasings=["one", "three"], author=User.objects.get(), reason="Winter")
    seen = editor_client("someone").get(history_url(entry)).content.decode()
    assert "At <del>nine.</del><ins>ten.</ins>" in seen
    assert "one\n<del>two</del>\n<ins>three</ins>" in seen
    assert "edith · Winter" in seen
    assert "The first version." in seen


@pages
def test_a_category_is_named_and_a_deleted_one_said_to_be(base: KnowledgeBase) -> None:
    old, new = (Category.objects.create(knowledge_base=base, name=name) for name in ("Hours", "Visits"))
    entry = make_entry(base, category=old)
    edit(entry, category=new)
    old.delete()
    seen = editor_client().get(history_url(entry)).content.decode()
    assert "<del>(deleted)</del><ins>Visits</ins>" in seen


@pages
def test_a_long_history_has_pages_that_compare_across_their_edges(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    for number in range(PER_PAGE):
        edit(entry, answer=f"Answer {number}")
    client = editor_client()
    newest, oldest = (client.get(history_url(entry), {"p": page}).content.decode() for page in (1, 2))
    assert newest.count('<article class="module version"') == PER_PAGE
    assert "The first version." not in newest
    assert oldest.count('<article class="module version"') == 1
    assert "The first version." in oldest


@pages
@pytest.mark.parametrize("page", ["0", "-1", "99", "x"])
def test_a_page_that_does_not_exist_is_the_nearest_one(base: KnowledgeBase, page: str) -> None:
    assert editor_client().get(history_url(make_entry(base)), {"p": page}).status_code == 200


@pages
def test_an_entry_without_history_says_so(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    entry.history.all().delete()
    assert "No version of this entry was recorded yet." in editor_client().get(history_url(entry)).content.decode()


@pages
def test_the_history_is_for_those_who_may_see_entries_and_restoring_for_editors(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    edit(entry, answer="At ten.")
    assert "Restore this version" in editor_client().get(history_url(entry)).content.decode()
    assert "Restore this version" not in staff_client().get(history_url(entry)).content.decode()
    assert nobody_client().get(history_url(entry)).status_code == 403
    assert Client().get(history_url(entry)).status_code == 302


@pages
def test_restoring_saves_the_old_words_and_phrasings_as_the_newest_version(base: KnowledgeBase) -> None:
    entry = make_entry(base, phrasings=["one"])
    edit(entry, answer="At ten.", phrasings=["two"])
    seen = editor_client().post(restore_url(entry.pk, 1), {"expected_version": 2}, follow=True).content.decode()
    assert "Version 1 was restored as version 3." in seen
    assert (reload(entry).answer, reload(entry).version) == ("At nine.", 3)
    assert [p.text for p in entry.phrasings.all()] == ["one"]


@pages
@pytest.mark.parametrize("seen_version", ["1", "", "x", "9" * 5_000])
def test_restoring_over_somebody_elses_save_is_refused(base: KnowledgeBase, seen_version: str) -> None:
    entry = make_entry(base)
    edit(entry, answer="Theirs.")
    response = editor_client().post(restore_url(entry.pk, 1), {"expected_version": seen_version}, follow=True)
    assert "Somebody saved this entry after you opened this page." in response.content.decode()
    assert reload(entry).answer == "Theirs."


@pages
def test_restoring_needs_permission_a_post_an_entry_and_a_version(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    data = {"expected_version": 1}
    assert staff_client().post(restore_url(entry.pk, 1), data).status_code == 403
    client = editor_client()
    assert client.get(restore_url(entry.pk, 1)).status_code == 405
    assert client.post(restore_url(entry.pk, 7), data).status_code == 404
    assert client.post(restore_url(uuid.uuid4(), 1), data).status_code == 404
    assert client.get(reverse("admin:knowledge_entry_history", args=[uuid.uuid4()])).status_code == 404
    assert reload(entry).version == 1
