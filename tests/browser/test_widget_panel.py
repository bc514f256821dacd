"""What stands in the panel beside the conversation: sources, a person, the menu; on phones, in Arabic, for all."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Welcome
from tests.browser.hosts import HostSite
from tests.browser.product import House, changed
from tests.browser.test_accessibility import PHONE, flaws
from tests.browser.test_asking import DELIVERY, ELSEWHERE, PRICE, VAGUE


def test_a_source_opens_beside_the_answer_and_escape_closes_only_it(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.open_panel()
    guest.ask(DELIVERY).locator(".sources a").click()
    sheet = guest.panel.get_by_role("dialog")
    expect(sheet.get_by_role("heading", level=2)).to_have_text(DELIVERY)
    guest.page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(guest.dialog).to_be_visible()
    guest.page.keyboard.press("Escape")
    expect(guest.dialog).to_be_hidden()


def test_a_person_is_asked_for_after_a_decline(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.expected.append("status of 422")
    guest.open_panel()
    guest.ask(ELSEWHERE).get_by_role("link", name="Talk to a person").click()
    form = guest.panel.locator("#contact-form")
    expect(form).to_contain_text("kept for the team")
    form.get_by_text("What will be sent").click()
    expect(form.locator("pre")).to_contain_text(ELSEWHERE)
    form.get_by_role("button", name="Send request").click()
    expect(guest.panel.get_by_role("alert").filter(has_text="Without an address")).to_be_visible()
    guest.panel.get_by_label("Your e-mail address").fill("ann@example.com")
    guest.panel.get_by_role("button", name="Send request").click()
    expect(guest.panel.locator("#contact-sent")).to_contain_text("ann@example.com")
    expect(guest.panel.locator("#contact-sent")).to_be_focused()


def test_a_conversation_is_taken_along_and_deleted(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.open_panel()
    guest.ask(DELIVERY)
    guest.panel.get_by_label("More").click()
    with guest.page.expect_download() as download:
        guest.panel.get_by_role("link", name="Download the conversation").click()
    assert PRICE in download.value.path().read_text(encoding="utf-8")
    guest.panel.get_by_text("Delete the conversation").click()
    guest.panel.get_by_role("button", name="Delete for good").click()
    expect(guest.panel.locator("#deleted")).to_contain_text("questions: 1, answers with their traces: 1")
    expect(guest.panel.locator(".turn")).to_have_count(0)
    guest.page.reload()
    expect(guest.box).to_be_visible()
    expect(guest.panel.locator(".turn")).to_have_count(0)
    assert not re.search("[a-z]", guest.page.evaluate("Object.values(localStorage).join()"))


def test_starting_over_empties_the_panel(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.open_panel()
    guest.ask(DELIVERY)
    guest.panel.get_by_role("button", name="Start over").click()
    expect(guest.panel.locator(".turn")).to_have_count(0)
    expect(guest.panel.locator(".greeting")).to_be_visible()
    expect(guest.box).to_be_focused()
    guest.ask(VAGUE)
    expect(guest.panel.locator(".turn")).to_have_count(1)


def test_on_a_phone_it_fills_the_screen(shop: str, welcome: Welcome) -> None:
    guest = welcome(**PHONE).open(shop)
    guest.open_panel()
    box = guest.dialog.bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)
    expect(guest.launcher).to_be_hidden()
    guest.panel.get_by_role("button", name="Close the chat").tap()
    expect(guest.dialog).to_be_hidden()


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_panel(
    site: str, host: HostSite, key: str, welcome: Welcome, lang: str, scheme: Any
) -> None:
    guest = welcome(color_scheme=scheme).open(host.put_widget(site, key, lang=lang))
    guest.open_panel()
    assert flaws(guest.page) == []
    guest.ask(DELIVERY)
    guest.panel.locator(".feedback button").nth(1).click()
    expect(guest.panel.locator(".chip").first).to_be_visible()
    guest.ask(ELSEWHERE).locator("[data-contact]").click()
    expect(guest.panel.locator("#contact-form")).to_be_visible()
    assert flaws(guest.page) == []
    assert guest.panel.locator("html").get_attribute("dir") == ("rtl" if lang == "ar" else "ltr")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("accent", ["#7a1fa2", "#0067c0", "#767676"])
def test_axe_finds_nothing_in_a_colour_of_ones_own(
    house: House, shop: str, welcome: Welcome, accent: str, scheme: Any
) -> None:
    with changed(house, accent=accent):
        guest = welcome(color_scheme=scheme).open(shop)
        guest.open_panel()
        guest.ask(DELIVERY).locator(".feedback button").nth(1).click()
        guest.panel.locator(".chip").first.click()
        expect(guest.panel.locator(".chip").first).to_have_attribute("aria-pressed", "true")
        assert flaws(guest.page) == []
        expect(guest.panel.locator("#send")).not_to_have_css("background-color", "rgb(11, 107, 93)")


NARROW = {
    "320-pixels": {"viewport": {"width": 320, "height": 640}},
    "zoomed-four-times": {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4},
    "forced-colours": {"viewport": {"width": 1280, "height": 800}, "forced_colors": "active"},
    "no-motion": {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"},
}


@pytest.mark.parametrize("way", NARROW.values(), ids=NARROW)
def test_it_can_be_used_however_narrow_large_plain_or_still(shop: str, welcome: Welcome, way: dict[str, Any]) -> None:
    guest = welcome(**way).open(shop)
    guest.open_panel()
    reply = guest.ask(DELIVERY)
    expect(reply.locator(".answer")).to_contain_text(PRICE)
    frame = next(f for f in guest.page.frames if "/embed/" in f.url)
    assert frame.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    small = frame.evaluate("""() => [...document.querySelectorAll("button, a.button, input, textarea, summary")]
        .filter((it) => it.checkVisibility() && it.getBoundingClientRect().height < 43.5)
        .map((it) => it.outerHTML.slice(0, 120))""")
    assert small == []
    assert frame.evaluate("parseFloat(getComputedStyle(document.getElementById('question')).fontSize)") >= 16
    assert flaws(guest.page) == []
    guest.panel.get_by_role("button", name="Close the chat").click()
    expect(guest.dialog).to_be_hidden()


def test_whoever_reads_further_up_is_not_pulled_down(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.open_panel()
    for _ in range(3):
        guest.ask(DELIVERY)
    frame = next(f for f in guest.page.frames if "/embed/" in f.url)
    frame.evaluate("scrollTo(0, 0)")
    expect(guest.panel.get_by_role("button", name="Jump to latest")).to_be_visible()
    guest.panel.get_by_role("button", name="Helpful", exact=True).first.dispatch_event("click")
    guest.page.wait_for_timeout(300)
    assert frame.evaluate("scrollY") < 64
    guest.panel.get_by_role("button", name="Jump to latest").click()
    expect(guest.panel.locator(".turn").last).to_be_in_viewport()


def test_a_press_in_the_moment_in_which_a_form_comes_is_not_lost(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.open_panel()
    reply = guest.ask(DELIVERY)
    frame = next(f for f in guest.page.frames if "/embed/" in f.url)
    press = "() => document.querySelector('.chip').click()"
    frame.evaluate(f"document.addEventListener('htmx:afterSwap', {press}, {{once: true}})")
    reply.get_by_role("button", name="Not helpful").click()
    expect(guest.panel.get_by_role("button", name="Wrong", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(guest.panel.locator(".said")).to_have_text(DELIVERY)


def test_a_link_in_an_answer_opens_beside_the_website(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.context.route("https://www.larkmoor.example/**", lambda route: route.fulfill(body="My orders"))
    guest.open_panel()
    reply = guest.ask("Can I exchange something for another size?")
    with guest.context.expect_page() as opened:
        reply.locator(".answer").get_by_role("link", name="My orders").click()
    assert opened.value.url.startswith("https://www.larkmoor.example/")
    assert opened.value.evaluate("window.opener") is None
    expect(guest.panel.locator(".turn")).to_have_count(1)


def test_the_way_past_the_conversation_stays_in_the_panel(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.open_panel()
    guest.ask(DELIVERY)
    guest.panel.locator(".skip").focus()
    guest.page.keyboard.press("Enter")
    expect(guest.box).to_be_focused()
    assert len(guest.context.pages) == 1
