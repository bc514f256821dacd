"""Fragments of the admin: badges, retry, preview. Each with who may see it, bad ids, wrong methods and bad input."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from knowledge.models import Entry, KnowledgeBase
from knowledge.models.content import MAX_INDEX_ATTEMPTS
from knowledge.templatetags.knowledge_index import badge_of
from tests.knowledge.factories import make_entries, make_entry, reload
from tests.people import editor_client, nobody_client, staff_client

pytestmark = pytest.mark.django_db
BADGE, PREVIEW = reverse("knowledge:badge"), reverse("knowledge:preview")


def index(entry: Entry) -> None:
    """What the indexer leaves behind."""
    Entry.objects.filter(pk=entry.pk).update(indexed_hash=reload(entry).content_hash)


def set_aside(entry: Entry, reason: str = "The model refused it.") -> None:
    """What the indexer leaves behind when it gives up."""
    Entry.objects.filter(pk=entry.pk).update(index_attempts=MAX_INDEX_ATTEMPTS, index_error=reason)


def retry_url(entry_id: uuid.UUID) -> str:
    return reverse("knowledge:retry", args=[entry_id])


def test_the_badge_of_a_waiting_entry_asks_again_in_half_a_second(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    response = editor_client().get(BADGE, {"id": str(entry.pk)})
    assert response.status_code == 200
    assert "load delay:500ms" in response.content.decode()
    assert f"look=1&amp;id={entry.pk}" in response.content.decode()


def test_the_badge_of_a_waiting_entry_says_what_it_waits_for(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    entry.index_error = "The embedding server did not answer."
    assert badge_of(entry).title == "Saved, and waiting: The embedding server did not answer."


def test_the_badge_of_an_indexed_entry_is_live_and_stops_the_polling(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    index(entry)
    response = editor_client().get(BADGE, {"id": str(entry.pk)})
    assert response.status_code == 286
    assert "badge-live" in response.content.decode()
    assert "hx-get" not in response.content.decode()


def test_a_badge_that_waits_for_over_a_minute_asks_less_often(base: KnowledgeBase) -> None:
    response = editor_client().get(BADGE, {"id": str(make_entry(base).pk), "look": "120"})
    assert "load delay:10s" in response.content.decode()


def test_a_failed_badge_gives_the_reason_and_a_retry_to_those_who_may(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    set_aside(entry, 'It says "no" & <b>means</b> it.')
    seen = editor_client().get(BADGE, {"id": str(entry.pk)}).content.decode()
    assert "It says &quot;no&quot; &amp; &lt;b&gt;means&lt;/b&gt; it." in seen
    assert retry_url(entry.pk) in seen
    assert retry_url(entry.pk) not in staff_client().get(BADGE, {"id": str(entry.pk)}).content.decode()


def test_badges_of_deleted_entries_are_left_out(base: KnowledgeBase) -> None:
    entry, gone = make_entry(base), uuid.uuid4()
    seen = editor_client().get(BADGE, {"id": [str(entry.pk), str(gone)]}).content.decode()
    assert str(entry.pk) in seen
    assert str(gone) not in seen


@pytest.mark.parametrize("ids", [[], [str(uuid.uuid4())], ["nonsense"], ["1' OR 1=1"]])
def test_a_badge_of_nothing_is_not_found(ids: list[str]) -> None:
    assert editor_client().get(BADGE, {"id": ids}).status_code == 404


def test_badges_are_for_those_who_may_see_entries(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    assert staff_client().get(BADGE, {"id": str(entry.pk)}).status_code == 200
    assert nobody_client().get(BADGE, {"id": str(entry.pk)}).status_code == 403
    assert Client().get(BADGE, {"id": str(entry.pk)}).status_code == 403


def test_badges_are_only_read() -> None:
    assert editor_client().post(BADGE).status_code == 405


def test_a_nonsensical_look_counts_as_the_first(base: KnowledgeBase) -> None:
    seen = editor_client().get(BADGE, {"id": str(make_entry(base).pk), "look": "9" * 5000}).content.decode()
    assert "look=1&amp;" in seen


def test_many_badges_cost_no_more_queries_than_one(
    base: KnowledgeBase, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = editor_client()
    entries = make_entries(base, 12)
    for shown in (entries[:1], entries):
        with django_assert_num_queries(5):  # session, user, two for permissions, entries
            client.get(BADGE, {"id": [str(entry.pk) for entry in shown]})


def test_a_retry_gives_a_failed_entry_another_chance(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    set_aside(entry)
    response = editor_client().post(retry_url(entry.pk))
    assert reload(entry).index_state == Entry.IndexState.WAITING
    assert "badge-waiting" in response.content.decode()
    assert "load delay" in response.content.decode()


def test_a_retry_of_a_live_entry_changes_nothing(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    index(entry)
    assert "badge-live" in editor_client().post(retry_url(entry.pk)).content.decode()


def test_only_those_who_may_change_entries_may_retry(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    set_aside(entry)
    for client in (staff_client(), nobody_client(), Client()):
        assert client.post(retry_url(entry.pk)).status_code == 403
    assert reload(entry).index_state == Entry.IndexState.FAILED


def test_a_retry_of_an_unknown_entry_is_not_found() -> None:
    assert editor_client().post(retry_url(uuid.uuid4())).status_code == 404


def test_a_retry_is_posted() -> None:
    assert editor_client().get(retry_url(uuid.uuid4())).status_code == 405


def test_the_preview_shows_the_answer_as_visitors_see_it() -> None:
    answer = "**Bold** ![x](https://evil.example/t.png) <script>alert(1)</script>"
    seen = editor_client().post(PREVIEW, {"answer": answer}).content.decode()
    assert "<strong>Bold</strong>" in seen
    assert "<script>" not in seen
    assert "<img" not in seen


@pytest.mark.parametrize("answer", ["", "\x00\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "a" * 100_000])
def test_the_preview_takes_whatever_is_typed(answer: str) -> None:
    assert editor_client().post(PREVIEW, {"answer": answer}).status_code == 200


def test_the_preview_is_for_those_who_may_see_entries() -> None:
    assert nobody_client().post(PREVIEW, {"answer": "a"}).status_code == 403
    assert Client().post(PREVIEW, {"answer": "a"}).status_code == 403


def test_the_preview_is_posted_with_a_token() -> None:
    assert editor_client().get(PREVIEW).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(PREVIEW, {"answer": "a"}).status_code == 403
