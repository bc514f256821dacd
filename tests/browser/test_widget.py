"""The widget on somebody's website: the press, the question, the answer, and back to the page."""

import gzip
import re
import time
from typing import Any

import jwt
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Welcome
from tests.browser.hosts import HostSite
from tests.browser.product import House
from tests.browser.test_accessibility import PHONE, flaws
from tests.browser.test_asking import DELIVERY, ELSEWHERE, PRICE, VAGUE

DEMO = "Larkmoor Cycles"
STRICT = "default-src 'none'; script-src {site}; frame-src {site}; img-src data:"


@pytest.fixture
def key(house: House) -> str:
    return house.keys[DEMO]


@pytest.fixture
def shop(site: str, host: HostSite, key: str) -> str:
    """A page with the snippet."""
    return host.put_widget(site, key)


# --- Before and with the first press


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
        assert guest.context.cookies() == []
        if blocked:
            guest.context.close()
    finally:
        if blocked:
            browser.close()


def test_an_answer_goes_on_after_a_reload_in_its_middle(shop: str, welcome: Welcome) -> None:
    guest = welcome().open(shop)
    guest.open_panel()
    guest.box.fill(DELIVERY)
    with guest.page.expect_response("**/ask/**"):
        guest.box.press("Enter")
    guest.page.wait_for_function("Object.keys(localStorage).length > 0")
    guest.page.reload()
    expect(guest.panel.locator(".said")).to_have_text(DELIVERY)
    expect(guest.reply().locator(".answer")).to_contain_text(PRICE)


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


# --- By keyboard


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


# --- What a website allows, and whom we allow


def test_a_strict_policy_of_the_website_needs_two_lines(site: str, host: HostSite, key: str, welcome: Welcome) -> None:
    page = host.put_widget(site, key, Content_Security_Policy=STRICT.format(site=site))
    guest = welcome().open(page)
    guest.open_panel()
    expect(guest.ask(DELIVERY).locator(".answer")).to_contain_text(PRICE)


def test_a_website_that_forbids_the_frame_gets_a_plain_link(
    site: str, host: HostSite, key: str, welcome: Welcome
) -> None:
    guest = welcome()
    guest.expected += ["Content Security Policy", "Framing", "frame-src", "Refused", "postMessage", "violates"]
    guest.open(host.put_widget(site, key, Content_Security_Policy=f"script-src {site}; frame-src 'none'"))
    guest.launcher.click()
    link = guest.dialog.get_by_role("link", name="Open the chat in a new tab")
    expect(link).to_have_attribute("href", f"{site}/a/{key}/")
    expect(link).to_be_focused()


def test_a_website_that_is_not_on_the_list_shows_nothing(
    site: str, stranger: HostSite, key: str, welcome: Welcome
) -> None:
    guest = welcome()
    guest.expected += ["frame-ancestors", "403", "does not show this assistant", "postMessage", "Framing", "refused"]
    guest.open(stranger.put_widget(site, key))
    guest.launcher.click()
    expect(guest.page.locator("candor-widget")).to_have_count(0, timeout=15_000)
    for path, init in (
        (f"/embed/{key}/ask/", "{method: 'POST', headers: {'X-Candor-Pass': 'x', 'HX-Request': 'true'}}"),
        (f"/embed/{key}/ask/", "{method: 'POST', mode: 'no-cors', body: new URLSearchParams({question: 'Hello?'})}"),
        (f"/a/{key}/ask/", "{method: 'POST', mode: 'no-cors', body: new URLSearchParams({question: 'Hello?'})}"),
    ):
        before = len(guest.requests)
        guest.expected += ["blocked by CORS policy", "Failed to load resource"]
        guest.page.evaluate(f"fetch('{site}{path}', {init}).catch(() => null)")
        statuses = [r.response().status for r in guest.requests[before:] if r.method == "POST" and r.response()]  # type: ignore[union-attr]
        assert all(status in (403, 405) for status in statuses), statuses


def test_an_unknown_key_shows_nothing(site: str, host: HostSite, welcome: Welcome) -> None:
    guest = welcome()
    guest.expected += ["404", "does not show this assistant", "postMessage", "frame-ancestors", "Framing"]
    guest.open(host.put_widget(site, "no-such-key"))
    guest.launcher.click()
    expect(guest.page.locator("candor-widget")).to_have_count(0, timeout=15_000)


def test_storage_that_is_denied_costs_the_memory_and_nothing_else(
    site: str, host: HostSite, key: str, welcome: Welcome
) -> None:
    guest = welcome()
    deny = "Object.defineProperty(window, '{}', {{get() {{ throw new DOMException('denied', 'SecurityError') }}}});"
    guest.context.add_init_script(deny.format("localStorage") + deny.format("sessionStorage"))
    guest.open(host.put_widget(site, key))
    guest.open_panel()
    expect(guest.ask(DELIVERY).locator(".answer")).to_contain_text(PRICE)
    guest.ask(VAGUE)
    expect(guest.panel.locator(".turn")).to_have_count(2)


def test_hostile_attributes_stay_text(site: str, host: HostSite, key: str, welcome: Welcome) -> None:
    nasty = "&lt;img src=x onerror=alert(1)&gt;"
    attributes = (
        f' data-title="{nasty}" data-accent="red;}}body{{display:none" data-locale="&lt;script&gt;" data-position="x"'
    )
    body = f'<a href="javascript:alert(1)" data-candor-ask="{nasty}">ask</a>'
    guest = welcome().open(host.put_widget(site, key, attributes=attributes, body=body))
    guest.page.on("dialog", lambda _: pytest.fail("a script ran"))
    expect(guest.page.locator("h1")).to_be_visible()
    assert guest.launcher.get_attribute("aria-label") == "<img src=x onerror=alert(1)>"
    guest.page.locator("[data-candor-ask]").click()
    expect(guest.panel.locator(".said")).to_have_text("<img src=x onerror=alert(1)>")


def test_messages_from_others_are_not_heard(site: str, host: HostSite, key: str, welcome: Welcome) -> None:
    body = '<iframe id="other" srcdoc="<p>other</p>"></iframe>'
    guest = welcome().open(host.put_widget(site, key, body=body))
    guest.open_panel()
    guest.ask(DELIVERY)
    token = guest.page.evaluate("Object.values(localStorage).find((v) => v.includes(':'))")
    assert token
    # The page itself, and a frame beside, speak in the panel's name to the loader, and to the panel in the page's.
    guest.page.evaluate("""() => {
        for (const data of [{candor: "forget"}, {candor: "close"}, {candor: "token", token: "evil"},
                            {candor: "__proto__"}, null, 7, "close", {candor: {}}, []]) {
            window.postMessage(data, "*");
            document.getElementById("other").contentWindow.eval(`parent.postMessage(${JSON.stringify(data)}, "*")`);
        }
    }""")
    frame = next(f for f in guest.page.frames if "/embed/" in f.url)
    frame.evaluate("window.postMessage({candor: 'reset'}, '*')")
    guest.page.evaluate("""() => {
        const panel = document.querySelector("candor-widget").shadowRoot.querySelector("iframe").contentWindow;
        document.getElementById("other").contentWindow.target = panel;
        document.getElementById("other").contentWindow.eval("target.postMessage({candor: 'reset'}, '*')");
    }""")
    guest.page.wait_for_timeout(300)
    expect(guest.dialog).to_be_visible()
    expect(guest.panel.locator(".said")).to_have_text(DELIVERY)
    assert guest.page.evaluate("Object.values(localStorage).find((v) => v.includes(':'))") == token


# --- What pages can call


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


def test_a_user_of_the_website_finds_the_conversation_on_another_device_and_logs_out(
    house: House, shop: str, welcome: Welcome
) -> None:
    def vouched() -> str:
        return jwt.encode({"sub": "user-42", "exp": time.time() + 60}, house.identity_secret, "HS256")

    first = welcome().open(shop)
    first.page.evaluate("(proof) => Candor.identify(proof)", vouched())
    first.open_panel()
    first.ask(DELIVERY)
    second = welcome().open(shop)
    second.page.evaluate("(proof) => Candor.identify(proof)", vouched())
    second.open_panel()
    expect(second.panel.locator(".said")).to_have_text(DELIVERY)
    second.page.evaluate("Candor.reset()")
    expect(second.panel.locator(".turn")).to_have_count(0)
    second.page.reload()
    expect(second.box).to_be_visible()
    expect(second.panel.locator(".turn")).to_have_count(0)


def test_a_proof_that_does_not_hold_is_refused_aloud(shop: str, welcome: Welcome) -> None:
    guest = welcome()
    guest.expected += ["403", "not signed with"]
    guest.open(shop)
    forged = jwt.encode({"sub": "user-42", "exp": time.time() + 60}, "x" * 40, "HS256")
    with guest.page.expect_console_message(lambda m: "not signed with" in m.text):
        guest.page.evaluate("(proof) => { Candor.identify(proof); Candor.open() }", forged)


# --- In the panel


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
