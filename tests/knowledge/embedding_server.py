"""A scripted HTTP server: it speaks the OpenAI protocol's embeddings, or plays a Chroma that answers rubbish."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, str, bytes]
Act = Callable[[dict[str, Any]], Reply]


class ScriptedServer(ThreadingHTTPServer):
    """Acts out `script`, one act for each request, the last one again and again; keeps what it was sent."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *script: Act) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.requests: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def reply(self, request: dict[str, Any]) -> Reply:
        """Note the request and act."""
        self.requests.append(request)
        return self.script[min(len(self.requests), len(self.script)) - 1](request)


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, content_type, data = self.server.reply(json.loads(body or b"{}"))
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_DELETE = do_POST  # noqa: N815  (the base class looks for these names)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class names it so)
        """Keep the test's output clean."""


@contextmanager
def serving(*script: Act) -> Iterator[ScriptedServer]:
    """Run a scripted server on a free port of this machine."""
    server = ScriptedServer(*script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def hanging() -> Iterator[str]:
    """An address where connections are accepted and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def says_json(value: object, status: int = 200) -> Act:
    """Answer every request with this value."""
    return lambda _: (status, "application/json", json.dumps(value).encode())


def says_html(request: dict[str, Any]) -> Reply:
    """Answer 200 with a web page, as a proxy in front of a dead server does."""
    return 200, "text/html", b"<html><body>Please log in</body></html>"


def refuses(status: int) -> Act:
    """Answer with an error's status."""
    return says_json({"error": {"message": "scripted refusal"}}, status)


def embeds(row_of: Callable[[str], Sequence[float]], *, backwards: bool = False) -> Act:
    """Embed each text by `row_of`; `backwards` answers in the other order, with the right indexes."""

    def act(request: dict[str, Any]) -> Reply:
        rows = [
            {"object": "embedding", "index": index, "embedding": list(row_of(text))}
            for index, text in enumerate(request["input"])
        ]
        return says_json(embedding_reply(rows[::-1] if backwards else rows))(request)

    return act


def embedding_reply(rows: Sequence[object]) -> dict[str, object]:
    """The envelope of an embedding reply."""
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return {"object": "list", "data": rows, "model": "m", "usage": usage}
