"""Somebody's website on an origin of its own, which shows the widget; and a person who reads it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, FrameLocator, Locator, Request, expect

from tests.browser.people import TIMEOUT_MS

FILLER = "<p>Words of the page itself.</p>" * 60


class HostSite:
    """Pages by path, each with headers of its own; to be seen as http://localhost, another site than the product's."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://localhost:{port}"
        self._pages: dict[str, tuple[str, dict[str, str]]] = {}

    def put(self, html: str, path: str = "/", **headers: str) -> str:
        """Publish a page; returns its address."""
        self._pages[path] = html, {name.replace("_", "-"): value for name, value in headers.items()}
        return self.url + path

    def put_widget(self, site: str, key: str, *, attributes: str = "", body: str = FILLER, **more: Any) -> str:
        """Publish a page with the snippet, as the admin hands it out."""
        head = more.pop("head", "")
        lang = more.pop("lang", "en")
        snippet = f'<script async src="{site}/widget.js" data-assistant="{key}"{attributes}></script>'
        html = f"""<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>A shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">{head}<body><main><h1>A shop</h1><p><a id="before" href="#x">A link before</a></p>{body}
</main>{snippet}</body></html>"""
        return self.put(html, **more)

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        html, headers = self._pages.get(handler.path.split("?")[0], ("<h1>Nothing here</h1>", {}))
        handler.send_response(200)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(html.encode())


@contextmanager
def hosting(port: int) -> Iterator[HostSite]:
    """A real server for the block."""
    site = HostSite(port)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.respond(self)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield site
        server.shutdown()


class Guest:
    """A person on somebody's website. What goes wrong in the browser is kept; `expected` names what is no trouble."""

    def __init__(self, browser: Browser, **context: Any) -> None:
        self.context = browser.new_context(**context)
        self.context.set_default_timeout(TIMEOUT_MS)
        self.expected: list[str] = []
        self.requests: list[Request] = []
        self._troubles: list[str] = []
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self._troubles.append(f"script error: {error.error}"))
        self.context.on("request", lambda request: self.requests.append(request))
        self.page = self.context.new_page()

    def open(self, url: str) -> "Guest":
        """Go to a page and wait until the launcher is there."""
        self.page.goto(url)
        expect(self.launcher).to_be_attached()
        return self

    def open_panel(self) -> FrameLocator:
        """Press the launcher; returns the panel when it can be used."""
        self.launcher.click()
        expect(self.box).to_be_visible()
        expect(self.panel.locator("html.js")).to_be_attached()
        return self.panel

    def ask(self, question: str) -> Locator:
        """Ask in the panel; returns the finished reply."""
        turns = self.panel.locator(".turn").count()
        self.box.fill(question)
        self.box.press("Enter")
        expect(self.panel.locator(".turn")).to_have_count(turns + 1)
        return self.reply()

    def reply(self) -> Locator:
        """The last reply, once it is finished."""
        expect(self.panel.locator(".turn").last.locator(".reply-body")).to_be_visible()
        return self.panel.locator("article.reply").last

    @property
    def launcher(self) -> Locator:
        return self.page.locator("candor-widget button")

    @property
    def dialog(self) -> Locator:
        return self.page.locator("candor-widget [role=dialog]")

    @property
    def panel(self) -> FrameLocator:
        return self.page.frame_locator("candor-widget iframe")

    @property
    def box(self) -> Locator:
        return self.panel.locator("#question")

    def asked_of(self, site: str) -> list[str]:
        """The paths that this person's browser asked the product for."""
        return [r.url.removeprefix(site) for r in self.requests if r.url.startswith(f"{site}/")]

    def leave(self) -> list[str]:
        """Close the browser; returns what went wrong in it."""
        self.context.close()
        return [t for t in self._troubles if not any(words in t for words in self.expected)]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._troubles.append(f"console: {message.text}")
