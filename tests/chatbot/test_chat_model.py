"""The model's seam against a real server that does everything wrong a server can do."""

import socket
import time

import pytest
from pytest_django import Settings

from chatbot import chat_model
from chatbot.chat_model import ChatModelError, is_configured, stream_chat
from chatbot.prompts import ChatMessage
from tests.chatbot.model_server import (
    Act,
    ModelServer,
    drips,
    hangs,
    never_ends,
    refuses,
    says,
    sends,
    serving,
)

MESSAGES: list[ChatMessage] = [{"role": "user", "content": "When do you open?"}]


@pytest.fixture(autouse=True)
def _short_deadlines(settings: Settings) -> None:
    settings.CHAT_MODEL, settings.CHAT_FIRST_TOKEN_S, settings.CHAT_TOTAL_S = "scripted", 1, 3


async def ask(server: ModelServer | str, settings: Settings) -> list[str]:
    settings.OPENAI_BASE_URL = server if isinstance(server, str) else server.url
    return [piece async for piece in stream_chat(MESSAGES)]


async def failure(act: Act, settings: Settings) -> ChatModelError:
    with serving(act) as server, pytest.raises(ChatModelError) as caught:
        await ask(server, settings)
    return caught.value


async def test_an_answer_comes_in_the_pieces_the_model_gave(settings: Settings) -> None:
    with serving(says("At ", "nine", ".")) as server:
        assert await ask(server, settings) == ["At ", "nine", "."]
    assert server.requests[0]["messages"] == MESSAGES
    assert server.requests[0]["max_tokens"] == 1_000


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_a_refusal_that_will_not_pass_is_permanent_and_not_tried_again(settings: Settings, status: int) -> None:
    with serving(refuses(status)) as server, pytest.raises(ChatModelError, match=str(status)) as caught:
        await ask(server, settings)
    assert caught.value.permanent
    assert len(server.requests) == 1


@pytest.mark.parametrize("first", [refuses(500), refuses(503), refuses(429), refuses(429, Retry_After="0")])
async def test_a_passing_failure_is_tried_once_more(settings: Settings, first: Act) -> None:
    with serving(first, says("At nine.")) as server:
        assert await ask(server, settings) == ["At nine."]


async def test_a_second_failure_is_the_end(settings: Settings) -> None:
    with serving(refuses(500)) as server, pytest.raises(ChatModelError, match="500") as caught:
        await ask(server, settings)
    assert not caught.value.permanent
    assert len(server.requests) == 2


@pytest.mark.parametrize("retry_after", ["45", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_a_server_that_asks_for_a_long_pause_is_not_waited_for(settings: Settings, retry_after: str) -> None:
    started = time.monotonic()
    assert "429" in str(await failure(refuses(429, Retry_After=retry_after), settings))
    assert time.monotonic() - started < 1


async def test_a_server_that_is_down_is_an_error_within_its_retry(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(ChatModelError, match="did not answer"):
        await ask(url, settings)


@pytest.mark.parametrize("act", [hangs(), drips])
async def test_silence_ends_at_the_deadline_for_the_first_word(settings: Settings, act: Act) -> None:
    started = time.monotonic()
    assert "first word" in str(await failure(act, settings))
    assert time.monotonic() - started < 2


async def test_silence_after_some_words_ends_at_the_deadline_between_words(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_model, "BETWEEN_TOKENS_S", 0.3)
    assert "next word" in str(await failure(hangs("At nine"), settings))


async def test_a_slow_drip_of_words_ends_at_the_deadline_for_the_whole(settings: Settings) -> None:
    settings.CHAT_TOTAL_S = 1
    assert "whole answer within 1 s" in str(await failure(says(*["x"] * 50, pause_s=0.1), settings))


async def test_an_answer_without_end_is_cut(settings: Settings) -> None:
    assert "16 KB" in str(await failure(never_ends, settings))


@pytest.mark.parametrize("finish_reason", [None, "length", "content_filter"])
async def test_an_answer_that_was_broken_off_is_none(settings: Settings, finish_reason: str | None) -> None:
    assert "off" in str(await failure(says("At ni", finish_reason=finish_reason), settings))


@pytest.mark.parametrize(
    "act",
    [
        says(),
        sends(b""),
        sends(b"<!doctype html><p>Gateway</p>", "text/html"),
        sends(b"data: {not json\n\n"),
        sends(b'data: "a string"\n\n'),
        sends(b"data: [1, 2]\n\n"),
        sends(b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n'),
        sends(b'data: {"choices": [{"delta": {"content": {"a": 1}}}]}\n\n'),
        sends(b'data: {"choices": {"a": 1}}\n\n'),
        sends(b'data: {"error": {"message": "overloaded"}}\n\n'),
        sends(b'data: {"choices": [{"delta": {"content": "\\ud800"}}]}\n\n'),
    ],
)
async def test_rubbish_with_status_200_is_an_error_and_no_answer(settings: Settings, act: Act) -> None:
    assert not (await failure(act, settings)).permanent


async def test_after_a_failure_the_next_visitor_does_not_wait_for_the_same_server(settings: Settings) -> None:
    with serving(refuses(401)) as server:
        for _ in range(2):
            with pytest.raises(ChatModelError):
                await ask(server, settings)
    assert len(server.requests) == 1


async def test_one_broken_answer_does_not_silence_the_model(settings: Settings) -> None:
    with serving(says("half", finish_reason=None), says("At nine.")) as server:
        with pytest.raises(ChatModelError):
            await ask(server, settings)
        assert await ask(server, settings) == ["At nine."]


@pytest.mark.parametrize(
    ("model", "key", "url", "configured"),
    [("m", "k", "", True), ("m", "", "http://x", True), ("m", "", "", False), ("", "k", "http://x", False)],
)
def test_a_model_needs_a_name_and_a_place(settings: Settings, model: str, key: str, url: str, configured: bool) -> None:
    settings.CHAT_MODEL, settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = model, key, url
    assert is_configured() is configured
