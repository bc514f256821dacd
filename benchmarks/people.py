"""An editor and a visitor of the running product: they fill in its forms over HTTP, without JavaScript."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

ENTRY = re.compile(r"/admin/knowledge/entry/[0-9a-f-]{36}/change/")
REPLY = re.compile(r'<div class="answer" dir="auto">(.*?)</div>', re.DOTALL)
TIMEOUT_S = 30


class FormReader(HTMLParser):
    """Collects what a browser would send of the form with this id: its fields as they were filled in, its address."""

    def __init__(self, page: str, form_id: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.action = ""
        self._form_id, self._inside, self._select = form_id, False, ""
        self._textarea = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where fields begin, and their values."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("id") == self._form_id
            self.action = given.get("action", "") if self._inside else self.action
        elif self._inside and tag == "input":
            self._take_input(given)
        elif self._inside and tag == "textarea":
            self._textarea = given.get("name", "")
        elif self._inside and tag == "select":
            self._select = given.get("name", "")
        elif self._select and tag == "option" and (self._select not in self.fields or "selected" in given):
            self.fields[self._select] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        """Take a text area's text."""
        if self._textarea:
            self.fields[self._textarea] = data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        """Note where fields end."""
        if tag == "form":
            self._inside = False
        elif tag == "textarea":
            self._textarea = ""
        elif tag == "select":
            self._select = ""

    def _take_input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind in ("submit", "button", "file") or (kind in ("checkbox", "radio") and "checked" not in given):
            return
        self.fields[given.get("name", "")] = given.get("value", "")


class Editor:
    """Somebody signed in to the admin."""

    def __init__(self, site: str, password: str) -> None:
        self._http = httpx.Client(base_url=site, timeout=TIMEOUT_S)
        form = FormReader(self._http.get("/admin/login/").text, "login-form")
        sent = form.fields | {"username": "admin", "password": password, "next": "/admin/"}
        reply = self._http.post("/admin/login/", data=sent)
        if reply.status_code != 302:
            raise SystemExit("The admin did not let the administrator in.")

    def entries(self) -> list[str]:
        """Return the addresses of the change forms on the list's first page."""
        return list(dict.fromkeys(ENTRY.findall(self._http.get("/admin/knowledge/entry/").text)))

    def open(self, address: str) -> dict[str, str]:
        """Return an entry's form as it is filled in."""
        return FormReader(self._http.get(address).text, "entry_form").fields

    def save(self, address: str, fields: dict[str, str]) -> None:
        """Send the form; SystemExit where it is refused."""
        reply = self._http.post(address, data=fields | {"_save": "Save"})
        if reply.status_code != 302:
            raise SystemExit(f"The admin did not take the entry: status {reply.status_code}.")


class Visitor:
    """Somebody new on the default assistant's chat page, who may ask several times."""

    def __init__(self, site: str) -> None:
        self._http = httpx.Client(base_url=site, timeout=TIMEOUT_S, follow_redirects=True)
        self._form = FormReader(self._http.get("/").text, "ask-form")

    def ask(self, question: str) -> str:
        """Return the latest reply's HTML, "" where there is none."""
        sent = self._form.fields | {"question": question}
        reply = self._http.post(urljoin("/", self._form.action), data=sent)
        found = REPLY.findall(reply.raise_for_status().text)
        return found[-1] if found else ""
