"""Requests that somebody's words make us send: never inward, bounded, and said why not."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from chatbot import outbound
from chatbot.outbound import TargetError, UnreachableError, check_target, send

Respond = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(respond: Respond) -> Iterator[str]:
    """A real server on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            respond(self)

        def do_POST(self) -> None:
            respond(self)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def says(status: int = 200, body: bytes = b"hello", **headers: str) -> Respond:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return respond


@pytest.fixture
def nearby(settings: Settings) -> None:
    """Whoever runs the server has named this machine."""
    settings.OUTBOUND_PRIVATE_HOSTS = ["127.0.0.1"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://0.0.0.0/",
        "http://10.0.0.7/",
        "http://192.168.1.1/",
        "http://172.16.5.5/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://224.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[2002:7f00:1::]/",
        "http://[fd00::1]/",
        "http://[fe80::1]/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://printer.local/",
        "http://db.internal/",
    ],
)
def test_nothing_is_sent_into_a_private_network(url: str) -> None:
    with pytest.raises((TargetError, UnreachableError), match=r"private network|no server called"):
        send(url)


def test_a_name_that_leads_inward_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    inward = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inward)
    with pytest.raises(TargetError, match=r"hooks\.example leads to 10\.1\.2\.3"):
        send("https://hooks.example/")


@pytest.mark.parametrize(
    "url",
    ["", "hooks.example", "javascript:alert(1)", "ftp://x.example", "https://", "https://a:b@x.example", "https://["],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(TargetError):
        check_target(url)


def test_a_named_host_is_reached(nearby: None) -> None:
    with answering(says(body=b"here")) as url:
        answer = send(url)
    assert (answer.status, answer.body) == (200, b"here")


def test_a_redirect_is_not_followed(nearby: None) -> None:
    with answering(says(302, Location="http://169.254.169.254/")) as url:
        assert send(url).status == 302


def test_an_answer_is_cut(nearby: None) -> None:
    with answering(says(body=b"x" * 100_000)) as url:
        assert len(send(url, max_bytes=1_000).body) == 1_000


def test_a_drip_ends(nearby: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "TOTAL_S", 0.5)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.1)

    with answering(drip) as url, pytest.raises(UnreachableError, match="did not answer within"):
        send(url)


def test_nobody_there_is_said(nearby: None) -> None:
    with pytest.raises(UnreachableError, match="did not answer"):
        send("http://127.0.0.1:9/")


def test_what_is_no_http_is_said(nearby: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def blurt() -> None:
            connection, _ = server.accept()
            connection.recv(1_000)
            connection.sendall(b"220 mail ready\r\n")
            connection.close()

        threading.Thread(target=blurt, daemon=True).start()
        with pytest.raises(UnreachableError, match="did not answer"):
            send(f"http://127.0.0.1:{server.getsockname()[1]}/")
