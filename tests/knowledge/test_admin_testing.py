"""The test box and the check of wordings in the admin: what they show, to whom, and what they say when they cannot."""

import re
import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from pytest_django import Settings

from knowledge import checking
from knowledge.embedding import get_embedder
from knowledge.indexing import drain
from knowledge.models import Entry, KnowledgeBase
from knowledge.retrieval import retrieve
from tests.knowledge.factories import MeddledStore, edit, make_base, make_entry
from tests.people import editor_client, nobody_client

pytestmark = pytest.mark.django_db
ASK = reverse("admin:knowledge_entry_ask")
HTMX = {"HX-Request": "true"}
PARK = "Where can I park my car?"


def check_url(entry_id: uuid.UUID) -> str:
    return reverse("admin:knowledge_entry_check", args=[entry_id])


def change_url(entry: Entry) -> str:
    return reverse("admin:knowledge_entry_change", args=[entry.pk])


def words_of(html: str) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", strip_tags(html))


@pytest.fixture
def index(store: MeddledStore) -> Callable[[], object]:
    """The worker's work; the views then search the vectors in SQL, for there is no Chroma here."""
    return lambda: drain(store, get_embedder())


@pytest.fixture
def parking(base: KnowledgeBase, index: Callable[[], object]) -> Entry:
    """A live entry beside another."""
    make_entry(base, "When are you open?", "Monday to Friday, 9 to 17.")
    entry = make_entry(base, PARK, "Behind the shop.", ["parking lot nearby"])
    index()
    return entry


# --- the test box


def test_the_box_begins_empty_and_asks_for_no_base_where_there_is_only_one(base: KnowledgeBase) -> None:
    seen = editor_client().get(ASK).content.decode()
    assert "<title>Test a question" in seen
    assert 'name="question"' in seen
    assert 'name="knowledge_base"' not in seen
    assert "What the visitor gets" not in seen


def test_a_question_shows_what_the_visitor_gets_and_the_evidence_of_each_entry(parking: Entry) -> None:
    response = editor_client().get(ASK, {"question": PARK})
    seen = words_of(response.content.decode())
    assert f"Quote: the answer of {PARK}" in seen
    assert f"matched: “{PARK}”" in seen
    assert re.search(r"Confidence that the first entry answers it: \d+ %", seen)
    assert "Nearest wording 1.00" in seen
    assert re.search(r"In the entries beside it 0\.\d\d", seen)
    assert "small talk" not in seen
    assert seen.index(f"{PARK} score") < seen.index("When are you open? score")
    assert "Found in the database" in seen
    assert f'href="{change_url(parking)}"' in response.content.decode()


def test_a_question_about_nothing_there_is_would_be_declined(parking: Entry) -> None:
    seen = editor_client().get(ASK, {"question": "Who won the football cup in 1974?"}).content.decode()
    assert "Decline:" in words_of(seen)


def test_a_message_that_asks_nothing_is_named_as_such(parking: Entry) -> None:
    seen = words_of(editor_client().get(ASK, {"question": "good morning!"}).content.decode())
    assert re.search(r"Nearer to small talk, by 0\.[1-9]", seen)


def test_an_empty_knowledge_base_declines_and_says_that_nothing_was_found(base: KnowledgeBase) -> None:
    assert "No entry was found." in words_of(editor_client().get(ASK, {"question": PARK}).content.decode())


def test_an_edited_entry_is_named_as_waiting(
    parking: Entry, store: MeddledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only the index still knows the words before an edit.
    monkeypatch.setattr(checking, "retrieve", lambda *a, **k: retrieve(*a, **{**k, "store": store}))
    edit(parking, answer="On the roof.")
    response = editor_client().get(ASK, {"question": PARK})
    assert [c.entry for c in response.context["found"].waiting] == [parking]
    assert "Waiting for the index" in words_of(response.content.decode())


def test_htmx_gets_the_result_alone_and_a_page_taken_from_history_is_whole(parking: Entry) -> None:
    client = editor_client()
    alone = client.get(ASK, {"question": PARK}, headers=HTMX)
    assert "<html" not in alone.content.decode()
    assert re.search(r'role="status"[^>]*>Quote, confidence \d+ percent', alone.content.decode())
    assert "HX-Request" in alone["Vary"]
    again = client.get(ASK, {"question": PARK}, headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<html" in again.content.decode()


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ("", "Type a question first."),
        (" \n ", "Type a question first."),
        ("a" * 4001, "The question has 4,001 characters; at most 4,000 are allowed."),
        ("a\x1bb", "The question has a control character"),
        ("a\x00b", "ull characters are not allowed"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(base: KnowledgeBase, question: str, complaint: str) -> None:
    client = editor_client()
    whole = client.get(ASK, {"question": question})
    assert (whole.status_code, complaint in words_of(whole.content.decode())) == (422, True)
    alone = client.get(ASK, {"question": question}, headers=HTMX)
    assert (alone.status_code, complaint in words_of(alone.content.decode())) == (200, True)


@pytest.mark.parametrize(
    "question", ["a", "🚲🔋❓", "where is it " * 333, "電池の充電時間は？", "'; DROP TABLE x; --", "<b>x</b>"]
)
def test_odd_questions_are_asked_like_others(parking: Entry, question: str) -> None:
    response = editor_client().get(ASK, {"question": question})
    assert response.status_code == 200
    assert "<b>x" not in response.content.decode()


def test_among_several_bases_one_may_be_chosen(parking: Entry, index: Callable[[], object]) -> None:
    other = make_entry(make_base("Garage"), PARK, "On the roof.")
    index()
    client = editor_client()
    both = client.get(ASK, {"question": PARK, "knowledge_base": ""}).context["found"].candidates
    assert {c.entry for c in both} >= {parking, other}
    one = (
        client.get(ASK, {"question": PARK, "knowledge_base": str(other.knowledge_base_id)}).context["found"].candidates
    )
    assert [c.entry for c in one] == [other]
    assert client.get(ASK, {"question": PARK, "knowledge_base": str(uuid.uuid4())}).status_code == 422


def test_the_box_is_linked_from_the_front_page_and_from_the_list(base: KnowledgeBase) -> None:
    client = editor_client()
    for page in (reverse("admin:index"), reverse("admin:knowledge_entry_changelist")):
        assert f'href="{ASK}"' in client.get(page).content.decode()


# --- the check of wordings


def test_the_form_of_a_live_entry_asks_for_the_check_at_once(parking: Entry) -> None:
    seen = editor_client().get(change_url(parking)).content.decode()
    assert f'hx-get="{check_url(parking.pk)}" hx-params="none" hx-trigger="load"' in seen


def test_the_form_of_a_waiting_entry_asks_when_the_badge_has_arrived(
    parking: Entry, index: Callable[[], object]
) -> None:
    edit(parking, answer="On the roof.")
    client = editor_client()
    assert 'hx-trigger="entry-indexed from:body"' in client.get(change_url(parking)).content.decode()
    badge = reverse("knowledge:badge")
    assert "HX-Trigger" not in client.get(badge, {"id": str(parking.pk)})
    index()
    assert "entry-indexed" in client.get(badge, {"id": str(parking.pk)})["HX-Trigger"]


def test_the_form_of_a_new_entry_has_nothing_to_check(base: KnowledgeBase) -> None:
    assert "entry-check" not in editor_client().get(reverse("admin:knowledge_entry_add")).content.decode()


def test_an_entry_that_all_its_wordings_find_says_so(parking: Entry) -> None:
    client = editor_client()
    assert "All 2 wordings find this entry." in client.get(check_url(parking.pk), headers=HTMX).content.decode()
    assert "<title>Wordings" in client.get(check_url(parking.pk)).content.decode()


def test_a_wording_that_lands_elsewhere_and_the_near_entry_are_named_with_links(
    base: KnowledgeBase, parking: Entry, index: Callable[[], object]
) -> None:
    other = make_entry(base, PARK, "On the roof.", ["parking lot nearby"])
    index()
    client = editor_client()
    pages = {e.pk: client.get(check_url(e.pk), headers=HTMX).content.decode() for e in (parking, other)}
    for entry, its_twin in ((parking, other), (other, parking)):
        assert f'href="{change_url(its_twin)}"' in pages[entry.pk]
        assert "Very near to this" in pages[entry.pk]
        assert "(1.00)" in pages[entry.pk]
    both = words_of("".join(pages.values()))
    assert f"parking lot nearby now goes to {PARK}" in both


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": Entry.Status.DRAFT}, "Not published: visitors cannot find it."),
        ({"answer": "On the roof."}, "Waiting for the index."),
    ],
)
def test_an_entry_that_cannot_be_found_yet_says_why(parking: Entry, fields: dict[str, object], reason: str) -> None:
    edit(parking, **fields)
    assert reason in editor_client().get(check_url(parking.pk), headers=HTMX).content.decode()


# --- who may, and when it cannot


@pytest.mark.parametrize("url", [ASK, check_url(uuid.uuid4())])
def test_only_those_who_may_see_entries_may_ask(db: None, url: str) -> None:
    assert Client().get(url).status_code == 302
    assert nobody_client().get(url).status_code == 403
    assert editor_client().post(url).status_code == 405


def test_an_entry_that_is_gone_is_not_found(db: None) -> None:
    assert editor_client().get(check_url(uuid.uuid4())).status_code == 404


def test_a_model_that_cannot_be_loaded_is_told_and_does_not_break_the_page(parking: Entry, settings: Settings) -> None:
    settings.EMBEDDING_MODEL = "/nowhere/at/all"
    client = editor_client()
    seen = client.get(check_url(parking.pk), headers=HTMX)
    assert (seen.status_code, "could not be embedded" in seen.content.decode()) == (200, True)
    assert client.get(check_url(parking.pk)).status_code == 503
    asked = client.get(ASK, {"question": PARK})
    # Found by words alone where that is possible; else the page says what is wrong.
    assert "Found by words alone" in asked.content.decode() or asked.status_code == 503
