"""What a website's page can call, hear and vouch for."""

import time

import jwt
from playwright.sync_api import Route, expect

from tests.browser.conftest import Welcome
from tests.browser.hosts import HostSite
from tests.browser.product import House
from tests.browser.test_asking import DELIVERY, PRICE


def test_calls_before_the_script_is_there_are_kept(site: str, host: HostSite, key: str, welcome: Welcome) -> None:
    stub = """<script>window.Candor = window.Candor || function () { (Candor.q = Candor.q || []).push(arguments) };
      window.heard = [];
      for (const name of ["ready", "open", "message", "answer", "feedback", "handoff", "close"])
        Candor("on", name, (detail) => window.heard.push([name, detail]));
      Candor("ask", "how much is delivery for a helmet");</script>"""
    guest = welcome().open(host.put_widget(site, key, head=stub))
    expect(guest.reply().locator(".answer")).to_contain_text(PRICE)
    guest.panel.get_by_role("button", name="Helpful", exact=True).click()
    expect(guest.panel.get_by_role("button", name="Helpful", exact=True)).to_have_attribute("aria-pressed", "true")
    guest.page.evaluate("Candor.close()")
    expect(guest.dialog).to_be_hidden()
    heard = guest.page.evaluate("heard")
    assert [name for name, _ in heard] == ["open", "ready", "message", "answer", "feedback", "close"]
    assert heard[2][1] == {"text": "how much is delivery for a helmet"}
    assert heard[3][1]["outcome"] == "quote"


def test_everything_that_pages_can_call(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    call = guest.page.evaluate
    call("Candor.toggle()")
    expect(guest.box).to_be_visible()
    call("Candor('toggle')")
    expect(guest.dialog).to_be_hidden()
    call("Candor.hide()")
    expect(guest.launcher).to_be_hidden()
    call("Candor.show()")
    expect(guest.launcher).to_be_visible()
    call("Candor.open()")
    call("Candor.setTheme('dark')")
    expect(guest.panel.locator("html")).to_have_attribute("data-theme", "dark")
    call("Candor.setTheme('javascript:alert(1)')")
    call("Candor.setLocale('de')")
    expect(guest.panel.locator("html")).to_have_attribute("lang", "de")
    call("window.calls = 0; window.count = () => window.calls++; Candor.on('close', count); Candor.close()")
    call("Candor.off('close', count); Candor.open(); Candor.close(); Candor('no such thing'); Candor('constructor')")
    assert call("window.calls") == 1
    call("Candor.destroy()")
    expect(guest.page.locator("candor-widget")).to_have_count(0)
    assert call("typeof window.Candor") == "undefined"


def test_five_thousand_questions_in_a_row_ask_a_few(site: str, shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.page.evaluate("for (let n = 0; n < 5000; n++) Candor.ask(`Question number ${n}?`)")
    expect(guest.panel.locator(".said").last).to_have_text("Question number 4999?")
    guest.reply()
    guest.page.evaluate("for (let n = 0; n < 5000; n++) Candor.ask(`Again ${n}?`)")
    expect(guest.panel.locator(".said").last).to_have_text("Again 4999?")
    guest.reply()
    assert len([path for path in guest.asked_of(site) if "/ask/" in path]) <= 4


def test_a_question_that_comes_while_the_conversation_is_fetched_is_not_lost(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.open_panel()
    guest.ask(DELIVERY)
    guest.page.evaluate("Candor.close()")
    held: list[Route] = []
    guest.page.route("**/turns/**", lambda route: held.append(route))
    guest.page.reload()
    guest.page.evaluate("Candor.ask('how much is a bike service?')")
    guest.page.wait_for_timeout(700)
    assert len(held) == 1
    held[0].continue_()
    expect(guest.panel.locator(".said")).to_have_text([DELIVERY, "how much is a bike service?"])
    guest.reply()
    expect(guest.panel.locator(".said")).to_have_text([DELIVERY, "how much is a bike service?"])


def test_a_user_of_the_website_finds_the_conversation_on_another_device_and_logs_out(
    house: House, shop: str, welcome: Welcome
) -> None:
    def vouched() -> str:
        return jwt.encode({"sub": "user-42", "exp": time.time() + 60}, house.identity_secret, "HS256")

    first = welcome().open(shop)
    first.page.evaluate("(proof) => Candor.identify(async () => { window.asked = true; return proof; })", vouched())
    assert first.page.evaluate("window.asked") is None
    first.open_panel()
    first.ask(DELIVERY)
    second = welcome().open(shop)
    second.page.evaluate("(proof) => Candor.identify(proof)", vouched())
    second.open_panel()
    expect(second.panel.locator(".said")).to_have_text(DELIVERY)
    tab = second.context.new_page()
    tab.goto(shop)
    tab.locator("candor-widget button").click()
    expect(tab.frame_locator("candor-widget iframe").locator(".said")).to_have_text(DELIVERY)
    second.page.evaluate("Candor.reset()")
    expect(second.panel.locator(".turn")).to_have_count(0)
    expect(tab.frame_locator("candor-widget iframe").locator(".turn")).to_have_count(0)
    second.page.reload()
    expect(second.box).to_be_visible()
    expect(second.panel.locator(".turn")).to_have_count(0)


def test_a_question_that_comes_with_the_user_is_the_users(house: House, shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    vouched = jwt.encode({"sub": "user-77", "exp": time.time() + 60}, house.identity_secret, "HS256")
    held: list[Route] = []
    guest.page.route("**/identify/**", lambda route: held.append(route))
    guest.page.evaluate("(proof) => Candor.identify(proof)", vouched)
    guest.open_panel()
    guest.box.fill(DELIVERY)
    guest.box.press("Enter")
    guest.page.wait_for_timeout(500)
    assert len(held) == 1
    assert not [r for r in guest.requests if "/ask/" in r.url]
    held[0].continue_()
    expect(guest.panel.locator(".said")).to_have_text(DELIVERY)
    guest.reply()
    guest.page.unroute("**/identify/**")
    guest.page.evaluate("Candor.reset()")
    expect(guest.panel.locator(".turn")).to_have_count(0)
    guest.page.evaluate("(proof) => Candor.identify(proof)", vouched)
    expect(guest.panel.locator(".said")).to_have_text(DELIVERY)


def test_who_logs_out_while_a_question_is_on_its_way_is_logged_out(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.open_panel()
    held: list[Route] = []
    guest.page.route("**/ask/**", lambda route: held.append(route))
    guest.box.fill(DELIVERY)
    guest.box.press("Enter")
    expect(guest.panel.locator(".sending")).to_be_visible()
    guest.page.evaluate("Candor.reset()")
    held[0].continue_()
    expect(guest.panel.locator(".turn")).to_have_count(0)
    assert ":" not in guest.page.evaluate("Object.values(localStorage).join()")


def test_a_proof_that_does_not_hold_is_refused_aloud(shop: str, welcome: Welcome) -> None:
    guest = welcome()
    guest.expected += ["403", "not signed with"]
    guest.open(shop)
    forged = jwt.encode({"sub": "user-42", "exp": time.time() + 60}, "x" * 40, "HS256")
    with guest.page.expect_console_message(lambda m: "not signed with" in m.text):
        guest.page.evaluate("(proof) => { Candor.identify(proof); Candor.open() }", forged)
