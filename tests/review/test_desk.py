"""The desk's pages: each works, refuses the wrong person, the bad id, the wrong method and bad input."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from chatbot.models import Assistant, Message
from knowledge.models import Entry, GoldenQuestion, KnowledgeBase
from knowledge.services import save_entry
from review import asking_again, collecting, fixing
from review.fixing import Correction
from review.models import AuditEvent, Fix, ReviewItem, SavedFilter
from tests.people import client_of, make_person, nobody_client
from tests.review.conftest import ask, decline, only_item, thumb_down

pytestmark = pytest.mark.django_db(transaction=True)
HTMX = {"HX-Request": "true"}
ODD = "any room for my vehicle"
PAGES = ("queue", "conversations", "golden", "gaps", "figures", "people", "log")
SCRIPT = '<script>alert(1)</script><img src=x onerror="alert(2)">'


@pytest.fixture
def item(assistant: Assistant) -> ReviewItem:
    decline(assistant, ODD)
    return only_item()


@pytest.fixture
def parking(base: KnowledgeBase) -> Entry:
    return base.entries.get(question="Where can I park my car?")


def url(name: str, *keys: object) -> str:
    return reverse(f"review:{name}", args=keys)


def text_of(client: Client, address: str, status: int = 200, headers: dict[str, str] | None = None) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == status, response.status_code
    return response.content.decode()


def save_url(item: ReviewItem) -> str:
    return url("save", item.pk)


# --- who may look


@pytest.mark.parametrize("name", PAGES)
def test_every_section_opens_for_staff_and_for_nobody_else(desk: Client, name: str) -> None:
    assert text_of(desk, url(name))
    assert Client().get(url(name)).status_code == 302
    assert nobody_client().get(url(name)).status_code == 403


def test_what_belongs_to_another_team_does_not_exist(
    stranger: Client, item: ReviewItem, parking: Entry, stan: User
) -> None:
    made = fixing.fix(item, Correction(Fix.Kind.WORDING, parking.pk, phrasings=[ODD]), stan)
    conversation = Message.objects.filter(text=ODD).get().conversation_id
    for address in (
        url("item", item.pk),
        url("fix", made.pk),
        url("conversation", conversation),
        url("panel", item.pk),
    ):
        assert stranger.get(address).status_code == 404
    for address in (
        save_url(item),
        url("mark", item.pk),
        url("undo", made.pk),
        url("assign", item.pk),
        url("lock", item.pk),
    ):
        assert stranger.post(address).status_code == 404
    for name in PAGES:
        assert ODD not in text_of(stranger, url(name))


def test_nobody_works_without_the_permission(item: ReviewItem) -> None:
    person = make_person("rita", "Staff")
    person.groups.first().permissions.remove(  # type: ignore[union-attr]
        *person.groups.first().permissions.filter(codename="change_reviewitem")  # type: ignore[union-attr]
    )
    client = client_of(person)
    assert "You may read here" in text_of(client, url("item", item.pk))
    assert client.post(url("mark", item.pk), {"mark": "spam"}).status_code == 403


@pytest.mark.parametrize("name", ["item", "fix", "conversation", "golden_edit"])
def test_an_unknown_id_is_not_found(desk: Client, name: str) -> None:
    assert desk.get(url(name, uuid.uuid4())).status_code == 404


@pytest.mark.parametrize("name", ["save", "mark", "assign", "lock", "release", "unmark"])
def test_what_changes_something_is_only_posted(desk: Client, item: ReviewItem, name: str) -> None:
    assert desk.get(url(name, item.pk)).status_code == 405


def test_staff_without_any_assistant_are_told_what_to_do(assistant: Assistant, desk: Client) -> None:
    assistant.readers.clear()
    assert "Ask an administrator" in text_of(desk, url("queue"))


# --- the queue


def test_the_queue_says_what_who_and_why(desk: Client, assistant: Assistant) -> None:
    for _ in range(3):
        decline(assistant, ODD)
    collecting.collect()
    text = text_of(desk, url("queue"))
    assert ODD in text
    assert "<strong>3 people</strong> in 1 day" in text
    assert "declined" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [("", True), ("why=DECLINED", True), ("why=DOWN", False), ("state=fixed", False), ("who=me", False),
     ("who=nobody", True), ("q=vehicles", True), ("q=tandem", False), ("assistant=nonsense", True),
     ("state=nonsense&why=nonsense&page=nonsense", True), ("page=2", False)],
)  # fmt: skip
def test_the_queue_can_be_narrowed(desk: Client, item: ReviewItem, query: str, found: bool) -> None:
    assert (ODD in text_of(desk, f"{url('queue')}?{query}")) is found


def test_a_view_is_kept_replaced_and_forgotten(desk: Client, item: ReviewItem) -> None:
    for query in ("why=DOWN", "why=DECLINED"):
        assert desk.post(url("save_filter"), {"name": "Mine", "query": query}).status_code == 302
    kept = SavedFilter.objects.get()
    assert kept.query == "why=DECLINED"
    assert "?why=DECLINED" in text_of(desk, url("queue"))
    desk.post(url("delete_filter", kept.pk))
    assert not SavedFilter.objects.exists()


def test_a_view_of_somebody_else_cannot_be_forgotten(desk: Client, item: ReviewItem) -> None:
    kept = SavedFilter.objects.create(user=make_person("sue", "Staff"), name="Hers", query="why=DOWN")
    desk.post(url("delete_filter", kept.pk))
    assert SavedFilter.objects.exists()


@pytest.mark.parametrize("name", ["queue", "conversations", "golden", "gaps", "figures", "log"])
def test_no_page_asks_more_of_the_database_with_more_rows(
    desk: Client, assistant: Assistant, base: KnowledgeBase, name: str, django_assert_num_queries: Callable[..., object]
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for number in (2, 12):
        for n in range(number):
            decline(assistant, f"{'abcdefghijklmnop'[n] * 3} question about {number} {'xyz' * n}")
            GoldenQuestion.objects.create(knowledge_base=base, question=f"golden {number} {n}")
        collecting.collect()
        desk.get(url(name))
        with CaptureQueriesContext(connection) as queries:
            desk.get(url(name))
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- an item


def test_an_item_shows_the_turn_why_it_is_there_and_its_trace(desk: Client, assistant: Assistant) -> None:
    thumb_down(ask(assistant, "Where can I park my car?"))
    text = text_of(desk, url("item", only_item().pk))
    for word in ("Where can I park my car?", "12 free parking spaces", "not helpful", "How this answer was made"):
        assert word in text


def test_an_entry_is_shown_as_it_was_then(desk: Client, assistant: Assistant, parking: Entry) -> None:
    thumb_down(ask(assistant, "Where can I park my car?"))
    fresh = Entry.objects.get(pk=parking.pk)
    fresh.answer = "Nowhere any more."
    save_entry(fresh)
    text = text_of(desk, url("item", only_item().pk))
    assert "As it was then" in text
    assert "12 free parking spaces" in text
    assert "Nowhere any more" not in text


def test_the_panel_comes_filled_in(desk: Client, item: ReviewItem, parking: Entry) -> None:
    text = text_of(desk, url("panel", item.pk), headers=HTMX)
    assert f'value="{parking.pk}" checked' in text
    assert ODD in text
    assert "Save and ask again" in text


def test_without_javascript_the_panel_is_in_the_page(desk: Client, item: ReviewItem) -> None:
    response = desk.get(url("panel", item.pk), follow=True)
    assert "Save and ask again" in response.content.decode()
    assert response.redirect_chain


@pytest.mark.parametrize("kind", ["edit", "new", "wording", "nonsense"])
def test_another_kind_of_fix_can_be_chosen(desk: Client, item: ReviewItem, kind: str) -> None:
    assert "Save and ask again" in text_of(desk, f"{url('panel', item.pk)}?kind={kind}&entry=nonsense", headers=HTMX)


def test_two_actions_lead_from_the_item_to_a_proven_fix(
    desk: Client, item: ReviewItem, parking: Entry, index: Callable[[], None], assistant: Assistant
) -> None:
    desk.get(url("item", item.pk))
    fields = {"kind": "wording", "entry": parking.pk, "phrasings": ODD}
    response = desk.post(save_url(item), fields)
    assert response.status_code == 302
    index()
    asking_again.prove_waiting()
    text = text_of(desk, response["Location"])
    assert "Before: declined" in text
    assert "After: quoted" in text
    assert "as it should be" in text
    assert "12 free parking spaces" in text
    assert ask(assistant, ODD).text == parking.answer


def test_saving_goes_on_to_the_next_item_with_the_proof_above_it(
    desk: Client, item: ReviewItem, parking: Entry, assistant: Assistant, index: Callable[[], None]
) -> None:
    decline(assistant, "Do you sell tandems?")
    collecting.collect()
    response = desk.post(save_url(item), {"kind": "wording", "entry": parking.pk, "phrasings": ODD})
    index()
    asking_again.prove_waiting()
    text = text_of(desk, response["Location"])
    assert "Do you sell tandems?" in text
    assert "Your last fix: wording added" in text
    assert "as it should be" in text


def test_a_proof_asks_for_itself_until_it_is_done(
    desk: Client, item: ReviewItem, parking: Entry, stan: User, index: Callable[[], None]
) -> None:
    made = fixing.fix(item, Correction(Fix.Kind.WORDING, parking.pk, phrasings=[ODD]), stan)
    assert 'hx-trigger="load delay' in text_of(desk, f"{url('fix', made.pk)}?part=proof")
    index()
    asking_again.prove_waiting()
    assert 'hx-trigger="load delay' not in text_of(desk, f"{url('fix', made.pk)}?part=proof")


def test_undoing_a_fix_brings_the_item_back(desk: Client, item: ReviewItem, parking: Entry, stan: User) -> None:
    made = fixing.fix(item, Correction(Fix.Kind.WORDING, parking.pk, phrasings=[ODD]), stan)
    assert "Undone" in desk.post(url("undo", made.pk), follow=True).content.decode()
    assert ODD in text_of(desk, url("queue"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "new", "question": "Q?", "answer": ""}, "Write the answer first"),
        ({"kind": "wording", "phrasings": ODD}, "Choose an entry first"),
        ({"kind": "wording", "entry": "x", "phrasings": ODD}, "Enter a valid UUID"),
        ({"kind": "new", "question": "Q?", "answer": "x" * 100_000}, "100,000 characters"),
        ({"kind": "new", "question": "Q?", "answer": "A.", "note": "x" * 100_000}, "100,000 characters"),
        ({"kind": "new", "question": "Q\x00?", "answer": "A."}, "Null characters"),
        ({"kind": "scope"}, "Select a valid choice"),
        ({}, "This field is required"),
    ],
)
def test_bad_input_is_explained_and_kept(desk: Client, item: ReviewItem, fields: dict[str, str], said: str) -> None:
    response = desk.post(save_url(item), fields, headers=HTMX)
    assert response.status_code == 422
    assert said in response.content.decode()
    for value in fields.values():
        if value.isprintable() and len(value) < 1_000:
            assert value in response.content.decode()
    assert ReviewItem.objects.get().state == "open"


def test_a_near_duplicate_is_named_before_it_is_made(desk: Client, item: ReviewItem, base: KnowledgeBase) -> None:
    fields = {"kind": "new", "question": "Where can I park a car?", "answer": "Somewhere."}
    response = desk.post(save_url(item), fields, headers=HTMX)
    assert response.status_code == 422
    assert "This is near to what is there already" in response.content.decode()
    count = base.entries.count()
    assert desk.post(save_url(item), fields | {"confirmed": "1"}).status_code == 302
    assert base.entries.count() == count + 1


def test_what_somebody_else_saved_meanwhile_is_shown_beside_mine(
    desk: Client, item: ReviewItem, parking: Entry
) -> None:
    version = parking.version
    parking.answer = "Theirs now."
    save_entry(parking)
    fields = {"kind": "edit", "entry": parking.pk, "expected_version": version, "question": parking.question,
              "phrasings": "", "answer": "Mine now."}  # fmt: skip
    response = desk.post(save_url(item), fields, headers=HTMX)
    text = response.content.decode()
    assert response.status_code == 409
    assert "Somebody else saved this entry" in text
    assert "<del>Theirs</del> <ins>Mine</ins>" in text
    assert ">Mine now.</textarea>" in text
    assert Entry.objects.get(pk=parking.pk).answer == "Theirs now."


def test_a_colleague_who_works_on_it_is_named_and_saving_refused(
    desk: Client, item: ReviewItem, parking: Entry
) -> None:
    client_of(make_person("sue", "Staff")).post(url("lock", item.pk))
    assert "<strong>sue</strong> is working on this item" in text_of(desk, url("item", item.pk))
    fields = {"kind": "wording", "entry": parking.pk, "phrasings": ODD}
    response = desk.post(save_url(item), fields, headers=HTMX)
    assert response.status_code == 409
    assert "sue is working on this item" in response.content.decode()


def test_marking_goes_on_to_the_next_and_can_be_undone(desk: Client, assistant: Assistant) -> None:
    decline(assistant, ODD)
    decline(assistant, "Do you sell tandems?")
    collecting.collect()
    first, second = ReviewItem.objects.all()
    response = desk.post(url("mark", first.pk), {"mark": "spam", "note": "again"})
    assert response["Location"] == url("item", second.pk)
    assert "Undo" in text_of(desk, response["Location"])
    desk.post(url("unmark", first.pk))
    assert ReviewItem.objects.filter(state="open").count() == 2


def test_out_of_scope_is_undone_with_its_golden_questions(desk: Client, item: ReviewItem) -> None:
    desk.post(url("mark", item.pk), {"mark": "scope"})
    assert GoldenQuestion.objects.count() == 1
    desk.post(url("unmark", item.pk))
    assert not GoldenQuestion.objects.exists()
    assert ReviewItem.objects.get().state == "open"


def test_items_that_mean_the_same_are_joined(desk: Client, assistant: Assistant) -> None:
    decline(assistant, "Do you rent out tandem bicycles?")
    decline(assistant, "Are there tandems to hire?")
    collecting.collect()
    first, second = ReviewItem.objects.all()
    assert str(second) in text_of(desk, url("panel", first.pk), headers=HTMX)
    desk.post(url("join", first.pk, second.pk))
    assert ReviewItem.objects.get().count == 2
    assert desk.post(url("join", first.pk, first.pk)).status_code == 404


def test_an_item_is_given_to_oneself_to_a_colleague_and_back(desk: Client, item: ReviewItem) -> None:
    make_person("sue", "Staff")
    desk.post(url("assign", item.pk), {"to": "stan"})
    assert ODD in text_of(desk, f"{url('queue')}?who=me")
    desk.post(url("assign", item.pk), {"to": "sue"})
    assert "sue" in text_of(desk, url("queue"))
    assert ODD not in text_of(desk, f"{url('queue')}?who=me")
    desk.post(url("assign", item.pk), {"to": ""})
    assert ODD in text_of(desk, f"{url('queue')}?who=nobody")


def test_an_item_is_not_given_to_somebody_who_may_not_read_it(desk: Client, item: ReviewItem) -> None:
    make_person("nora")
    response = desk.post(url("assign", item.pk), {"to": "nora"})
    assert response.status_code == 422
    assert ReviewItem.objects.get().assigned_to is None


def test_a_long_conversation_is_read_in_parts(desk: Client, assistant: Assistant) -> None:
    visitor = uuid.uuid4()
    replies = [decline(assistant, f"question number {n}", visitor) for n in range(55)]
    address = url("conversation", replies[0].conversation_id)
    text = text_of(desk, address)
    assert "question number 54" in text
    assert "question number 0<" not in text
    before = text.split('href="?before=')[1].split('"')[0]
    assert "question number 0<" in text_of(desk, f"{address}?before={before}")


def test_the_difference_that_an_edit_makes_is_shown(desk: Client, item: ReviewItem, parking: Entry) -> None:
    fields = {"entry": parking.pk, "question": parking.question, "answer": "Behind the shop there are 20."}
    text = desk.post(url("difference", item.pk), fields).content.decode()
    assert "<del>12 free parking spaces.</del>" in text
    assert "<ins>20.</ins>" in text


def test_every_action_is_in_the_log(desk: Client, item: ReviewItem, parking: Entry) -> None:
    for _ in range(2):
        desk.post(url("lock", item.pk))
    desk.post(url("assign", item.pk), {"to": "stan"})
    desk.post(save_url(item), {"kind": "wording", "entry": parking.pk, "phrasings": ODD})
    desk.post(url("undo", Fix.objects.get().pk))
    assert list(AuditEvent.objects.order_by("at").values_list("who", "action")) == [
        ("stan", "work on an item"), ("stan", "assign to stan"), ("stan", "fix: wording"), ("stan", "undo"),
    ]  # fmt: skip
    text = text_of(desk, url("log"))
    assert "fix: wording" in text
    assert ODD not in text


def test_what_visitors_write_never_becomes_markup(desk: Client, assistant: Assistant, base: KnowledgeBase) -> None:
    reply = decline(assistant, SCRIPT)
    thumb_down(reply, "other")
    Message.objects.filter(pk=reply.pk).update(feedback_text=SCRIPT, failure=SCRIPT, searched=SCRIPT)
    GoldenQuestion.objects.create(knowledge_base=base, question=SCRIPT)
    item = only_item()
    pages = [url(name) for name in PAGES]
    pages += [url("item", item.pk), url("conversation", reply.conversation_id), f"{url('queue')}?q={SCRIPT}"]
    for address in pages:
        assert "<script>alert" not in text_of(desk, address)
        assert "<img src=x" not in text_of(desk, address)
    assert "<script>alert" not in text_of(desk, url("panel", item.pk), headers=HTMX)


def test_all_conversations_are_searched_by_words_of_questions_and_answers(
    desk: Client, assistant: Assistant, stranger: Client
) -> None:
    ask(assistant, "Where can I park my car?")
    decline(assistant, "Do you sell tandems?")
    collecting.collect()
    address = url("conversations")
    assert "tandems" in text_of(desk, f"{address}?q=tandem")
    assert "park my car" not in text_of(desk, f"{address}?q=tandem")
    assert "park my car" in text_of(desk, f"{address}?q=spaces+shop")
    assert "park my car" not in text_of(desk, f"{address}?q=spaces+tandem")
    assert "park my car" not in text_of(stranger, f"{address}?q=spaces")
