"""The model's seam against a real server that does everything wrong a server can do."""

import socket
import time

import pytest
from pytest_django import Settings

from chatbot.chat_model import Call, ChatModelError, calls, complete, is_configured, stream_chat
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
    monkeypatch.setattr(calls, "BETWEEN_TOKENS_S", 0.3)
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


async def test_after_a_refusal_that_stays_the_next_visitor_does_not_wait_for_the_same_server(
    settings: Settings,
) -> None:
    with serving(refuses(401)) as server:
        for _ in range(2):
            with pytest.raises(ChatModelError):
                await ask(server, settings)
    assert len(server.requests) == 1


async def test_after_three_failures_in_a_row_the_model_is_left_alone(settings: Settings) -> None:
    with serving(says("half", finish_reason=None)) as server:
        for _ in range(5):
            with pytest.raises(ChatModelError):
                await ask(server, settings)
    assert len(server.requests) == 3


async def test_a_success_in_between_starts_the_count_again(settings: Settings) -> None:
    broken, whole = says("half", finish_reason=None), says("At nine.")
    with serving(broken, broken, whole, broken, broken, whole) as server:
        for _ in range(2):
            for _ in range(2):
                with pytest.raises(ChatModelError):
                    await ask(server, settings)
            assert await ask(server, settings) == ["At nine."]


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


async def called(server: ModelServer, settings: Settings) -> Call:
    call = Call()
    settings.OPENAI_BASE_URL = server.url
    try:
        async for _ in stream_chat(MESSAGES, call=call):
            pass
    except ChatModelError:
        pass
    return call


async def test_what_a_call_used_is_taken_from_the_server(settings: Settings) -> None:
    with serving(says("At ", "nine.", usage=(120, 7))) as server:
        call = await called(server, settings)
    assert server.requests[0]["stream_options"] == {"include_usage": True}
    assert (call.prompt_tokens, call.completion_tokens, call.estimated) == (120, 7, False)
    assert (call.model, call.finish_reason, call.retries) == ("m", "stop", 0)
    assert call.first_token_ms is not None
    assert call.total_ms >= call.first_token_ms


@pytest.mark.parametrize("act", [says("At nine sharp."), says("At nine sharp.", finish_reason=None)])
async def test_what_no_server_counted_is_estimated_also_of_half_an_answer(settings: Settings, act: Act) -> None:
    with serving(act) as server:
        call = await called(server, settings)
    assert (call.prompt_tokens, call.completion_tokens, call.estimated) == (5, 4, True)


async def test_a_server_that_does_not_know_how_to_count_is_asked_without(settings: Settings) -> None:
    unknown = refuses(400, message="Unrecognized request argument supplied: stream_options")
    with serving(unknown, says("At nine.")) as server:
        assert await ask(server, settings) == ["At nine."]
        assert await ask(server, settings) == ["At nine."]
    assert ["stream_options" in request for request in server.requests] == [True, False, False]


async def test_no_error_has_the_key_in_it(settings: Settings) -> None:
    settings.OPENAI_API_KEY = "sk-very-secret"
    act = refuses(401, message="Incorrect API key provided: sk-very-secret.")
    assert "sk-very-secret" not in str(await failure(act, settings))


async def test_a_tool_call_is_no_answer(settings: Settings) -> None:
    assert "empty" in str(await failure(says("", finish_reason="tool_calls"), settings))


async def test_a_short_answer_comes_whole_and_in_time_or_not_at_all(settings: Settings) -> None:
    with serving(says("At ", "nine."), hangs("At ")) as server:
        settings.OPENAI_BASE_URL = server.url
        assert await complete(MESSAGES, max_tokens=9, within_s=1) == "At nine."
        with pytest.raises(ChatModelError, match="short answer"):
            await complete(MESSAGES, max_tokens=9, within_s=0.2)
    assert server.requests[0]["max_tokens"] == 9


async def test_who_stops_listening_stops_the_model(settings: Settings) -> None:
    with serving(never_ends) as server:
        settings.OPENAI_BASE_URL = server.url
        said = stream_chat(MESSAGES)
        await anext(said)
        await said.aclose()
        assert server.hung_up.wait(2)
