"""What the widget costs a website and how soon it can be used: in headless Chromium, on a page of another site.

    python -m benchmarks.widget [--presses 15] [--json]

From the press to a panel that can be typed into, against the same server's chat page opened in a tab of its own until
that can be typed into: the same runs, alternately, each in a browser profile that knows nothing. A panel that is
reopened, with a conversation, is measured too.
"""

import gzip
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.chat import Chat, chat
from benchmarks.reporting import Figure, options, say, show

READY = "#question:focus"


@contextmanager
def website(chat: Chat) -> Iterator[str]:
    """Serve a page with the snippet on an origin of its own; yields its address."""
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>A shop</title><link rel="icon" href="data:,">'
        f"<h1>A shop</h1>{'<p>Words of the page.</p>' * 40}"
        f'<script async src="{chat.url}/widget.js" data-assistant="{chat.assistant.public_key}"></script>'
    ).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def opened(context: BrowserContext, site: str) -> Page:
    """Return a page on which the launcher is."""
    page = context.new_page()
    page.goto(site)
    page.locator("candor-widget button").wait_for()
    return page


def press_ms(browser: Browser, site: str) -> float:
    """Milliseconds from the press until the question box of a new panel has the focus."""
    with browser.new_context() as context:
        page = opened(context, site)
        started = time.perf_counter()
        page.locator("candor-widget button").click()
        page.frame_locator("candor-widget iframe").locator(READY).wait_for()
        return (time.perf_counter() - started) * 1_000


def bare_ms(browser: Browser, chat: Chat) -> float:
    """Milliseconds from the address until the question box of the chat page has the focus."""
    with browser.new_context() as context:
        page = context.new_page()
        started = time.perf_counter()
        page.goto(f"{chat.url}/a/{chat.assistant.public_key}/", wait_until="commit")
        page.locator(READY).wait_for()
        return (time.perf_counter() - started) * 1_000


def weights(browser: Browser, chat: Chat, site: str) -> tuple[int, int, int]:
    """Bytes, zipped, of the loader and of all that the panel's page loads; requests before the press."""
    with browser.new_context() as context:
        bodies: dict[str, int] = {}
        page = context.new_page()
        page.on("requestfinished", lambda r: bodies.update({r.url: -1}) if r.url.startswith(chat.url) else None)
        page.goto(site)
        page.locator("candor-widget button").wait_for()
        page.wait_for_timeout(500)
        before = len(bodies)
        responses: list[Any] = []
        page.on("response", lambda response: responses.append(response))
        page.locator("candor-widget button").click()
        page.wait_for_timeout(1_500)
        panel = sum(len(gzip.compress(r.body(), 9)) for r in responses if r.url.startswith(chat.url))
        script = page.request.get(f"{chat.url}/widget.js").body()
        return len(gzip.compress(script, 9)), panel, before


def main() -> int:
    """Measure and print; returns 1 where a target was missed."""
    parser = options(str(__doc__).splitlines()[0])
    parser.add_argument("--presses", type=int, default=15, help="presses and bare loads of the chat page")
    given = parser.parse_args()
    with chat() as running, website(running) as site:
        running.assistant.allowed_origins = site
        running.assistant.save()
        return measure(running, site, presses=given.presses, as_json=given.json)


def measure(running: Chat, site: str, *, presses: int, as_json: bool) -> int:
    """Press and load alternately, weigh, and print."""
    with sync_playwright() as playwright:
        program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        press_ms(browser, site), bare_ms(browser, running)  # warm: templates are compiled, pages cached
        pressed, bare = [], []
        for number in range(presses):
            say(f"Press {number + 1} of {presses} …")
            pressed.append(press_ms(browser, site))
            bare.append(bare_ms(browser, running))
        loader, panel, requests = weights(browser, running, site)
        browser.close()
    middle, bare_middle = statistics.median(pressed), statistics.median(bare)
    return show(
        [
            Figure("loader", loader, "bytes gz", at_most=4_000),
            Figure("requests before the press", requests, at_most=1),
            Figure("panel page in total", panel, "bytes gz", at_most=60_000),
            Figure("press to usable panel, median", middle, "ms"),
            Figure("chat page alone until usable, median", bare_middle, "ms"),
            Figure("press to usable panel by page load", middle / bare_middle, at_most=2.0),
        ],
        as_json=as_json,
    )


if __name__ == "__main__":
    sys.exit(main())
