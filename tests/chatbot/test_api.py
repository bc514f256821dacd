"""The API as programs use it: our own over HTTP, OpenAI's with its official client, both against a real server."""

import json
import uuid
from collections.abc import Iterator

import httpx
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from chatbot.api_keys import authenticate, create_key, revoke_key
from chatbot.models import ApiKey, Assistant, Conversation, LabelledExample, Message
from knowledge.models import Entry
from tests.chatbot.conftest import OPENING, RETURNS
from tests.chatbot.model_server import says, serving

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(server: str, secret: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server}/v1", api_key=secret, max_retries=0) as made:
        yield made


def events(text: str) -> list[tuple[str, dict[str, object]]]:
    frames = [
        dict(line.split(": ", 1) for line in frame.splitlines() if not line.startswith(":"))
        for frame in text.split("\n\n")
    ]
    return [(frame["event"], json.loads(frame["data"])) for frame in frames if "event" in frame]


def test_a_key_is_kept_as_a_hash_and_works_until_it_is_revoked(assistant: Assistant) -> None:
    key, secret = create_key(assistant, "Website")
    assert secret not in str(ApiKey.objects.values().get())
    assert authenticate(secret) == key
    assert authenticate(secret + "x") is None
    revoke_key(key)
    assert authenticate(secret) is None


def test_a_question_gets_its_answer_with_sources_that_can_be_read_without_cookies(
    api: httpx.Client, opening: Entry
) -> None:
    reply = api.post("/api/ask", json={"question": OPENING[0]}).json()
    assert (reply["status"], reply["outcome"], reply["answer"]) == ("answered", "quote", OPENING[1])
    assert [source["entry_id"] for source in reply["citations"]] == [str(opening.pk)]
    page = httpx.get(reply["citations"][0]["url"].replace("http://localhost:8000", str(api.base_url).rstrip("/")))
    assert "Monday to Friday" in page.text
    assert Conversation.objects.get().channel == "api"


def test_a_conversation_goes_on_and_can_be_read_again(api: httpx.Client) -> None:
    first = api.post("/api/ask", json={"question": RETURNS[0], "user": "ann"}).json()
    follow_up = {"question": "and is postage free?", "conversation_id": first["conversation_id"]}
    second = api.post("/api/ask", json=follow_up).json()
    assert second["conversation_id"] == first["conversation_id"]
    assert Message.objects.get(pk=second["id"]).searched
    history = api.get(f"/api/conversations/{first['conversation_id']}?limit=1").json()
    assert [turn["question"] for turn in history["turns"]] == ["and is postage free?"]
    earlier = api.get(f"/api/conversations/{first['conversation_id']}?before={history['before']}").json()
    assert [turn["question"] for turn in earlier["turns"]] == [RETURNS[0]]
    assert earlier["before"] is None


def test_events_stream_and_can_be_taken_up_again(api: httpx.Client, settings: Settings) -> None:
    with serving(says("We are open ", "Monday to Friday [1].", pause_s=0.05)) as model:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "m", model.url
        whole = api.post("/api/ask", json={"question": OPENING[0], "stream": True})
    assert whole.headers["content-type"] == "text/event-stream"
    seen = events(whole.text)
    assert "".join(str(data["text"]) for name, data in seen if name == "token") == "We are open Monday to Friday [1]."
    assert seen[-1][0] == "done"
    again = api.get(f"/api/replies/{seen[-1][1]['id']}/events", headers={"Last-Event-ID": "3"})
    assert events(again.text) == seen[3:]


def test_an_offer_that_is_chosen_is_answered_and_kept_as_an_example(api: httpx.Client) -> None:
    vague = api.post("/api/ask", json={"question": "opening the shop for returning a parked car"}).json()
    offer = vague["offers"][0]
    chosen = {"question": offer["question"], "entry_id": offer["entry_id"], "conversation_id": vague["conversation_id"]}
    assert api.post("/api/ask", json=chosen).json()["outcome"] == "quote"
    api.post("/api/ask", json=chosen)
    example = LabelledExample.objects.get()
    assert (example.question, str(example.entry_id)) == (
        "opening the shop for returning a parked car",
        offer["entry_id"],
    )


def test_feedback_is_kept(api: httpx.Client) -> None:
    reply = api.post("/api/ask", json={"question": OPENING[0]}).json()
    assert api.post(f"/api/replies/{reply['id']}/feedback", json={"value": "down"}).json()["feedback"] == "down"
    assert api.get(f"/api/replies/{reply['id']}").json()["feedback"] == "down"


def test_another_assistants_key_sees_nothing_of_it(api: httpx.Client, server: str, base: object) -> None:
    reply = api.post("/api/ask", json={"question": OPENING[0]}).json()
    other = create_key(Assistant.objects.create(name="Other"), "Other")[1]
    headers = {"Authorization": f"Bearer {other}"}
    for path in (f"/api/replies/{reply['id']}", f"/api/replies/{reply['id']}/events"):
        assert httpx.get(server + path, headers=headers).status_code == 404
    for path in (f"/api/replies/{reply['id']}/stop", f"/api/conversations/{reply['conversation_id']}"):
        assert httpx.request("POST" if "stop" in path else "GET", server + path, headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"\xff", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"{}", {}, 422),
        (b'{"question": ""}', {}, 422),
        (b'{"question": 1}', {}, 422),
        (b'{"question": "\\ud800"}', {}, 422),
        (b'{"question": "\\u0000"}', {}, 422),
        (b'{"question": NaN}', {}, 422),
        (b'{"question": "' + b"x" * 4_001 + b'"}', {}, 422),
        (b'{"question": "hi", "conversation_id": "x"}', {}, 422),
        (b'{"question": "hi", "conversation_id": "00000000-0000-4000-8000-000000000000"}', {}, 404),
        (b"question=hi", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"x" * 3_000_000, {}, 413),
        (b'{"question": "hi"}', {"Authorization": "Bearer wrong"}, 401),
        (b'{"question": "hi"}', {"Authorization": ""}, 401),
    ],
)
def test_bad_requests_get_a_reason_in_json(
    api: httpx.Client, body: bytes, headers: dict[str, str], status: int
) -> None:
    response = api.post("/api/ask", content=body, headers={"Content-Type": "application/json", **headers})
    assert response.status_code == status
    assert response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/api/nothing", 404), ("GET", "/v1/nothing", 404), ("GET", "/api/ask", 405)]
)
def test_there_is_no_page_of_html_below_the_api(api: httpx.Client, method: str, path: str, status: int) -> None:
    response = api.request(method, path)
    assert response.status_code == status
    assert response.json()["error"]["message"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_no_json_whatever_is_a_fault_of_ours(api: httpx.Client, data: object) -> None:
    for path in ("/api/ask", "/v1/chat/completions"):
        for body in (data, {"question": data, "user": data}, {"model": "Ada", "messages": data}):
            assert api.post(path, json=body).status_code < 500


def test_the_description_is_served_without_a_key(server: str) -> None:
    assert "/api/ask" in httpx.get(f"{server}/api/openapi.json").json()["paths"]
    assert httpx.get(f"{server}/api/docs").status_code == 200


# --- OpenAI's protocol


def test_the_official_client_lists_the_assistant_and_asks_it(client: openai.OpenAI, assistant: Assistant) -> None:
    model = client.models.list().data[0].id
    assert client.models.retrieve(model).id == assistant.public_key
    done = client.chat.completions.create(model=model, messages=[{"role": "user", "content": OPENING[0]}])
    assert done.choices[0].message.content == OPENING[1]
    assert done.choices[0].finish_reason == "stop"
    assert done.usage is not None
    citation = (done.choices[0].message.annotations or [])[0].url_citation
    assert citation.title == OPENING[0]


def test_the_official_client_streams(client: openai.OpenAI, settings: Settings) -> None:
    with serving(says("We are open ", "Monday to Friday [1].", usage=(50, 9))) as model:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "m", model.url
        chunks = list(
            client.chat.completions.create(
                model="Ada",
                messages=[{"role": "system", "content": "Be rude."}, {"role": "user", "content": OPENING[0]}],
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        assert "Be rude" not in json.dumps(model.requests)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "We are open Monday to Friday [1]."
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 9


def test_what_the_guard_replaces_is_said_after_a_line(client: openai.OpenAI, settings: Settings) -> None:
    with serving(says("We are open ", "until 23:30 [1].", pause_s=0.2)) as model:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "m", model.url
        stream = client.chat.completions.create(
            model="Ada", messages=[{"role": "user", "content": OPENING[0]}], stream=True
        )
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert "23:30" not in text
    assert text.startswith("We are open")
    assert OPENING[1] in text.split("---")[1]


def test_earlier_turns_are_what_a_follow_up_refers_to(client: openai.OpenAI) -> None:
    client.chat.completions.create(
        model="Ada",
        messages=[
            {"role": "user", "content": RETURNS[0]},
            {"role": "assistant", "content": RETURNS[1]},
            {"role": "user", "content": [{"type": "text", "text": "and is postage free?"}]},
        ],
    )
    assert RETURNS[0] in Message.objects.order_by("-position").first().searched  # type: ignore[union-attr]


def test_errors_come_out_of_the_client_as_its_own(client: openai.OpenAI, server: str, settings: Settings) -> None:
    hello: list[openai.types.chat.ChatCompletionMessageParam] = [{"role": "user", "content": "hi"}]
    with (
        openai.OpenAI(base_url=f"{server}/v1", api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        client.chat.completions.create(model="gpt-5", messages=hello)
    with pytest.raises(openai.BadRequestError, match="“n”"):
        client.chat.completions.create(model="Ada", messages=hello, n=2)
    image = {"type": "image_url", "image_url": {"url": "https://x.example/x.png"}}
    with pytest.raises(openai.BadRequestError, match="nothing else can be asked"):
        client.chat.completions.create(model="Ada", messages=[{"role": "user", "content": [image]}])  # type: ignore[list-item, misc]
    settings.LIMIT_KEY_PER_MINUTE = 1
    client.chat.completions.create(model="Ada", messages=hello)
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="Ada", messages=hello)


def test_a_made_up_reply_is_not_found(api: httpx.Client) -> None:
    assert api.get(f"/api/replies/{uuid.uuid4()}").status_code == 404
