"""What staff look at: thresholds that follow what is typed, how an answer was made, and the programs' interface."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.hosts import HostSite
from tests.browser.people import Visitor
from tests.browser.product import House
from tests.browser.test_accessibility import TWO_WAYS, flaws
from tests.browser.test_asking import DELIVERY
from tests.chatbot.model_server import ModelServer, says

ASSISTANTS = "/admin/chatbot/assistant/"


def staff(house: House, site: str, visit: Visit, **way: Any) -> Visitor:
    visitor = visit(site, **way).open("/admin/")
    visitor.sign_in(house.password)
    return visitor


def open_assistant(visitor: Visitor) -> Visitor:
    visitor.open(ASSISTANTS)
    visitor.page.get_by_role("link", name="Larkmoor Cycles", exact=True).click()
    return visitor


@pytest.mark.parametrize("way", TWO_WAYS.values(), ids=TWO_WAYS)
def test_the_pages_are_open_to_all(
    house: House, written_site: str, visit: Visit, way: dict[str, Any], model: ModelServer
) -> None:
    model.script = (says("Delivery of a helmet costs £3.95 [1]."),)
    asker = visit(written_site).open()
    asker.ask(DELIVERY)
    visitor = staff(house, written_site, visit, **way)
    found = {"front": flaws(visitor.page)}
    open_assistant(visitor)
    expect(visitor.page.locator(".foreseen caption")).to_contain_text("75 golden questions")
    found["assistant"] = flaws(visitor.page)
    found["keys"] = flaws(visitor.open("/admin/chatbot/apikey/add/").page)
    found["examples"] = flaws(visitor.open("/admin/chatbot/labelledexample/").page)
    found["golden"] = flaws(visitor.open("/admin/knowledge/goldenquestion/").page)
    found["add golden"] = flaws(visitor.open("/admin/knowledge/goldenquestion/add/").page)
    visitor.open("/admin/chatbot/conversation/")
    visitor.page.locator(".field-first_question a").first.click()
    visitor.page.get_by_text("How this answer was made").last.click()
    visitor.page.get_by_text("What the model was told").last.click()
    expect(visitor.page.get_by_text("You answer visitors' questions for an organisation")).to_be_visible()
    found["trace"] = flaws(visitor.page)
    assert {page: those for page, those in found.items() if those} == {}


def test_what_thresholds_do_follows_what_is_typed(house: House, site: str, visit: Visit) -> None:
    visitor = open_assistant(staff(house, site, visit))
    table = visitor.page.locator(".foreseen")
    expect(table).to_be_visible()
    visitor.page.get_by_label("Asks back from").fill("0.9")
    visitor.page.get_by_label("Quotes from").fill("1")
    quoted = table.get_by_role("row", name="Quoted").get_by_role("cell").last
    expect(quoted).to_contain_text("0 0 %")
    expect(visitor.page.get_by_text("questions would get something else")).to_be_visible()
    visitor.page.get_by_label("Quotes from").fill("0.5")
    expect(visitor.page.locator(".foreseen-box")).to_contain_text("below what it asks back from")


def test_thresholds_can_be_tried_without_scripts(house: House, site: str, visit: Visit) -> None:
    visitor = open_assistant(staff(house, site, visit, java_script_enabled=False))
    visitor.page.get_by_role("link", name="Try thresholds on the golden questions").click()
    visitor.page.get_by_label("Quotes from").fill("1")
    visitor.page.get_by_label("Asks back from").fill("1")
    visitor.page.get_by_role("button", name="Try").click()
    row = visitor.page.locator(".foreseen").get_by_role("row", name="Declined")
    expect(row.get_by_role("cell").last).to_contain_text("75 100 %")


def test_a_golden_question_is_added_by_choosing_its_entry(house: House, site: str, visit: Visit) -> None:
    visitor = staff(house, site, visit)
    visitor.open("/admin/knowledge/goldenquestion/add/")
    visitor.page.get_by_label("Knowledge base").select_option(label="Larkmoor Cycles")
    visitor.page.get_by_label("Question:").fill("what is the postage for a bell")
    with visitor.page.expect_popup() as opened:
        visitor.page.get_by_title("Lookup").click()
    opened.value.get_by_role("textbox").fill("delivery for parts")
    opened.value.get_by_role("button", name="Search").click()
    opened.value.get_by_role("link", name=DELIVERY).click()
    visitor.page.get_by_role("button", name="Save", exact=True).click()
    expect(visitor.page.get_by_text("was added successfully")).to_be_visible()
    visitor.page.get_by_role("link", name="what is the postage for a bell").first.click()
    visitor.page.get_by_role("link", name="Delete").click()
    visitor.page.get_by_role("button", name="Yes").click()


def test_the_interface_for_programs_is_described_without_asking_anybody_else(site: str, visit: Visit) -> None:
    visitor = visit(site).open("/api/docs")  # a request to elsewhere or a blocked script would be trouble
    expect(visitor.page.get_by_text("/api/ask").first).to_be_visible()


def test_an_assistants_look_is_seen_beside_the_form_before_it_is_saved(house: House, site: str, visit: Visit) -> None:
    page = staff(house, site, visit, color_scheme="dark").open(ASSISTANTS).page
    page.get_by_role("link", name="Larkmoor Cycles").click()
    chat = page.frame_locator("#look-frame")
    expect(page.get_by_label("Name:")).to_be_visible()
    page.locator("#look-frame").scroll_into_view_if_needed()
    expect(chat.locator(".greeting")).to_contain_text("Larkmoor Cycles")
    before = chat.locator("#send").evaluate("(it) => getComputedStyle(it).backgroundColor")
    accent = page.locator("#id_accent")
    accent.fill("#ffcc00")
    expect(page.locator("#shades")).to_contain_text("below 4.5 : 1")
    expect(chat.locator("#send")).not_to_have_css("background-color", before)
    expect(accent).to_be_focused()  # the chat does not take it away
    accent.fill("")
    expect(chat.locator("#send")).to_have_css("background-color", before)
    page.get_by_label("Greeting").fill("Good morning.")
    expect(chat.locator(".greeting")).to_have_text("Good morning.")


def test_a_site_is_checked_from_the_form(house: House, site: str, host: HostSite, key: str, visit: Visit) -> None:
    host.put_widget(site, key)
    page = staff(house, site, visit).open(ASSISTANTS).page
    page.get_by_role("link", name="Larkmoor Cycles").click()
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#site-report")).to_contain_text("private network")
    page.get_by_label("Check my site").fill("https://elsewhere.example/")
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#site-report")).to_contain_text("not among the websites")
