"""axe's rules on every page and state, by day and by night, on a desk and on a phone."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.product import House
from tests.browser.test_asking import DELIVERY, ELSEWHERE, VAGUE

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ALL_WAYS = {
    "desk-light": DESK,
    "desk-dark": {**DESK, "color_scheme": "dark"},
    "phone-light": PHONE,
    "phone-dark": {**PHONE, "color_scheme": "dark"},
}
TWO_WAYS = {name: ALL_WAYS[name] for name in ("desk-light", "phone-dark")}
ADMIN_PAGES = (
    "",
    "knowledge/entry/",
    "knowledge/entry/add/",
    "knowledge/entry/import/",
    "chatbot/conversation/",
    "chatbot/contactrequest/",
    "chatbot/assistant/add/",
)


def flaws(page: Page) -> list[str]:
    """What axe finds, and whether the page has to be moved sideways."""
    # Without preloading, by which axe itself would break the content policy.
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found] + ([f"{wide} px too wide"] if wide > 0 else [])


@pytest.mark.parametrize("way", ALL_WAYS.values(), ids=ALL_WAYS)
def test_the_chat_page_is_open_to_all_empty_and_with_every_kind_of_reply(
    site: str, visit: Visit, way: dict[str, Any]
) -> None:
    visitor = visit(site, **way).open()
    visitor.expected.append("status of 422")
    assert flaws(visitor.page) == []
    for question in (DELIVERY, VAGUE, ELSEWHERE):
        visitor.ask(question)
    visitor.page.get_by_role("button", name="Not helpful").first.click()
    visitor.box.fill("why? " * 900)
    visitor.page.get_by_role("button", name="Send").click()
    expect(visitor.page.get_by_text("Please shorten it")).to_be_visible()
    assert flaws(visitor.page) == []


@pytest.mark.parametrize("way", TWO_WAYS.values(), ids=TWO_WAYS)
def test_a_source_a_wrong_address_and_a_failure_are_open_to_all(
    site: str, broken_site: str, visit: Visit, way: dict[str, Any]
) -> None:
    visitor = visit(site, **way).open()
    visitor.expected.append("status of 404")
    link = visitor.ask(DELIVERY).locator(".sources a")
    link.click()
    expect(visitor.page.get_by_role("dialog", name=DELIVERY)).to_be_visible()
    assert flaws(visitor.page) == []
    visitor.page.goto(visitor.page.url.rstrip("/") + str(link.get_attribute("href")))
    expect(visitor.page.get_by_role("link", name="Back to the answer")).to_be_visible()
    assert flaws(visitor.page) == []
    assert flaws(visitor.open("/nowhere/").page) == []
    unlucky = visit(broken_site, **way).open()
    unlucky.ask("Kann ich Wolfram schmelzen?")  # no word of the entries: those would be offered
    assert flaws(unlucky.page) == []


@pytest.mark.parametrize("way", TWO_WAYS.values(), ids=TWO_WAYS)
def test_the_admin_is_open_to_all(house: House, site: str, visit: Visit, way: dict[str, Any]) -> None:
    editor = visit(site, **way).open("/admin/")
    found = {"login": flaws(editor.page)}
    editor.sign_in(house.password)
    for path in ADMIN_PAGES:
        found[path] = flaws(editor.open(f"/admin/{path}").page)
    editor.open_entry(DELIVERY)
    found["form"] = flaws(editor.page)
    editor.page.get_by_role("link", name="History").click()
    expect(editor.page.get_by_text("Version 1").first).to_be_visible()
    found["history"] = flaws(editor.page)
    assert {page: those for page, those in found.items() if those} == {}
