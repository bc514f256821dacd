"""Entries in the admin: what the list shows and does, and that the form saves through the services or loses nothing."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from knowledge import services
from knowledge.models import Category, Entry, KnowledgeBase, PendingRemoval
from knowledge.models.content import MAX_INDEX_ATTEMPTS
from tests.knowledge.factories import edit, make_base, make_entries, make_entry, reload
from tests.people import editor_client, nobody_client, staff_client

pytestmark = pytest.mark.django_db
LIST, ADD = reverse("admin:knowledge_entry_changelist"), reverse("admin:knowledge_entry_add")


def change_url(entry: Entry) -> str:
    return reverse("admin:knowledge_entry_change", args=[entry.pk])


def typed(base: KnowledgeBase, **fields: Any) -> dict[str, Any]:
    """What a browser sends for the entry form."""
    blank = dict.fromkeys(("category", "reference", "language", "owner", "review_due"), "")
    blank |= {f"valid_{end}_{part}": "" for end in ("from", "until") for part in (0, 1)}
    words = {"question": "When do you open?", "phrasings": "", "answer": "At nine.", "expected_version": ""}
    return {**blank, **words, "knowledge_base": base.pk, "status": "published", **fields}


def changed(entry: Entry, **fields: Any) -> dict[str, Any]:
    """What a browser sends for the form of an entry that was opened now."""
    words = {"question": entry.question, "answer": entry.answer, "expected_version": entry.version}
    return typed(entry.knowledge_base, **{**words, "status": entry.status, **fields})


def act(client: Client, action: str, *entries: Entry) -> str:
    """Run a list action; returns the page that follows."""
    data = {"action": action, "_selected_action": [entry.pk for entry in entries], "post": "yes"}
    return client.post(LIST, data, follow=True).content.decode()


# --- the list


def test_the_list_shows_what_an_editor_looks_for(base: KnowledgeBase) -> None:
    category = Category.objects.create(knowledge_base=base, name="Opening hours")
    make_entry(base, phrasings=["opening times", "hours?"], category=category)
    seen = editor_client().get(LIST).content.decode()
    assert "When do you open?" in seen
    assert "Opening hours" in seen
    assert "badge-waiting" in seen
    assert '<td class="field-phrasing_count">2</td>' in seen
    assert '<td class="field-language_used">en</td>' in seen


def test_the_list_polls_for_the_entries_that_wait_and_for_no_others(base: KnowledgeBase) -> None:
    waiting, draft = make_entry(base), make_entry(base, "Draft?", status=Entry.Status.DRAFT)
    seen = editor_client().get(LIST).content.decode()
    poller = seen[seen.index('id="badge-pollers"') :]
    assert f"id={waiting.pk}" in poller
    assert f"id={draft.pk}" not in poller


def test_the_list_costs_the_same_for_one_row_and_for_many(base: KnowledgeBase) -> None:
    client, counts = editor_client(), []
    for number in (1, 12):
        make_entries(base, number)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("words", ["zebra", "Zebra crossing", "REF-77"])
def test_the_search_looks_into_phrasings_answers_and_references(base: KnowledgeBase, words: str) -> None:
    make_entry(
        base, "Found", answer="A zebra crossing is outside.", phrasings=["zebra one", "zebra two"], reference="REF-77"
    )
    make_entry(base, "Other")
    seen = editor_client().get(LIST, {"q": words}).content.decode()
    assert seen.count("Found</a>") == 1
    assert "Other</a>" not in seen


def make_one_of_each(base: KnowledgeBase) -> None:
    for name in ("live", "waiting", "failed"):
        make_entry(base, name)
    make_entry(base, "off", status=Entry.Status.ARCHIVED)
    live = Entry.objects.get(question="live")
    Entry.objects.filter(pk=live.pk).update(indexed_hash=live.content_hash)
    Entry.objects.filter(question="failed").update(index_attempts=MAX_INDEX_ATTEMPTS)


@pytest.mark.parametrize("state", [state.value for state in Entry.IndexState])
def test_the_index_filter_means_what_the_badge_says(base: KnowledgeBase, state: str) -> None:
    make_one_of_each(base)
    response = editor_client().get(LIST, {"index": state})
    found = list(response.context["cl"].result_list)
    assert [(entry.question, entry.index_state.value) for entry in found] == [(state, state)]


def test_filters_say_how_many_rows_each_choice_has(base: KnowledgeBase) -> None:
    make_one_of_each(base)
    seen = editor_client().get(LIST).content.decode()
    assert "Failed (1)" in seen
    assert "Published (3)" in seen


@pytest.mark.parametrize(("choice", "expected"), [("past", {"late"}), ("soon", {"near"}), ("none", {"never"})])
def test_the_review_filter_compares_with_today(base: KnowledgeBase, choice: str, expected: set[str]) -> None:
    today = timezone.localdate()
    for name, due in {"late": today - timedelta(1), "near": today, "far": today + timedelta(31), "never": None}.items():
        make_entry(base, name, review_due=due)
    response = editor_client().get(LIST, {"review": choice})
    assert {entry.question for entry in response.context["cl"].result_list} == expected


def test_the_language_filter_knows_entries_that_name_none(base: KnowledgeBase) -> None:
    make_entry(base, "own")
    make_entry(base, "swedish", language="sv")
    client = editor_client()
    for choice, expected in {"own": "own", "sv": "swedish"}.items():
        response = client.get(LIST, {"language": choice})
        assert [entry.question for entry in response.context["cl"].result_list] == [expected]


@pytest.mark.parametrize(
    ("action", "status"), [("publish", "published"), ("archive", "archived"), ("set_to_draft", "draft")]
)
def test_an_action_sets_the_status_of_all_selected_as_new_versions(
    base: KnowledgeBase, action: str, status: str
) -> None:
    start = Entry.Status.DRAFT if status == "published" else Entry.Status.PUBLISHED
    entries = [make_entry(base, f"Question {n}", status=start) for n in range(2)]
    assert "2 entries" in act(editor_client(), action, *entries)
    for entry in entries:
        assert (reload(entry).status, reload(entry).version) == (status, 2)


def test_an_action_works_on_the_results_of_a_search(base: KnowledgeBase) -> None:
    entry = make_entry(base, phrasings=["zebra one", "zebra two"])
    data = {"action": "archive", "_selected_action": [entry.pk]}
    editor_client().post(f"{LIST}?q=zebra", data)
    assert reload(entry).status == Entry.Status.ARCHIVED


def test_indexing_again_makes_live_entries_wait(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    Entry.objects.update(indexed_hash=entry.content_hash)
    act(editor_client(), "index_again", entry)
    assert reload(entry).index_state == Entry.IndexState.WAITING


def test_retrying_takes_up_failed_entries(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    Entry.objects.update(index_attempts=MAX_INDEX_ATTEMPTS)
    assert "1 entry will be tried again" in act(editor_client(), "retry_failed", entry)
    assert reload(entry).index_state == Entry.IndexState.WAITING


def test_deleting_leaves_the_order_to_remove_the_vectors(base: KnowledgeBase) -> None:
    entries = make_entries(base, 3)
    Entry.objects.update(indexed_hash="x" * 64, indexed_passages=2)
    client = editor_client()
    act(client, "delete_selected", *entries[:2])
    client.post(reverse("admin:knowledge_entry_delete", args=[entries[2].pk]), {"post": "yes"})
    assert not Entry.objects.exists()
    assert set(PendingRemoval.objects.values_list("entry_id", flat=True)) == {entry.pk for entry in entries}


def test_only_editors_may_act(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    act(staff_client(), "archive", entry)
    assert reload(entry).status == Entry.Status.PUBLISHED


@pytest.mark.parametrize("url", [LIST, ADD])
def test_the_admin_asks_strangers_to_sign_in(url: str) -> None:
    assert Client().get(url).status_code == 302
    assert nobody_client().get(url).status_code == 403


# --- the form


def test_adding_saves_words_phrasings_and_author_as_version_one(base: KnowledgeBase) -> None:
    phrasings = "opening times\r\n\r\n  hours  today? \r\nopening times\r\n"
    editor_client("edith").post(ADD, typed(base, question=" When do\r\nyou open? ", phrasings=phrasings))
    entry = Entry.objects.get()
    assert (entry.question, entry.version) == ("When do you open?", 1)
    assert [p.text for p in entry.phrasings.all()] == ["opening times", "hours today?"]
    assert entry.history.get().history_user == User.objects.get(username="edith")
    assert entry.history.get().phrasings == ["opening times", "hours today?"]


def test_the_only_knowledge_base_is_not_asked_for(base: KnowledgeBase) -> None:
    seen = editor_client().get(ADD).content.decode()
    assert f'<input type="hidden" name="knowledge_base" value="{base.pk}"' in seen


def test_among_several_bases_a_category_says_which_is_its_own(base: KnowledgeBase) -> None:
    other = make_base("Garage")
    category = Category.objects.create(knowledge_base=other, name="Tyres")
    client = editor_client()
    assert "Garage: Tyres" in client.get(ADD).content.decode()
    refused = client.post(ADD, typed(base, category=category.pk)).content.decode()
    assert "This category belongs to “Garage”, not to “Shop”." in refused


def test_changing_saves_a_new_version_with_the_phrasings_that_are_left(base: KnowledgeBase) -> None:
    entry = make_entry(base, phrasings=["one", "two"])
    editor_client().post(change_url(entry), changed(entry, answer="At ten.", phrasings="two\r\nthree"))
    assert (reload(entry).answer, reload(entry).version) == ("At ten.", 2)
    assert [p.text for p in entry.phrasings.all()] == ["two", "three"]
    assert reload(entry).index_state == Entry.IndexState.WAITING


def test_a_form_that_was_not_touched_makes_no_version(base: KnowledgeBase) -> None:
    entry = make_entry(base, answer="One.\n\nTwo.", phrasings=["one", "two"])
    data = changed(entry, answer="One.\r\n\r\nTwo.", phrasings="one\r\ntwo")
    assert editor_client().post(change_url(entry), data).status_code == 302
    assert reload(entry).version == 1


def test_somebody_elses_save_meanwhile_is_told_and_nothing_typed_is_lost(base: KnowledgeBase) -> None:
    entry = make_entry(base)
    edit(entry, answer="Theirs.")
    response = editor_client().post(change_url(entry), changed(entry, answer="Mine.", phrasings="my phrasing"))
    seen = response.content.decode()
    assert "Somebody else saved this entry while you were editing" in seen
    assert "Mine.</textarea>" in seen
    assert "my phrasing</textarea>" in seen
    assert reload(entry).answer == "Theirs."


def test_an_entry_deleted_meanwhile_becomes_a_new_one_with_all_that_was_typed(base: KnowledgeBase) -> None:
    entry = make_entry(base, phrasings=["one"])
    services.delete_entries(Entry.objects.all())
    client, data = editor_client(), changed(entry, answer="Mine.", phrasings="one\r\nmore")
    seen = client.post(change_url(entry), data).content.decode()
    assert "This entry does not exist any more." in seen
    assert "Mine.</textarea>" in seen
    assert f'action="{ADD}"' in seen
    client.post(ADD, data)
    assert [p.text for p in Entry.objects.get().phrasings.all()] == ["one", "more"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"question": " "}, "This field is required."),
        ({"question": "a" * 501}, "The question has 501 characters; at most 500 are allowed."),
        ({"answer": "a\x07b"}, "The answer has a control character (U+0007) at position 2."),
        ({"answer": "a" * 100_000}, "The answer has 100,000 characters; at most 16,000 are allowed."),
        ({"phrasings": "good\r\n" + "b" * 501}, "Line 2 has 501 characters; at most 500 are allowed."),
        ({"reference": "taken"}, "Another entry of this knowledge base has this reference."),
        (
            {
                "valid_from_0": "2027-02-01",
                "valid_from_1": "09:00",
                "valid_until_0": "2027-01-01",
                "valid_until_1": "9:00",
            },
            "“Valid until” must come after “valid from”.",
        ),
        ({"status": "nonsense"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_saved_is_explained_and_kept(base: KnowledgeBase, fields: dict[str, str], message: str) -> None:
    make_entry(base, "Taken?", reference="taken")
    seen = editor_client().post(ADD, typed(base, answer="Typed.") | fields).content.decode()
    assert message in seen
    assert Entry.objects.count() == 1


def test_what_the_service_alone_refuses_is_shown_in_the_form(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.services.entries.LIMITS", {"question": 3, "answer": 3, "reference": 3})
    seen = editor_client().post(ADD, typed(base, answer="Typed.")).content.decode()
    assert "at most 3 are allowed" in seen
    assert "Typed.</textarea>" in seen


def test_the_form_previews_the_answer_and_shows_the_badge(base: KnowledgeBase) -> None:
    entry = make_entry(base, answer="**Nine** <script>")
    seen = editor_client().get(change_url(entry)).content.decode()
    assert "<strong>Nine</strong> &lt;script&gt;" in seen
    assert f'id="badge-{entry.pk}"' in seen
    assert f"id={entry.pk}" in seen[seen.index('id="badge-pollers"') :]


def test_those_who_may_only_look_see_every_word_and_no_field(base: KnowledgeBase) -> None:
    entry = make_entry(base, phrasings=["opening times"])
    client = staff_client()
    seen = client.get(change_url(entry)).content.decode()
    assert "opening times" in seen
    assert "<textarea" not in seen
    assert client.post(change_url(entry), changed(entry, answer="x")).status_code == 403
    assert reload(entry).answer == "At nine."


def test_an_unknown_entry_leads_back_to_the_front_page(base: KnowledgeBase) -> None:
    url = reverse("admin:knowledge_entry_change", args=[uuid.uuid4()])
    assert editor_client().get(url).status_code == 302


def test_a_badge_says_when_a_live_entry_is_not_yet_or_no_longer_answered(base: KnowledgeBase) -> None:
    tomorrow, yesterday = timezone.now() + timedelta(1), timezone.now() - timedelta(1)
    make_entry(base, "Later", valid_from=tomorrow)
    make_entry(base, "Over", valid_until=yesterday)
    for entry in Entry.objects.all():
        Entry.objects.filter(pk=entry.pk).update(indexed_hash=entry.content_hash)
    seen = editor_client().get(LIST).content.decode()
    assert ">Scheduled<" in seen
    assert ">Expired<" in seen
