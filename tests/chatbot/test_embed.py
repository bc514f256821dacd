"""The panel's server side: who may show it, who may speak in it, and what a stolen key is good for."""

import re
import time
import uuid
from typing import Any

import jwt
import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client

from chatbot import replies, services
from chatbot.models import Assistant, Conversation, Message, Sighting
from chatbot.services import Circumstances
from chatbot.tickets import write_pass, write_ticket
from chatbot.visitors import Visitor, write_token
from tests.chatbot.conftest import OPENING

pytestmark = pytest.mark.django_db(transaction=True)
HOST = "https://www.shop.example"
HERE = "http://testserver"


@pytest.fixture
def shown(assistant: Assistant) -> Assistant:
    """An assistant that one website may show."""
    assistant.allowed_origins = f"{HOST}\nhttps://*.shop.example:8443"
    assistant.save()
    return assistant


def panel(assistant: Assistant, **headers: str) -> dict[str, str]:
    """What a panel that was opened on the website sends with each request."""
    return {"X-Candor-Pass": write_pass(assistant.pk, HOST), "Origin": HERE, "HX-Request": "true", **headers}


async def ask(assistant: Assistant, question: str, headers: dict[str, str]) -> tuple[int, dict[str, str], str]:
    """Send a question as the panel does; returns status, headers and body."""
    response = await AsyncClient().post(f"/embed/{assistant.public_key}/ask/", {"question": question}, headers=headers)
    return response.status_code, dict(response.headers), response.content.decode()


async def turns(assistant: Assistant, headers: dict[str, str]) -> str:
    """What a panel shows of a conversation."""
    response = await AsyncClient().get(f"/embed/{assistant.public_key}/turns/", headers=headers)
    return response.content.decode()


# --- Who may show it


def policy(response: Any) -> str:
    """Who may have a page in a frame."""
    return next(part for part in str(response["Content-Security-Policy"]).split("; ") if "ancestors" in part)


def test_a_website_that_may_gets_the_panel_and_the_browser_is_told_which_may(client: Client, shown: Assistant) -> None:
    page = client.get(f"/embed/{shown.public_key}/", headers={"Referer": f"{HOST}/"})
    assert page.status_code == 200
    assert policy(page) == f"frame-ancestors 'self' {HOST} https://*.shop.example:8443"
    assert "X-Frame-Options" not in page
    assert "X-Candor-Pass" in page.text


def test_the_panel_sets_no_cookie_and_reads_none(client: Client, shown: Assistant) -> None:
    page = client.get(f"/embed/{shown.public_key}/", headers={"Referer": f"{HOST}/"})
    assert not page.cookies
    assert "csrfmiddlewaretoken" not in page.text


@pytest.mark.parametrize(
    "referer",
    [
        "https://evil.example/",
        "http://www.shop.example/",
        "https://shop.example:8443/",
        "https://www.shop.example:444/",
    ],
)
def test_a_website_that_may_not_gets_nothing(client: Client, shown: Assistant, referer: str) -> None:
    page = client.get(f"/embed/{shown.public_key}/", headers={"Referer": referer})
    assert page.status_code == 403
    assert policy(page) == "frame-ancestors 'none'"
    assert "X-Candor-Pass" not in page.text


def test_without_a_list_only_this_site_may(client: Client, assistant: Assistant) -> None:
    assert policy(client.get(f"/embed/{assistant.public_key}/")) == "frame-ancestors 'self'"
    assert client.get(f"/embed/{assistant.public_key}/", headers={"Referer": f"{HOST}/"}).status_code == 403


def test_whoever_opens_it_as_a_page_is_sent_to_the_chat(client: Client, shown: Assistant) -> None:
    page = client.get(f"/embed/{shown.public_key}/", headers={"Sec-Fetch-Dest": "document"})
    assert (page.status_code, page["Location"]) == (302, f"/a/{shown.public_key}/")


def test_an_unknown_key_and_a_replaced_one_are_not_found(client: Client, shown: Assistant) -> None:
    old = shown.public_key
    services.replace_key(shown)
    for key in ("unknown", old, "<script>"):
        assert client.get(f"/embed/{key}/", headers={"Referer": f"{HOST}/"}).status_code == 404
    assert client.get(f"/embed/{shown.public_key}/", headers={"Referer": f"{HOST}/"}).status_code == 200


def test_a_page_can_ask_whether_it_may(client: Client, shown: Assistant) -> None:
    address = f"/embed/{shown.public_key}/allowed/"
    assert client.get(address, headers={"Origin": HOST}).status_code == 204
    for origin in ("https://evil.example", "null", ""):
        assert client.get(address, headers={"Origin": origin}).status_code == 403


def test_where_it_was_shown_is_noted_once_an_hour(client: Client, shown: Assistant) -> None:
    for _ in range(2):
        client.get(f"/embed/{shown.public_key}/", headers={"Referer": f"{HOST}/x"})
    client.get(f"/embed/{shown.public_key}/", headers={"Referer": f"{HERE}/x"})
    assert [s.origin for s in Sighting.objects.all()] == [HOST]


# --- Who may speak


async def test_a_question_makes_a_token_with_which_the_conversation_is_found_again(shown: Assistant) -> None:
    status, headers, body = await ask(shown, OPENING[0], panel(shown))
    assert status == 200
    assert "sse-connect" in body
    assert "Set-Cookie" not in headers
    conversation = await Conversation.objects.aget()
    assert (conversation.channel, conversation.language) == ("widget", "en")
    own = panel(shown, **{"X-Candor-Visitor": headers["X-Candor-Visitor"]})
    assert OPENING[0] in await turns(shown, own)
    assert OPENING[0] not in await turns(shown, panel(shown))


@pytest.mark.parametrize(
    "forged",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": HOST},
        {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example", "Referer": f"{HERE}/"},
        {"X-Candor-Pass": ""},
        {"X-Candor-Pass": "made:up:pass"},
    ],
)
async def test_a_script_elsewhere_is_refused_whatever_it_writes_in_its_headers(
    shown: Assistant, forged: dict[str, str]
) -> None:
    status, _, _ = await ask(shown, OPENING[0], panel(shown) | forged)
    assert status == 403
    assert not await Message.objects.aexists()


async def test_a_pass_of_another_assistant_is_refused(shown: Assistant) -> None:
    other = {"X-Candor-Pass": write_pass(uuid.uuid4(), HOST)}
    assert (await ask(shown, "Hello?", panel(shown) | other))[0] == 403


async def test_a_website_that_is_taken_off_the_list_is_out_at_once(shown: Assistant) -> None:
    shown.allowed_origins = ""
    await shown.asave()
    assert (await ask(shown, "Hello?", panel(shown)))[0] == 403


@pytest.mark.parametrize(
    "path", ["start-over/", "delete/", "contact/", "identify/", f"messages/{uuid.uuid4()}/feedback/"]
)
def test_nothing_that_changes_anything_is_taken_from_elsewhere(client: Client, shown: Assistant, path: str) -> None:
    headers = panel(shown, Origin="https://evil.example")
    assert client.post(f"/embed/{shown.public_key}/{path}", headers=headers).status_code == 403


def test_no_header_lets_another_origin_read(client: Client, shown: Assistant) -> None:
    page = client.options(f"/embed/{shown.public_key}/ask/", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in page


async def test_a_cookie_opens_nothing_in_a_panel(shown: Assistant) -> None:
    visitor = uuid.uuid4()
    widget = Circumstances(channel=Conversation.Channel.WIDGET)
    await services_ask(shown, visitor, widget)
    client = AsyncClient()
    client.cookies["candor_visitor"] = str(visitor)
    page = await client.get(f"/embed/{shown.public_key}/turns/", headers=panel(shown))
    assert OPENING[0] not in page.content.decode()


async def services_ask(assistant: Assistant, visitor: uuid.UUID, circumstances: Circumstances) -> Message:
    pair = await sync_to_async(services.ask)(
        assistant=assistant, visitor_id=visitor, question=OPENING[0], circumstances=circumstances
    )
    return pair[1]


def own_reply(assistant: Assistant) -> tuple[Message, dict[str, str]]:
    """A finished reply in a widget, and the headers of whoever got it."""
    visitor = Visitor(uuid.uuid4())
    _, reply = services.ask(
        assistant=assistant,
        visitor_id=visitor.id,
        question=OPENING[0],
        circumstances=Circumstances(channel=Conversation.Channel.WIDGET),
    )
    replies.fail(reply.pk, "for a test")
    return reply, panel(assistant, **{"X-Candor-Visitor": write_token(assistant, visitor)})


def test_only_who_got_a_reply_can_judge_it(client: Client, shown: Assistant) -> None:
    reply, headers = own_reply(shown)
    address = f"/embed/{shown.public_key}/messages/{reply.pk}/feedback/"
    assert client.post(address, {"value": "down"}, headers=panel(shown)).status_code == 404
    assert client.post(address, {"value": "down"}, headers=headers).status_code == 200
    page = client.post(address, {"reason": "outdated", "text": "since\x00 May"}, headers=headers)
    reply.refresh_from_db()
    assert (reply.feedback, reply.feedback_reason, reply.feedback_text) == (-1, "outdated", "since May")
    assert "You can change this" in page.text
    assert client.post(address, {"reason": "nonsense"}, headers=headers).status_code == 400
    client.post(address, {"value": "up"}, headers=headers)
    reply.refresh_from_db()
    assert (reply.feedback, reply.feedback_reason, reply.feedback_text) == (1, "", "")


# --- Users whom the website vouches for


def proof(assistant: Assistant, user: str = "user-7", secret: str = "") -> str:
    claims = {"sub": user, "exp": time.time() + 60, "email": f"{user}@shop.example"}
    return jwt.encode(claims, secret or assistant.identity_secret, "HS256")


def identified(client: Client, assistant: Assistant, headers: dict[str, str], text: str) -> str:
    response = client.post(f"/embed/{assistant.public_key}/identify/", {"proof": text}, headers=headers)
    assert response.status_code == 204
    return response["X-Candor-Visitor"]


def test_what_a_user_asked_before_follows_to_other_devices(client: Client, shown: Assistant) -> None:
    _, headers = own_reply(shown)
    identified(client, shown, headers, proof(shown))
    elsewhere = identified(client, shown, panel(shown), proof(shown))
    own = panel(shown, **{"X-Candor-Visitor": elsewhere})
    assert OPENING[0] in client.get(f"/embed/{shown.public_key}/turns/", headers=own).text
    conversation = Conversation.objects.get()
    assert (conversation.user, conversation.user_email) == ("user-7", "user-7@shop.example")
    # And the token from before opens it no more: whoever shares the device does not see the user's.
    assert OPENING[0] not in client.get(f"/embed/{shown.public_key}/turns/", headers=headers).text


def test_a_user_does_not_take_over_what_another_user_asked(client: Client, shown: Assistant) -> None:
    _, headers = own_reply(shown)
    seven = panel(shown, **{"X-Candor-Visitor": identified(client, shown, headers, proof(shown))})
    eight = panel(shown, **{"X-Candor-Visitor": identified(client, shown, seven, proof(shown, "user-8"))})
    assert OPENING[0] not in client.get(f"/embed/{shown.public_key}/turns/", headers=eight).text


def test_a_proof_that_was_tampered_with_is_refused(client: Client, shown: Assistant) -> None:
    good = proof(shown)
    head, body, signature = good.split(".")
    for bad in (proof(shown, secret="x" * 40), f"{head}.{body[:-2]}xx.{signature}", "nothing"):
        response = client.post(f"/embed/{shown.public_key}/identify/", {"proof": bad}, headers=panel(shown))
        assert response.status_code == 403
        assert response.json()["error"]


# --- The loader, the colours


def test_the_loader_is_small_stays_at_its_address_and_is_revalidated(client: Client, db: None) -> None:
    script = client.get("/widget.js", headers={"Accept-Encoding": "gzip"})
    assert script["Content-Encoding"] == "gzip"
    assert len(script.content) <= 4_000
    assert script["Cache-Control"] == "public, max-age=300, stale-while-revalidate=86400"
    assert client.get("/widget.js", headers={"If-None-Match": f"W/{script['ETag']}"}).status_code == 304
    plain = client.get("/widget.js")
    assert "Content-Encoding" not in plain
    assert not script.cookies
    assert re.search(r'"ja":\["', plain.text)


def test_colours_come_as_a_style_sheet(client: Client, shown: Assistant) -> None:
    assert client.get(f"/look/{shown.public_key}.css").text == ""
    shown.accent = "#7a1fa2"
    shown.save()
    sheet = client.get(f"/look/{shown.public_key}.css")
    assert sheet["Content-Type"] == "text/css"
    assert "#7a1fa2" in sheet.text
    assert client.get(f"/look/{shown.public_key}.css", headers={"If-None-Match": sheet["ETag"]}).status_code == 304
    for page in ("", "contact/"):
        assert f'href="/look/{shown.public_key}.css?' in client.get(f"/a/{shown.public_key}/{page}").text


# --- Starter questions


def test_starter_questions_follow_the_page_of_the_website(client: Client, shown: Assistant) -> None:
    shown.starter_questions = "What do you sell?\n/returns\nHow do I return it?\n/shop/*\nIs it in stock?\nHow big?"
    shown.save()
    expected = {
        "": "What do you sell?",
        "/about": "What do you sell?",
        "/returns/": "How do I return it?",
        "/shop/bikes/7": "Is it in stock?",
        "/shopping": "What do you sell?",
    }
    for path, question in expected.items():
        page = client.get(f"/embed/{shown.public_key}/", {"path": path}, headers={"Referer": f"{HOST}/"}).text
        assert re.findall(r'class="button choice"[^>]*>([^<]+)<', page)[0] == question, path


async def test_only_pages_of_ours_stop_an_answer(shown: Assistant) -> None:
    reply = await services_ask(shown, uuid.uuid4(), Circumstances(channel=Conversation.Channel.WIDGET))
    address = f"/replies/{write_ticket(reply.pk)}/stop/"
    for origin in ("https://evil.example", "null", ""):
        assert (await AsyncClient().post(address, headers={"Origin": origin})).status_code == 403
    own = {"Origin": HERE, "HX-Request": "true"}
    assert (await AsyncClient().post(address, headers=own)).status_code == 204
