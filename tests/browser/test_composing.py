"""The question box: keys, drafts, refusals and a line that is down."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.people import Visitor
from tests.browser.test_asking import DELIVERY, PRICE

TOO_LONG = "why? " * 900
PRESS_WHILE_COMPOSING = """(box, extra) => box.dispatchEvent(
    new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true, ...extra}))"""


@pytest.fixture
def visitor(site: str, visit: Visit) -> Visitor:
    return visit(site).open()


def test_enter_sends_and_the_box_is_empty_and_keeps_the_focus(visitor: Visitor) -> None:
    visitor.box.press_sequentially(DELIVERY)
    visitor.box.press("Enter")
    expect(visitor.reply().locator(".answer")).to_contain_text(PRICE)
    expect(visitor.box).to_have_value("")
    expect(visitor.box).to_be_focused()


def test_shift_and_enter_break_the_line_and_send_nothing(visitor: Visitor) -> None:
    visitor.box.press_sequentially("one")
    visitor.box.press("Shift+Enter")
    visitor.box.press_sequentially("two")
    expect(visitor.box).to_have_value("one\ntwo")
    expect(visitor.questions).to_have_count(0)


def test_the_box_grows_with_what_is_typed(visitor: Visitor) -> None:
    low = visitor.box.evaluate("box => box.offsetHeight")
    visitor.box.fill("one\ntwo\nthree\nfour")
    assert visitor.box.evaluate("box => box.offsetHeight") > low + 40


@pytest.mark.parametrize("extra", [{"isComposing": True}, {"keyCode": 229}], ids=["composing", "safari"])
def test_enter_that_ends_a_composition_sends_nothing(visitor: Visitor, extra: dict[str, Any]) -> None:
    visitor.box.fill("とうきょう")
    assert visitor.box.evaluate(PRESS_WHILE_COMPOSING, extra) is True  # and the key does what it would have done
    expect(visitor.questions).to_have_count(0)
    expect(visitor.box).to_have_value("とうきょう")


def test_enter_in_an_empty_box_sends_nothing(visitor: Visitor) -> None:
    visitor.box.fill("  ")
    visitor.box.press("Enter")
    expect(visitor.questions).to_have_count(0)


def test_the_arrow_up_brings_the_last_question_back_into_an_empty_box(visitor: Visitor) -> None:
    visitor.ask(DELIVERY)
    visitor.box.press("ArrowUp")
    expect(visitor.box).to_have_value(DELIVERY)


def test_a_draft_survives_a_reload_and_is_forgotten_once_sent(visitor: Visitor) -> None:
    visitor.box.press_sequentially("how much is del")
    visitor.page.reload()
    expect(visitor.box).to_have_value("how much is del")
    visitor.box.press_sequentially("ivery")
    visitor.box.press("Enter")
    visitor.reply()
    visitor.page.reload()
    expect(visitor.box).to_have_value("")


def test_a_question_that_is_too_long_comes_back_with_the_reason_the_text_and_the_focus(visitor: Visitor) -> None:
    visitor.expected.append("status of 422")
    visitor.box.fill(TOO_LONG)
    visitor.box.press("Enter")
    expect(visitor.box).to_have_accessible_description(re.compile("4,499 characters, and 4,000 is the most"))
    expect(visitor.box).to_have_value(TOO_LONG)
    expect(visitor.box).to_be_focused()
    expect(visitor.questions).to_have_count(0)
    visitor.ask(DELIVERY)
    expect(visitor.page.get_by_text("Please shorten it")).to_have_count(0)


def test_a_line_that_is_down_loses_no_text_and_the_retry_sends_it(visitor: Visitor) -> None:
    visitor.expected += ["ERR_INTERNET_DISCONNECTED", "htmx:afterRequest", "htmx:sendError"]
    visitor.offline(True)
    visitor.box.fill(DELIVERY)
    visitor.box.press("Enter")
    expect(visitor.page.get_by_role("alert")).to_contain_text("Check your connection")
    expect(visitor.box).to_have_value(DELIVERY)
    expect(visitor.questions).to_have_count(0)
    visitor.offline(False)
    visitor.page.get_by_role("button", name="Try again").click()
    expect(visitor.reply().locator(".answer")).to_contain_text(PRICE)
    expect(visitor.page.get_by_role("alert")).to_be_empty()
    expect(visitor.box).to_have_value("")


def test_a_page_whose_token_is_gone_says_so_and_keeps_the_text(visitor: Visitor) -> None:
    visitor.expected += ["status of 403", "Status Error Code 403"]
    visitor.forget_cookies()
    visitor.box.fill(DELIVERY)
    visitor.box.press("Enter")
    expect(visitor.page.get_by_role("alert")).to_contain_text("reload the page")
    expect(visitor.box).to_have_value(DELIVERY)


def test_everything_is_reached_by_keyboard_and_shows_its_focus(site: str, visit: Visit) -> None:
    visitor = visit(site).open("/#nowhere")  # with a fragment the box does not take the focus by itself
    assert visitor.tab_to() == "Skip to the question box"
    visitor.page.keyboard.press("Enter")
    expect(visitor.box).to_be_focused()
    visitor.page.keyboard.type(DELIVERY)
    visitor.page.keyboard.press("Enter")
    visitor.reply()
    way_back = [visitor.tab_to("Shift+Tab") for _ in range(7)]
    assert way_back == ["Copy", "Not helpful", "Helpful", DELIVERY, "Source 1", "More", "Start over"]
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".greeting")).to_be_visible()
