"""Somebody in front of the chat page: what they do there, what they see, and what went wrong meanwhile."""

from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from tests.browser.product import EDITOR

TIMEOUT_MS = 15_000
expect.set_options(timeout=TIMEOUT_MS)
FOCUSED = """() => {
    const it = document.activeElement;
    return [it.ariaLabel ?? it.innerText.trim(), getComputedStyle(it).outlineStyle];
}"""


def choose_base(page: Page, name: str = "Larkmoor Cycles") -> None:
    """Choose an entry's knowledge base; where there is only one, there is nothing to choose."""
    field = page.get_by_label("Knowledge base")
    if field.count():
        field.select_option(label=name)


class Visitor:
    """A person with a browser of their own; `expected` names parts of messages that are no trouble to them."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self._context, self._site = context, site
        self.expected: list[str] = []
        self._troubles: list[str] = []
        context.set_default_timeout(TIMEOUT_MS)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self._troubles.append(f"script error: {error.error}"))
        context.on("request", self._see_request)
        self.page: Page = context.new_page()

    # --- on the page

    def open(self, path: str = "/") -> "Visitor":
        """Go to a page of the site."""
        self.page.goto(path)
        return self

    def ask(self, question: str) -> Locator:
        """Type and send; returns the finished reply."""
        asked = self.questions.count()
        self.box.fill(question)
        self.page.get_by_role("button", name="Send").click()
        expect(self.questions).to_have_count(asked + 1)
        return self.reply()

    def reply(self) -> Locator:
        """The last reply, once it is finished."""
        body = self.page.locator(".turn").last.locator(".reply-body")
        expect(body).to_be_visible(timeout=TIMEOUT_MS)
        return self.page.locator("article.reply").last

    def tab_to(self, key: str = "Tab") -> str:
        """The name of what the focus goes to, which has to show it."""
        self.page.keyboard.press(key)
        name, ring = self.page.evaluate(FOCUSED)
        assert ring != "none", f"{name} does not show that it has the focus."
        return str(name)

    @property
    def box(self) -> Locator:
        return self.page.get_by_label("Your question")

    @property
    def questions(self) -> Locator:
        return self.page.locator("article.question")

    @property
    def status(self) -> Locator:
        return self.page.get_by_role("status")

    # --- in the admin

    def sign_in(self, password: str) -> "Visitor":
        """As the administrator, on the page that asks for it."""
        self.page.get_by_label("Username").fill(EDITOR)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        return self

    def open_entry(self, question: str) -> None:
        """Find an entry by its question and open its form."""
        self.page.goto("/admin/knowledge/entry/?" + urlencode({"q": question}))
        self.page.get_by_role("link", name=question, exact=True).click()
        self.page.wait_for_url("**/change/**")  # until its scripts have run

    # --- around it

    def another_tab(self) -> Page:
        """A second page of the same browser."""
        return self._context.new_page()

    def cookies(self) -> set[str]:
        return {str(cookie.get("name")) for cookie in self._context.cookies()}

    def forget_cookies(self) -> None:
        self._context.clear_cookies()

    def stored(self) -> Any:
        """What the site keeps in this browser besides cookies."""
        return self.page.evaluate("({...localStorage, ...sessionStorage})")

    def offline(self, away: bool) -> None:
        self._context.set_offline(away)

    def leave(self) -> list[str]:
        """Close the browser; returns what went wrong in it."""
        self._context.close()
        return [t for t in self._troubles if not any(words in t for words in self.expected)]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._troubles.append(f"console: {message.text}")

    def _see_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self._site}/", "data:", "blob:")):
            self._troubles.append(f"request to elsewhere: {request.url}")
