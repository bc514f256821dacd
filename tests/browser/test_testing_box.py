"""The test box and the check of wordings in a browser: by keyboard, on a phone, by night, without scripts."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.people import Visitor, choose_base
from tests.browser.product import House
from tests.browser.test_accessibility import TWO_WAYS, flaws

ASK = "/admin/knowledge/entry/ask/"
HIRE = "How do I book a hire bike?"


def editor_of(house: House, site: str, visit: Visit, **way: Any) -> Visitor:
    return visit(site, **way).open("/admin/").sign_in(house.password)


@pytest.mark.parametrize("way", TWO_WAYS.values(), ids=TWO_WAYS)
def test_the_box_and_the_check_are_open_to_all(house: House, site: str, visit: Visit, way: dict[str, Any]) -> None:
    editor = editor_of(house, site, visit, **way)
    page = editor.open(ASK).page
    found = {"empty": flaws(page)}
    page.get_by_label("Question").fill(HIRE)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", name="What the visitor gets")).to_be_visible()
    found["asked"] = flaws(page)
    page.get_by_role("listitem").get_by_role("link", name=HIRE).click()
    expect(page.get_by_text("wordings find this entry")).to_be_visible()
    found["form"] = flaws(page)
    page.goto(page.url.replace("/change/", "/check/"))
    found["wordings"] = flaws(page)
    assert {where: those for where, those in found.items() if those} == {}


def test_enter_asks_and_the_result_is_spoken_and_kept_in_the_address(house: House, site: str, visit: Visit) -> None:
    editor = editor_of(house, site, visit)
    page = editor.open(ASK).page
    page.get_by_label("Question").fill(HIRE)
    page.get_by_label("Question").press("Enter")
    expect(page.get_by_role("status")).to_have_text(re.compile(r"Quote, confidence \d+ percent"))
    expect(page).to_have_url(re.compile(r"\?question=How"))
    expect(page.get_by_label("Question")).to_be_focused()
    page.get_by_label("Question").fill("who won the football cup in 1974")
    page.get_by_label("Question").press("Enter")
    expect(page.get_by_role("status")).to_have_text(re.compile("Decline"))
    page.go_back()
    expect(page.get_by_text(f"“{HIRE}”", exact=True)).to_be_visible()


def test_the_box_works_without_scripts(house: House, site: str, visit: Visit) -> None:
    page = editor_of(house, site, visit, java_script_enabled=False).open(ASK).page
    page.get_by_label("Question").fill(HIRE)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", name="What the visitor gets")).to_be_visible()
    page.get_by_role("listitem").get_by_role("link", name=HIRE).click()
    page.get_by_role("link", name="Check wordings").click()
    expect(page.get_by_text("wordings find this entry")).to_be_visible()


def test_a_wording_that_is_anothers_is_named_as_soon_as_the_entry_is_live(
    house: House, site: str, visit: Visit
) -> None:
    editor = editor_of(house, site, visit)
    page = editor.open("/admin/knowledge/entry/add/").page
    page.get_by_label("Question").fill("Can I rent a tandem?")
    page.get_by_label("Other ways to ask").fill("How do I book a hire bicycle?\ntandem for two")
    page.get_by_label("Answer").fill("Not yet.")
    page.get_by_label("Status").select_option(label="Published")
    choose_base(page)
    page.get_by_role("button", name="Save and continue editing").click()
    check = page.locator(".entry-check")
    expect(check.get_by_text("wordings find this entry")).to_be_visible(timeout=10_000)
    expect(check.get_by_role("heading", name="Very near to this")).to_be_visible()
    expect(check.get_by_role("link", name=HIRE).first).to_be_visible()
