"""Asking on the chat page with scripts running, where answers are quoted."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Visit
from tests.browser.product import House

DELIVERY = "How much is delivery for parts and accessories?"
PRICE = "£3.95"
VAGUE = "something is wrong with it"
ELSEWHERE = "What's the capital of Mongolia?"


def test_a_question_gets_the_curated_answer_with_its_source(site: str, visit: Visit) -> None:
    reply = visit(site).open().ask("how much is delivery for a helmet")
    expect(reply.locator(".answer")).to_contain_text(PRICE)
    expect(reply.get_by_role("list", name="Sources").get_by_role("link")).to_have_text(DELIVERY)


def test_the_question_stands_on_the_page_before_the_server_has_answered(site: str, visit: Visit) -> None:
    visitor = visit(site).open()
    held: list[Route] = []
    visitor.page.route("**/ask/", lambda route: held.append(route))
    visitor.box.fill(DELIVERY)
    visitor.page.get_by_role("button", name="Send").click()
    expect(visitor.questions).to_have_text(re.compile(re.escape(DELIVERY)))
    expect(visitor.page.get_by_text("Sending…")).to_be_visible()
    expect(visitor.box).to_have_value("")
    held[0].continue_()
    visitor.reply()
    expect(visitor.questions).to_have_count(1)


def test_a_press_on_a_starter_question_asks_it(site: str, visit: Visit) -> None:
    visitor = visit(site).open()
    visitor.page.get_by_role("button", name="The display shows E42. What does it mean?").click()
    expect(visitor.reply().locator(".sources")).to_contain_text("The display shows E42")
    expect(visitor.page.locator(".welcome")).to_be_hidden()


def test_the_mark_and_the_source_open_the_entry_and_lead_back_to_the_answer(site: str, visit: Visit) -> None:
    visitor = visit(site).open()
    mark = visitor.ask(DELIVERY).get_by_role("link", name="1", exact=False).first
    assert mark.get_attribute("href") == visitor.page.locator(".sources a").get_attribute("href")
    for link in (mark, visitor.page.locator(".sources a")):
        link.click()
        sheet = visitor.page.get_by_role("dialog", name=DELIVERY)
        expect(sheet.locator(".answer")).to_contain_text(PRICE)
        visitor.page.keyboard.press("Escape")
        expect(sheet).to_be_hidden()
        expect(link).to_be_focused()


def test_a_vague_question_is_answered_by_a_press_on_what_was_meant(site: str, visit: Visit) -> None:
    visitor = visit(site).open()
    unsure = visitor.ask(VAGUE)
    expect(unsure.locator(".answer")).to_contain_text("Did you mean")
    offers = unsure.get_by_role("list", name="Questions I can answer").get_by_role("button")
    expect(offers).to_have_count(3)
    chosen = offers.nth(1).inner_text()
    offers.nth(1).click()
    expect(visitor.questions).to_have_count(2)
    expect(visitor.reply().locator(".sources a")).to_have_text(chosen)


def test_a_question_about_something_else_is_declined_with_a_way_to_a_person(site: str, visit: Visit) -> None:
    reply = visit(site).open().ask(ELSEWHERE)
    expect(reply.locator(".answer")).to_contain_text("I don't have an answer to that")
    expect(reply.get_by_role("link", name="hello@larkmoor.example")).to_be_visible()
    expect(reply.locator(".sources")).to_have_count(0)


def test_a_decline_names_what_comes_closest(site: str, visit: Visit) -> None:
    reply = visit(site).open().ask("what is the weather today in london")
    expect(reply).to_contain_text("The closest I have")
    expect(reply.locator(".choices button")).not_to_have_count(0)


def test_a_reload_keeps_the_conversation_and_starting_over_empties_it(site: str, visit: Visit) -> None:
    visitor = visit(site).open()
    visitor.ask(DELIVERY)
    visitor.ask(ELSEWHERE)
    visitor.page.reload()
    expect(visitor.questions).to_have_count(2)
    expect(visitor.page.locator(".turn").first).to_contain_text(PRICE)
    visitor.page.get_by_role("button", name="Start over").click()
    expect(visitor.page.locator(".greeting")).to_be_visible()
    expect(visitor.questions).to_have_count(0)
    expect(visitor.page.get_by_role("button", name="Start over")).to_have_count(0)


def test_a_thumb_is_remembered_and_can_be_taken_back(site: str, visit: Visit) -> None:
    visitor = visit(site).open()
    visitor.ask(DELIVERY)
    down = visitor.page.get_by_role("button", name="Not helpful")
    down.click()
    expect(down).to_have_attribute("aria-pressed", "true")
    visitor.page.reload()
    expect(down).to_have_attribute("aria-pressed", "true")
    down.press("Enter")
    expect(down).to_have_attribute("aria-pressed", "false")
    expect(down).to_be_focused()


def test_what_cannot_be_looked_up_says_so_and_is_asked_again_without_typing(broken_site: str, visit: Visit) -> None:
    visitor = visit(broken_site).open()
    failed = visitor.ask("Kann ich Wolfram schmelzen?")  # no word of the entries: those would be offered
    expect(failed.locator(".answer")).to_contain_text("try again")
    failed.get_by_role("button", name="Try again").click()
    expect(visitor.questions).to_have_count(2)
    expect(visitor.questions.last).to_contain_text("Kann ich Wolfram schmelzen?")
    visitor.reply()


def test_while_questions_cannot_be_embedded_their_words_find_entries_to_offer(broken_site: str, visit: Visit) -> None:
    reply = visit(broken_site).open().ask("what are your opening hours?")
    expect(reply.locator(".answer")).to_contain_text("Did you mean")
    offers = reply.get_by_role("list", name="Questions I can answer").get_by_role("button")
    expect(offers.first).to_be_visible()


def test_copying_takes_the_answer_as_it_reads(site: str, visit: Visit) -> None:
    visitor = visit(site, permissions=["clipboard-read", "clipboard-write"]).open()
    visitor.ask(DELIVERY).get_by_role("button", name="Copy").click()
    expect(visitor.page.get_by_role("button", name="Copied")).to_be_visible()
    assert PRICE in visitor.page.evaluate("navigator.clipboard.readText()")


def test_nobody_else_can_open_a_source(site: str, visit: Visit) -> None:
    visitor = visit(site).open()
    path = visitor.ask(DELIVERY).locator(".sources a").get_attribute("href")
    somebody_else = visit(site)
    somebody_else.expected.append("status of 404")
    somebody_else.open(path or "")
    expect(somebody_else.page.get_by_role("heading", level=1)).to_have_text("Page not found")


def test_nothing_is_kept_about_a_reader_who_has_not_asked(site: str, visit: Visit) -> None:
    visitor = visit(site).open()
    # The form's own token, which is the same for nobody and names nobody.
    assert visitor.cookies() <= {"csrftoken"}
    assert visitor.stored() == {}
    visitor.ask(DELIVERY)
    assert visitor.cookies() == {"csrftoken", "candor_visitor"}
    assert visitor.stored() == {}


@pytest.mark.parametrize("path", ["/nowhere/", "/a/nobody/", "/sources/x/"])
def test_a_wrong_address_leads_back_to_the_chat(site: str, visit: Visit, path: str) -> None:
    visitor = visit(site)
    visitor.expected.append("status of 404")
    visitor.open(path).page.get_by_role("link", name="Go to the chat").click()
    expect(visitor.box).to_be_visible()


def test_two_assistants_keep_their_conversations_apart(house: House, site: str, visit: Visit) -> None:
    if "Permit desk" not in house.keys:
        pytest.skip("The public FAQ is not here.")
    visitor = visit(site).open()
    visitor.ask(DELIVERY)
    visitor.open(f"/a/{house.keys['Permit desk']}/")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Permit desk")
    expect(visitor.questions).to_have_count(0)
