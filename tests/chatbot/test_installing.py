"""Putting an assistant on a website: the line, the checklist, and a look at a real page of a real server."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from chatbot.installing import check_site, needs_of, snippet, steps
from chatbot.models import Assistant, Sighting
from knowledge.models import Entry
from tests.chatbot.test_outbound import answering, says

HERE = "https://help.example"
Publish = Callable[..., str]


@pytest.fixture(autouse=True)
def here(settings: Settings) -> None:
    settings.SITE_URL = HERE
    settings.OUTBOUND_PRIVATE_HOSTS = ["127.0.0.1"]


@pytest.fixture
def publish(assistant: Assistant) -> Iterator[Publish]:
    """Serves a page and allows its website; returns its address."""
    with ExitStack() as stack:

        def serve(html: str, status: int = 200, **headers: str) -> str:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            url = stack.enter_context(answering(says(status, html.encode(), **named)))
            assistant.allowed_origins += f"\n{url}"
            assistant.save()
            return url

        yield serve


def test_the_line_names_the_assistant_and_what_is_its_own(assistant: Assistant) -> None:
    assert snippet(assistant) == (
        f'<script async src="{HERE}/widget.js" data-assistant="{assistant.public_key}"></script>'
    )
    assistant.accent, assistant.side, assistant.theme = "#7a1fa2", "start", "dark"
    assert ' data-accent="#7a1fa2" data-position="start" data-theme="dark">' in snippet(assistant)


def test_a_page_with_the_line_is_well(assistant: Assistant, publish: Publish) -> None:
    report = check_site(assistant, publish(f"<html><body>{snippet(assistant)}"))
    assert report.is_well, report


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ("<p>Hello</p>", "not in the page's HTML"),
        ("<script src='/widget.js' data-assistant='{key}'></script>", "and this installation is"),
        ("<script src='https://evil.example/widget.js' data-assistant='{key}'></script>", "and this installation is"),
        (f"<script src='{HERE}/widget.js' data-assistant='old'></script>", "another key"),
        (f"<script src='{HERE}/widget.js'></script>", "another key"),
        ("<!-- {line} -->", "not in the page's HTML"),
        ("{line}{line}", "more than once"),
        ("<", "not in the page's HTML"),
    ],
)
def test_what_is_wrong_with_a_page_is_named(assistant: Assistant, publish: Publish, html: str, problem: str) -> None:
    page = html.replace("{key}", assistant.public_key).replace("{line}", snippet(assistant))
    assert problem in " ".join(check_site(assistant, publish(page)).problems)


def test_only_allowed_websites_are_looked_at(assistant: Assistant, publish: Publish) -> None:
    url = publish("<p>Hello</p>")
    assistant.allowed_origins = "https://other.example"
    report = check_site(assistant, url)
    assert "not among the websites" in report.problems[0]
    for nonsense in ("", "javascript:alert(1)", "file:///etc/passwd", "//x"):
        assert "Write the address of a page" in check_site(assistant, nonsense).problems[0]


def test_private_networks_are_not_looked_at_even_if_allowed(assistant: Assistant, settings: Settings) -> None:
    settings.OUTBOUND_PRIVATE_HOSTS = []
    assistant.allowed_origins = "http://169.254.169.254\nhttp://localhost:8000"
    for url in ("http://169.254.169.254/latest/", "http://localhost:8000/"):
        assert "private network" in check_site(assistant, url).problems[0]


def test_a_redirect_is_followed_to_allowed_websites_only(assistant: Assistant, publish: Publish) -> None:
    there = publish(f"<body>{snippet(assistant)}")
    assert check_site(assistant, publish("", 301, Location=there)).is_well
    away = check_site(assistant, publish("", 302, Location="https://elsewhere.example/"))
    assert "https://elsewhere.example is not among" in away.problems[0]

    def round_and_round(handler: BaseHTTPRequestHandler) -> None:
        says(302, b"", Location=handler.path)(handler)

    with answering(round_and_round) as url:
        assistant.allowed_origins += f"\n{url}"
        assert "redirects more than" in check_site(assistant, url).problems[0]


def test_an_error_and_nobody_there_are_said(assistant: Assistant, publish: Publish) -> None:
    assert "status 503" in check_site(assistant, publish("busy", 503)).problems[0]
    assistant.allowed_origins = "http://127.0.0.1:9"
    assert "did not answer" in check_site(assistant, "http://127.0.0.1:9/").problems[0]


def test_a_policy_is_read_from_the_header_and_from_the_page(assistant: Assistant, publish: Publish) -> None:
    meta = "<meta http-equiv='Content-Security-Policy' content=\"frame-src 'none'\">"
    url = publish(f"{meta}{snippet(assistant)}", Content_Security_Policy="script-src 'self'")
    report = check_site(assistant, url)
    assert report.found
    assert report.needs == [f"script-src: add {HERE}", f"frame-src: add {HERE}"]


@pytest.mark.parametrize(
    ("policy", "lacking"),
    [
        ("", 0),
        ("img-src 'self'", 0),
        ("default-src 'self'", 2),
        ("default-src *", 0),
        ("default-src https:", 0),
        ("default-src http:", 2),
        (f"script-src {HERE}; frame-src {HERE}", 0),
        ("script-src help.example; child-src https://*.example", 0),
        ("script-src https://help.example:443; frame-src help.example:*", 0),
        ("script-src http://help.example; frame-src *.help.example", 1),
        ("script-src 'none'; frame-src https://help.example.evil.example", 2),
        (f"script-src-elem {HERE}; script-src 'none'", 0),
        ("script-src 'strict-dynamic' 'nonce-abc' https:", 1),
        ("DEFAULT-SRC 'SELF'; ;;", 2),
    ],
)
def test_what_a_policy_lacks_is_found(policy: str, lacking: int) -> None:
    assert len(needs_of(policy, "https://www.shop.example")) == lacking


# --- The checklist and the pages


def ticks(assistant: Assistant) -> list[bool]:
    return [step.done for step in steps(assistant)]


def test_the_checklist_ticks_itself(assistant: Assistant, settings: Settings) -> None:
    assert ticks(assistant) == [False, False, False, False]
    entries = Entry.objects.filter(knowledge_base__assistants=assistant)
    for entry in entries:
        Entry.objects.filter(pk=entry.pk).update(indexed_hash=entry.content_hash)
    assert ticks(assistant) == [True, False, False, False]
    assistant.allowed_origins = "https://*.shop.example"
    assert ticks(assistant) == [True, True, False, False]
    now = timezone.now()
    Sighting.objects.create(assistant=assistant, origin="https://evil.example", first_at=now, last_at=now)
    assert ticks(assistant) == [True, True, False, False]
    Sighting.objects.create(
        assistant=assistant, origin="https://www.shop.example", first_at=now, last_at=now - timedelta(days=1)
    )
    assert ticks(assistant) == [True, True, True, False]
    assistant.contact_email = "team@shop.example"
    assert ticks(assistant) == [True, True, True, False]
    assert "no mail server is set up" in steps(assistant)[-1].text
    settings.EMAIL_HOST = "mail.shop.example"
    assert ticks(assistant) == [True, True, True, True]


def test_the_front_page_shows_what_is_left_to_do_and_then_no_more(admin_client: Client, assistant: Assistant) -> None:
    assert "Paste the line into your pages" in admin_client.get("/admin/").text
    Assistant.objects.update(contact_enabled=False, allowed_origins="https://shop.example")
    Entry.objects.all().update(indexed_hash="x", content_hash="x")
    now = timezone.now()
    Sighting.objects.create(assistant=assistant, origin="https://shop.example", first_at=now, last_at=now)
    assert 'aria-label="Setting up"' not in admin_client.get("/admin/").text


def address(assistant: Assistant, page: str) -> str:
    return f"/admin/chatbot/assistant/{assistant.pk}/{page}/"


def test_the_page_for_websites_works_without_scripts(
    admin_client: Client, assistant: Assistant, publish: Publish
) -> None:
    url = publish(f"<body>{snippet(assistant)}")
    page = admin_client.get(address(assistant, "install")).text
    assert f"data-assistant=&quot;{assistant.public_key}&quot;" in page
    assert f"frame-src {HERE}" in page
    assert f'href="/a/{assistant.public_key}/sample/"' in page
    assert f"✓ {url} shows this assistant" in admin_client.post(address(assistant, "install"), {"site": url}).text


def test_a_checklist_that_is_done_asks_no_more(admin_client: Client, assistant: Assistant) -> None:
    assert admin_client.get(address(assistant, "steps")).status_code == 200
    Assistant.objects.update(contact_enabled=False, allowed_origins="https://shop.example")
    Entry.objects.all().update(indexed_hash="x", content_hash="x")
    now = timezone.now()
    Sighting.objects.create(assistant=assistant, origin="https://shop.example", first_at=now, last_at=now)
    assert admin_client.get(address(assistant, "steps")).status_code == 286


@pytest.mark.parametrize(
    ("accent", "said"),
    [("", "can be read"), ("#0b6b5d", "can be read"), ("#ffcc00", "below 4.5 : 1"), ("red", "no colour yet")],
)
def test_a_colours_contrast_is_computed_as_it_is_typed(
    admin_client: Client, assistant: Assistant, accent: str, said: str
) -> None:
    assert said in admin_client.get(address(assistant, "shades"), {"accent": accent}).text


def test_the_form_shows_the_chat_in_a_frame_and_keeps_secrets_from_those_who_only_look(
    admin_client: Client, client: Client, assistant: Assistant
) -> None:
    form = f"/admin/chatbot/assistant/{assistant.pk}/change/"
    page = admin_client.get(form)
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    assert assistant.identity_secret in page.text
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_assistant"))
    client.force_login(looker)
    shown = client.get(form)
    assert shown.status_code == 200
    assert assistant.identity_secret not in shown.text
    assert assistant.webhook_secret not in shown.text


@pytest.mark.parametrize("page", ["install", "steps", "shades"])
def test_the_pages_are_for_those_who_may_see_assistants(client: Client, assistant: Assistant, page: str) -> None:
    assert client.get(address(assistant, page)).status_code == 302
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert client.get(address(assistant, page)).status_code == 403


def form_of(page: str) -> dict[str, Any]:
    """The values of the assistant's form as it was sent."""
    values = dict(re.findall(r'<input type="(?:text|number|email|url)" name="([a-z_]+)"(?: value="([^"]*)")?', page))
    return {**values, "mode": "ladder", "theme": "auto", "side": "end", "contact_enabled": "on"}


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("allowed_origins", "*", "any website"),
        ("allowed_origins", "https://shop.example/path", "has a path"),
        ("accent", "red", "Write the colour"),
        ("contact_webhook", "http://10.0.0.1/hook", "private network"),
        ("remember_days", "0", "greater than or equal to 1"),
    ],
)
def test_the_form_refuses_with_the_reason(
    admin_client: Client, assistant: Assistant, field: str, value: str, why: str
) -> None:
    form = f"/admin/chatbot/assistant/{assistant.pk}/change/"
    data = form_of(admin_client.get(form).text) | {
        "knowledge_bases": [str(b.pk) for b in assistant.knowledge_bases.all()]
    }
    assert admin_client.post(form, data).status_code == 302
    refused = admin_client.post(form, data | {field: value})
    assert refused.status_code == 200
    assert why in refused.text


def test_a_saved_colour_that_cannot_be_read_is_warned_of(admin_client: Client, assistant: Assistant) -> None:
    form = f"/admin/chatbot/assistant/{assistant.pk}/change/"
    data = form_of(admin_client.get(form).text) | {
        "knowledge_bases": [str(b.pk) for b in assistant.knowledge_bases.all()]
    }
    saved = admin_client.post(form, data | {"accent": "#ffcc00"}, follow=True)
    assert "below 4.5 : 1" in saved.text
    assistant.refresh_from_db()
    assert assistant.accent == "#ffcc00"


def test_keys_and_secrets_are_replaced_by_an_action(admin_client: Client, assistant: Assistant) -> None:
    old = (assistant.public_key, assistant.identity_secret)
    for action in ("replace_keys", "replace_identity_secrets"):
        admin_client.post("/admin/chatbot/assistant/", {"action": action, "_selected_action": [str(assistant.pk)]})
    assistant.refresh_from_db()
    assert not {assistant.public_key, assistant.identity_secret} & set(old)
