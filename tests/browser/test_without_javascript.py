"""The whole way with scripts switched off: forms, links and pages."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.people import Visitor
from tests.browser.test_asking import DELIVERY, ELSEWHERE, PRICE, VAGUE


@pytest.fixture
def visitor(site: str, visit: Visit) -> Visitor:
    return visit(site, java_script_enabled=False).open()


def test_a_question_gets_its_answer_in_sight_with_its_source(visitor: Visitor) -> None:
    reply = visitor.ask(DELIVERY)
    expect(reply.locator(".answer")).to_contain_text(PRICE)
    expect(reply).to_be_in_viewport()
    visitor.page.locator(".sources a").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text(DELIVERY)
    visitor.page.get_by_role("link", name="Back to the answer").click()
    expect(visitor.reply()).to_be_in_viewport()


def test_what_was_meant_is_chosen_by_a_press(visitor: Visitor) -> None:
    offer = visitor.ask(VAGUE).locator(".choices button").first
    chosen = offer.inner_text()
    offer.click()
    expect(visitor.questions).to_have_count(2)
    expect(visitor.reply().locator(".sources a")).to_have_text(chosen)


def test_a_question_about_something_else_is_declined(visitor: Visitor) -> None:
    expect(visitor.ask(ELSEWHERE).locator(".answer")).to_contain_text("I don't have an answer to that")


def test_a_thumb_is_given_changed_and_taken_back(visitor: Visitor) -> None:
    visitor.ask(DELIVERY)
    up = visitor.page.get_by_role("button", name="Helpful", exact=True)
    down = visitor.page.get_by_role("button", name="Not helpful")
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    down.click()
    expect(up).to_have_attribute("aria-pressed", "false")
    expect(down).to_have_attribute("aria-pressed", "true")
    down.click()
    expect(down).to_have_attribute("aria-pressed", "false")


def test_starting_over_empties_the_page(visitor: Visitor) -> None:
    visitor.ask(DELIVERY)
    visitor.page.get_by_role("button", name="Start over").click()
    expect(visitor.page.locator(".greeting")).to_be_visible()
    expect(visitor.questions).to_have_count(0)


def test_a_question_that_is_too_long_comes_back_with_the_reason_and_the_text(visitor: Visitor) -> None:
    visitor.expected.append("status of 422")
    text = "why? " * 900
    visitor.box.fill(text)
    visitor.page.get_by_role("button", name="Send").click()
    expect(visitor.page.get_by_text("Please shorten it")).to_be_visible()
    expect(visitor.box).to_have_value(text)
    expect(visitor.box).to_have_accessible_description(re.compile("4,499 characters, and 4,000 is the most"))


def test_without_cookies_the_page_says_what_to_do(visitor: Visitor) -> None:
    visitor.expected.append("status of 403")
    visitor.box.fill(DELIVERY)
    visitor.forget_cookies()
    visitor.page.get_by_role("button", name="Send").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("This page has expired")
    visitor.page.get_by_role("link", name="Go to the chat").click()
    expect(visitor.box).to_be_visible()


def test_what_only_scripts_can_do_is_not_shown(visitor: Visitor) -> None:
    visitor.ask(DELIVERY)
    expect(visitor.page.get_by_role("button", name="Copy")).to_be_hidden()
    expect(visitor.page.get_by_text("Enter sends")).to_be_hidden()
    expect(visitor.page.get_by_role("button", name="Jump to latest")).to_be_hidden()


def test_a_reason_is_given_in_words_of_ones_own(visitor: Visitor) -> None:
    visitor.ask(DELIVERY)
    visitor.page.get_by_role("button", name="Not helpful").click()
    visitor.page.get_by_role("button", name="Outdated").click()
    expect(visitor.page.get_by_role("button", name="Outdated")).to_have_attribute("aria-pressed", "true")
    visitor.page.get_by_label("In your own words (optional)").fill("It was £4.95 last week.")
    visitor.page.get_by_role("button", name="Save").click()
    expect(visitor.page.get_by_label("In your own words (optional)")).to_have_value("It was £4.95 last week.")


def test_a_person_is_asked_for_on_a_page_of_its_own(visitor: Visitor) -> None:
    visitor.expected.append("status of 422")
    visitor.ask(ELSEWHERE).get_by_role("link", name="Talk to a person").click()
    visitor.page.get_by_role("button", name="Send request").click()
    expect(visitor.page.get_by_text("Without an address")).to_be_visible()
    visitor.page.get_by_label("Your e-mail address").fill("ann@example.com")
    visitor.page.get_by_role("button", name="Send request").click()
    expect(visitor.page.get_by_text("You will be answered at ann@example.com.")).to_be_visible()
    visitor.page.get_by_role("link", name="Back to the chat").click()
    expect(visitor.questions).to_have_count(1)


def test_a_conversation_is_deleted_for_good(visitor: Visitor) -> None:
    visitor.ask(DELIVERY)
    visitor.page.get_by_label("More").click()
    visitor.page.get_by_text("Delete the conversation").click()
    visitor.page.get_by_role("button", name="Delete for good").click()
    expect(visitor.page.get_by_role("status").first).to_contain_text("questions: 1")
    visitor.open()
    expect(visitor.questions).to_have_count(0)
    assert "candor_visitor" not in visitor.cookies()
