"""The widget on somebody's website: the press, the question, the answer, and back to the page."""

import gzip
import re
import threading
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Welcome
from tests.browser.hosts import HostSite
from tests.browser.product import ROOT, House, changed
from tests.browser.test_accessibility import flaws
from tests.browser.test_asking import DELIVERY, PRICE
from tests.browser.test_streaming import BEGIN, END, WHOLE, says_in_parts
from tests.chatbot.model_server import ModelServer


def test_before_the_press_there_is_one_request_and_nothing_is_stored(site: str, shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.page.wait_for_timeout(500)
    assert guest.asked_of(site) == ["/widget.js"]
    assert guest.page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert guest.context.cookies() == []


def test_a_press_opens_the_panel_and_a_question_is_answered_with_its_source(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.open_panel()
    expect(guest.box).to_be_focused()
    reply = guest.ask("how much is delivery for a helmet")
    expect(reply.locator(".answer")).to_contain_text(PRICE)
    expect(reply.locator(".sources a")).to_have_text(DELIVERY)
    assert guest.context.cookies() == []


def test_the_panel_page_weighs_at_most_60_kb(site: str, shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.open_panel()
    guest.page.wait_for_load_state("networkidle")
    weights: dict[str, int] = {}
    for request in guest.requests:
        response = request.response()
        if request.url.startswith(site) and response and "widget.js" not in request.url:
            weights[request.url.removeprefix(site)] = len(gzip.compress(response.body(), 9))
    assert sum(weights.values()) <= 60_000, weights


@pytest.mark.parametrize("blocked", [False, True], ids=["as-usual", "third-party-cookies-blocked"])
def test_a_reload_and_another_page_keep_the_conversation(
    site: str,
    host: HostSite,
    key: str,
    welcome: Welcome,
    chromium: Browser,
    browser_type_launch_args: dict[str, Any],
    blocked: bool,
) -> None:
    browser = chromium
    if blocked:
        options = {**browser_type_launch_args}
        options["args"] = [*options.get("args", []), "--test-third-party-cookie-phaseout"]
        browser = chromium.browser_type.launch(**options)
    try:
        guest = welcome(browser).open(host.put_widget(site, key))
        guest.open_panel()
        guest.ask(DELIVERY)
        guest.open(host.put_widget(site, key, path="/other"))
        expect(guest.panel.locator(".said")).to_have_text(DELIVERY)  # it was open, so it is again
        assert guest.page.evaluate("document.activeElement === document.body")  # and takes no focus away
        assert guest.context.cookies() == []
        if blocked:
            guest.context.close()
    finally:
        if blocked:
            browser.close()


def test_an_answer_goes_on_after_a_reload_in_its_middle_and_is_written_once(
    written_site: str, host: HostSite, key: str, welcome: Welcome, model: ModelServer, gate: threading.Semaphore
) -> None:
    model.script = (says_in_parts(gate, BEGIN, END),)
    guest = welcome().open(host.put_widget(written_site, key))
    guest.open_panel()
    guest.box.fill("what does delivery cost for a helmet")
    guest.box.press("Enter")
    expect(guest.panel.locator(".streaming")).to_have_text(BEGIN.strip())
    guest.page.reload()
    expect(guest.panel.locator(".streaming")).to_have_text(BEGIN.strip())
    gate.release()
    expect(guest.reply().locator(".answer")).to_contain_text(WHOLE)
    assert len(model.requests) == 1


def test_two_tabs_share_a_conversation(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    other = guest.context.new_page()
    other.goto(shop)
    other.locator("candor-widget button").click()
    expect(other.frame_locator("candor-widget iframe").locator("#question")).to_be_visible()
    guest.page.bring_to_front()
    guest.open_panel()
    guest.ask(DELIVERY)
    expect(other.frame_locator("candor-widget iframe").locator(".said")).to_have_text(DELIVERY)


def test_it_can_be_used_by_keyboard_alone(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    keyboard = guest.page.keyboard
    guest.page.locator("#before").focus()
    keyboard.press("Tab")
    expect(guest.launcher).to_be_focused()
    expect(guest.launcher).to_have_attribute("aria-expanded", "false")
    keyboard.press("Enter")
    expect(guest.box).to_be_focused()
    expect(guest.launcher).to_have_attribute("aria-expanded", "true")
    keyboard.type("how much is delivery for a helmet")
    keyboard.press("Enter")
    expect(guest.reply().locator(".answer")).to_contain_text(PRICE)
    expect(guest.box).to_be_focused()
    expect(guest.panel.get_by_role("status").last).to_contain_text(PRICE)
    down = guest.panel.get_by_role("button", name="Not helpful")
    for _ in range(12):
        keyboard.press("Shift+Tab")
        if down.evaluate("(it) => it === document.activeElement"):
            break
    expect(down).to_be_focused()
    keyboard.press("Enter")
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(down).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(guest.panel.get_by_role("button", name="Wrong", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(guest.panel.get_by_role("status").last).to_have_text("Thank you. You can change this.")
    keyboard.press("Escape")
    expect(guest.dialog).to_be_hidden()
    expect(guest.launcher).to_be_focused()


def test_escape_on_the_page_closes_too_and_the_focus_goes_back_to_what_opened_it(
    site: str, host: HostSite, key: str, welcome: Welcome
) -> None:
    body = '<button data-candor-open id="help">Help</button>'
    guest = welcome().open(host.put_widget(site, key, body=body))
    guest.page.locator("#help").click()
    expect(guest.box).to_be_focused()
    guest.page.locator("h1").click()
    guest.page.keyboard.press("Escape")
    expect(guest.dialog).to_be_hidden()
    expect(guest.page.locator("#help")).to_be_focused()


def test_nothing_is_sent_while_a_word_is_being_composed(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.open_panel()
    session = guest.context.new_cdp_session(guest.page)
    session.send("Input.imeSetComposition", {"text": "ペダル", "selectionStart": 3, "selectionEnd": 3})
    guest.box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    guest.box.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True})
    guest.page.wait_for_timeout(300)
    expect(guest.panel.locator(".turn")).to_have_count(0)
    session.send("Input.insertText", {"text": "ペダル"})
    expect(guest.box).to_have_value("ペダル")


# --- As it is handed out


def test_the_line_of_the_readme_works_as_it_stands_but_for_key_and_address(
    site: str, host: HostSite, key: str, welcome: Welcome
) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"<script async .*?</script>", readme)
    page = host.put(
        '<!doctype html><html lang="en"><link rel="icon" href="data:,"><h1>A shop</h1>'
        + line.replace("KEY", key).replace("https://help.example.com", site)
    )
    guest = welcome().open(page)
    guest.open_panel()
    expect(guest.ask(DELIVERY).locator(".answer")).to_contain_text(PRICE)


def test_the_sample_page_shows_what_pages_can_do(site: str, key: str, welcome: Welcome) -> None:
    guest = welcome().open(f"{site}/a/{key}/sample/")
    assert flaws(guest.page) == []
    guest.page.locator("[data-candor-ask]").first.click()
    guest.reply()
    expect(guest.page.locator("#heard")).to_contain_text("candor:answer")
    guest.page.get_by_role("button", name='Candor("toggle")').click()
    expect(guest.dialog).to_be_hidden()


def test_an_assistant_that_remembers_one_tab_only_is_forgotten_by_another(
    house: House, site: str, host: HostSite, key: str, welcome: Welcome
) -> None:
    with changed(house, only_this_tab=True):
        guest = welcome().open(host.put_widget(site, key))
        guest.open_panel()
        guest.ask(DELIVERY)
        assert guest.page.evaluate("[localStorage.length, sessionStorage.length > 0]") == [0, True]
        guest.page.reload()
        expect(guest.panel.locator(".said")).to_have_text(DELIVERY)
        other = guest.context.new_page()
        other.goto(guest.page.url)
        other.locator("candor-widget button").click()
        expect(other.frame_locator("candor-widget iframe").locator(".greeting")).to_be_visible()
        expect(other.frame_locator("candor-widget iframe").locator(".turn")).to_have_count(0)
