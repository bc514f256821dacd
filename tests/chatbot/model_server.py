"""A scripted language model: a real HTTP server that speaks its protocol, and goes wrong in every way one can."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[["_Handler"], None]


class ModelServer(ThreadingHTTPServer):
    """Acts out `script`, one act for each request, the last one again and again; keeps what it was sent."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *script: Act) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.stopping = threading.Event()
        self.hung_up = threading.Event()

    @property
    def url(self) -> str:
        """The value for OPENAI_BASE_URL."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def next_act(self, request: dict[str, Any]) -> Act:
        """Note the request and return what to do about it."""
        self.requests.append(request)
        return self.script[min(len(self.requests), len(self.script)) - 1]


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            self.server.next_act(json.loads(body))(self)
        except OSError:  # the client had enough: what several acts are for
            self.server.hung_up.set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class names it so)
        """Keep the test's output clean."""

    def begin(self, status: int = 200, content_type: str = "text/event-stream", **headers: str) -> None:
        """Send the head of a response whose end is the end of the connection."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def chunk(self, content: str, finish_reason: str | None = None) -> None:
        """Send one piece of an answer."""
        choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish_reason}
        self.event(json.dumps({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}))

    def event(self, data: str | bytes) -> None:
        """Send one server-sent event, whatever is in it."""
        self.wfile.write(b"data: " + (data.encode() if isinstance(data, str) else data) + b"\n\n")
        self.wfile.flush()


@contextmanager
def serving(*script: Act) -> Iterator[ModelServer]:
    """Run a scripted model on a free port of this machine."""
    server = ModelServer(*script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def says(
    *pieces: str, pause_s: float = 0.0, finish_reason: str | None = "stop", usage: tuple[int, int] | None = None
) -> Act:
    """Answer in these pieces; `finish_reason=None` is a stream that breaks off; `usage` in tokens, in and out."""

    def act(handler: _Handler) -> None:
        handler.begin()
        for piece in pieces:
            handler.chunk(piece)
            time.sleep(pause_s)
        if finish_reason:
            handler.chunk("", finish_reason)
            if usage:
                counted = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
                chunk = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": counted}
                handler.event(json.dumps(chunk))
            handler.event("[DONE]")

    return act


def refuses(status: int, *, message: str = "scripted refusal", **headers: str) -> Act:
    """Answer with an error's status."""

    def act(handler: _Handler) -> None:
        handler.begin(status, "application/json", **headers)
        handler.wfile.write(json.dumps({"error": {"message": message}}).encode())

    return act


def hangs(*pieces: str) -> Act:
    """Say the pieces, then nothing more, and keep the connection open; without pieces not even a head."""

    def act(handler: _Handler) -> None:
        if pieces:
            handler.begin()
        for piece in pieces:
            handler.chunk(piece)
        handler.server.stopping.wait(30)

    return act


def sends(data: bytes, content_type: str = "text/event-stream") -> Act:
    """Answer 200 with exactly these bytes."""

    def act(handler: _Handler) -> None:
        handler.begin(200, content_type)
        handler.wfile.write(data)

    return act


def never_ends(handler: _Handler) -> None:
    """Talk until the client hangs up."""
    handler.begin()
    while not handler.server.stopping.is_set():
        handler.chunk("and so on ")


def drips(handler: _Handler) -> None:
    """Keep the connection busy with comments and never say a word."""
    handler.begin()
    while not handler.server.stopping.wait(0.05):
        handler.wfile.write(b": still thinking\n\n")
        handler.wfile.flush()
