"""The help centre in a browser: read and searched with scripts, without them, by everybody."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_accessibility import DESK, PHONE, flaws
from tests.browser.test_asking import DELIVERY, PRICE

WAYS: dict[str, dict[str, Any]] = {
    "desk-light": DESK,
    "desk-dark-arabic": {**DESK, "color_scheme": "dark", "locale": "ar"},
    "phone-dark": {**PHONE, "color_scheme": "dark"},
    "phone-light-arabic": {**PHONE, "locale": "ar"},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_its_pages_are_open_to_all(site: str, visit: Visit, way: dict[str, Any]) -> None:
    page = visit(site, **way).open("/help/").page
    assert page.locator("html").get_attribute("dir") == ("rtl" if way.get("locale") == "ar" else "ltr")
    assert flaws(page) == []
    page.get_by_role("searchbox").fill("how much is delivery")
    expect(page.locator(".hits a").first).to_have_text(DELIVERY)
    assert flaws(page) == []
    page.locator(".hits a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(DELIVERY)
    assert flaws(page) == []
    page.locator(".crumbs a").last.click()
    expect(page.locator(".hits a")).not_to_have_count(0)
    assert flaws(page) == []


def test_it_finds_while_one_types_and_counts_whether_it_helped(site: str, visit: Visit) -> None:
    visitor = visit(site).open("/help/")
    page = visitor.page
    page.get_by_role("searchbox").press_sequentially("how much is delivery", delay=15)
    expect(page.locator(".hits a").first).to_have_text(DELIVERY)
    page.locator(".hits a").first.click()
    expect(page.locator(".answer")).to_contain_text(PRICE)
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_role("status")).to_contain_text("Good that it helped")
    assert visitor.cookies() == set()


def test_it_works_without_scripts(site: str, visit: Visit) -> None:
    page = visit(site, java_script_enabled=False).open("/help/").page
    page.get_by_role("searchbox").fill("how much is delivery")
    page.get_by_role("button", name="Search").click()
    page.locator(".hits a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(DELIVERY)
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    page.get_by_role("link", name=DELIVERY).click()
    page.get_by_role("link", name="Ask a question").click()
    expect(page.get_by_label("Your question")).to_be_visible()
