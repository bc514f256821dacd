"""Answers as OpenTelemetry spans, sent to a real receiver over HTTP and read back."""

import gzip
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from pytest_django import Settings

from chatbot import producing, spans
from chatbot.models import Assistant, Message
from knowledge.retrieval import RetrievalError
from tests.chatbot.conftest import OPENING, RETURNS, Visitor, asked_by
from tests.chatbot.model_server import Act, refuses, says, serving
from tests.conftest import free_port

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "sk-very-secret-0123456789"


class Receiver(ThreadingHTTPServer):
    """A collector: keeps what it is sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[Span] = []
        self.services: set[str] = set()
        self.raw = b""

    @property
    def url(self) -> str:
        """Where it takes traces."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1/traces"

    def named(self, name: str) -> Span:
        """The only span of this name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        request = ExportTraceServiceRequest.FromString(body)
        self.server.raw += body
        for resource in request.resource_spans:
            self.server.services |= {
                a.value.string_value for a in resource.resource.attributes if a.key == "service.name"
            }
            self.server.spans += [span for scope in resource.scope_spans for span in scope.spans]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class names it so)
        """Keep the test's output clean."""


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    settings.OTLP_TRACES_URL = server.url
    yield server
    server.shutdown()
    server.server_close()


def read(span: Span) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in span.attributes:
        value = attribute.value
        kind = value.WhichOneof("value")
        found[attribute.key] = (
            [item.string_value for item in value.array_value.values] if kind == "array_value" else getattr(value, kind)
        )
    return found


@sync_to_async
def ask(assistant: Assistant, visitor: Visitor, question: str) -> Message:
    return asked_by(assistant, visitor, question)


@contextmanager
def model(settings: Settings, *acts: Act) -> Iterator[None]:
    with serving(*acts) as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = "scripted", server.url, KEY
        yield


async def made(reply: Message) -> Message:
    await producing.wait_for(reply.pk)
    await sync_to_async(spans.close)()
    return await Message.objects.aget(pk=reply.pk)


async def test_an_answer_is_one_tree_with_the_conventions_names_and_the_traces_figures(
    assistant: Assistant, alice: Visitor, settings: Settings, receiver: Receiver
) -> None:
    with model(settings, says("We are open Monday to Friday [1].", usage=(1_234, 56))):
        reply = await made(await ask(assistant, alice, OPENING[0]))
    agent, chat, retrieval = (receiver.named(name) for name in ("invoke_agent", "chat scripted", "retrieval"))
    assert receiver.services == {"candor"}
    assert {chat.trace_id, retrieval.trace_id} == {agent.trace_id}
    assert {chat.parent_span_id, retrieval.parent_span_id} == {agent.span_id}
    root = read(agent)
    assert root["gen_ai.operation.name"] == "invoke_agent"
    assert root["gen_ai.agent.id"] == str(assistant.pk)
    assert root["gen_ai.conversation.id"] == str(reply.conversation_id)
    assert (root["candor.outcome"], root["candor.confidence"]) == ("write", reply.trace["confidence"])
    call = read(chat)
    assert (call["gen_ai.usage.input_tokens"], call["gen_ai.usage.output_tokens"]) == (1_234, 56)
    assert call["gen_ai.response.finish_reasons"] == ["stop"]
    assert (call["gen_ai.provider.name"], call["server.address"]) == ("openai", "127.0.0.1")
    found = json.loads(read(retrieval)["gen_ai.retrieval.documents"])
    assert [one["id"] for one in found] == [c["entry"] for c in reply.trace["candidates"]]
    assert agent.start_time_unix_nano <= retrieval.start_time_unix_nano <= chat.start_time_unix_nano
    took_ms = (agent.end_time_unix_nano - agent.start_time_unix_nano) / 1e6
    assert took_ms == pytest.approx(reply.trace["milliseconds"]["total"], abs=0.2)


async def test_what_was_said_is_sent_only_where_it_is_asked_for(
    assistant: Assistant, alice: Visitor, settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with model(settings, says("We are open Monday to Friday [1].")):
        await made(await ask(assistant, alice, OPENING[0]))
        assert OPENING[0].encode() not in receiver.raw
        monkeypatch.setenv(spans.CAPTURE, "true")
        receiver.spans.clear()
        await made(await ask(assistant, alice, OPENING[0]))
    said = read(receiver.named("chat scripted"))
    assert OPENING[0] in json.loads(said["gen_ai.input.messages"])[-1]["parts"][0]["content"]
    assert json.loads(said["gen_ai.output.messages"])[0]["parts"][0]["content"] == "We are open Monday to Friday [1]."
    assert read(receiver.named("retrieval"))["gen_ai.retrieval.query.text"] == OPENING[0]


async def test_a_rewriting_has_a_call_of_its_own(
    assistant: Assistant, alice: Visitor, settings: Settings, receiver: Receiver
) -> None:
    with model(settings, says("Send it back [1]."), says("Is postage free for a return?"), says("It is free [1].")):
        await made(await ask(assistant, alice, RETURNS[0]))
        receiver.spans.clear()
        await made(await ask(assistant, alice, "and postage?"))
    assert sorted(span.name for span in receiver.spans) == [
        "chat scripted",
        "chat scripted",
        "invoke_agent",
        "retrieval",
    ]
    assert read(receiver.named("invoke_agent"))["candor.rewritten_by"] == "model"


async def test_faults_are_errors_and_secrets_are_never_sent(
    assistant: Assistant, alice: Visitor, settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(spans.CAPTURE, "1")
    with model(settings, refuses(401, message=f"Wrong key {KEY}")):
        await made(await ask(assistant, alice, OPENING[0]))
    agent, chat = receiver.named("invoke_agent"), receiver.named("chat scripted")
    assert agent.status.code == chat.status.code == agent.status.STATUS_CODE_ERROR
    assert "refused with status 401" in agent.status.message
    assert KEY.encode() not in receiver.raw


async def test_an_answer_that_could_not_be_made_is_an_error_too(
    assistant: Assistant, alice: Visitor, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RetrievalError("Nothing answers.")

    monkeypatch.setattr("chatbot.answering.ladder._look_up", broken)
    await made(await ask(assistant, alice, OPENING[0]))
    assert receiver.named("invoke_agent").status.message == "Nothing answers."


async def test_a_collector_that_is_away_delays_nobody(assistant: Assistant, alice: Visitor, settings: Settings) -> None:
    settings.OTLP_TRACES_URL = f"http://127.0.0.1:{free_port()}/v1/traces"
    began = time.monotonic()
    reply = await ask(assistant, alice, OPENING[0])
    await producing.wait_for(reply.pk)
    await sync_to_async(spans.close)()
    assert time.monotonic() - began < 6
    assert (await Message.objects.aget(pk=reply.pk)).status == Message.Status.ANSWERED


def test_without_an_endpoint_nothing_is_made(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OTLP_TRACES_URL = ""
    monkeypatch.setattr(spans, "_provider", None)  # would be called
    spans.record(spans.Answered(uuid.uuid4(), None, None, "", "", "quote", "", {"milliseconds": {"total": 1.0}}))
    spans.close()
