"""Contact requests in the admin: what staff see of them and do with them."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from chatbot.models import Assistant, ContactRequest, Delivery
from tests.chatbot.conftest import OPENING, Visitor
from tests.chatbot.test_contacting import request_contact


@pytest.fixture
def request_made(assistant: Assistant, alice: Visitor) -> ContactRequest:
    assistant.contact_email = "team@shop.example"
    assistant.save()
    return request_contact(assistant, alice)


def page(request: ContactRequest) -> str:
    return f"/admin/chatbot/contactrequest/{request.pk}/change/"


def test_a_request_is_shown_with_its_conversation(admin_client: Client, request_made: ContactRequest) -> None:
    text = admin_client.get(page(request_made)).text
    for words in ("ann@example.com", "Please call.", OPENING[0], f"/conversation/{request_made.conversation_id}/"):
        assert words in text
    assert "E-mail to team@shop.example: on its way" in text


def test_what_did_not_arrive_is_seen_in_the_list_on_the_front_page_and_tried_again(
    admin_client: Client, request_made: ContactRequest
) -> None:
    Delivery.objects.update(status="failed", error="No mail server is set up", attempts=8)
    listed = admin_client.get("/admin/chatbot/contactrequest/").text
    assert "given up after 8 tries. No mail server is set up" in listed
    assert "did not reach" in admin_client.get("/admin/").text
    admin_client.post(
        "/admin/chatbot/contactrequest/", {"action": "try_again", "_selected_action": [str(request_made.pk)]}
    )
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == ("waiting", 0)
    assert "did not reach" not in admin_client.get("/admin/").text


def test_requests_are_marked_done_and_open(admin_client: Client, request_made: ContactRequest) -> None:
    for action, status in (("mark_done", "done"), ("mark_open", "open")):
        admin_client.post(
            "/admin/chatbot/contactrequest/", {"action": action, "_selected_action": [str(request_made.pk)]}
        )
        request_made.refresh_from_db()
        assert request_made.status == status


def test_what_was_sent_stays_as_it_was(admin_client: Client, request_made: ContactRequest) -> None:
    admin_client.post(page(request_made), {"status": "done", "email": "other@example.com", "words": "x"})
    request_made.refresh_from_db()
    assert (request_made.status, request_made.email) == ("done", "ann@example.com")
    assert admin_client.get("/admin/chatbot/contactrequest/add/").status_code == 403


def test_a_conversation_names_its_requests(admin_client: Client, request_made: ContactRequest) -> None:
    text = admin_client.get(f"/admin/chatbot/conversation/{request_made.conversation_id}/change/").text
    assert f"/contactrequest/{request_made.pk}/" in text


def test_the_list_asks_no_more_for_many(
    admin_client: Client, assistant: Assistant, alice: Visitor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request_contact(assistant, alice)
    with CaptureQueriesContext(connection) as few:
        admin_client.get("/admin/chatbot/contactrequest/")
    for _ in range(5):
        request_contact(assistant, alice)
    with django_assert_num_queries(len(few)):
        admin_client.get("/admin/chatbot/contactrequest/")
