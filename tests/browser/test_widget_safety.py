"""The widget where it is not welcome, not allowed, or among people who mean harm."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Welcome
from tests.browser.hosts import HostSite
from tests.browser.test_asking import DELIVERY, PRICE, VAGUE

STRICT = (
    "default-src 'none'; script-src {site}; frame-src {site}; img-src data:; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


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
    guest.page.evaluate("Candor.open(); Candor('ask', 'Hello?'); Candor.close()")  # scripts of the page go on
    for path, init in (
        (f"/embed/{key}/ask/", "{method: 'POST', headers: {'X-Candor-Pass': 'x', 'HX-Request': 'true'}}"),
        (f"/embed/{key}/ask/", "{method: 'POST', mode: 'no-cors', body: new URLSearchParams({question: 'Hello?'})}"),
        (f"/a/{key}/ask/", "{method: 'POST', mode: 'no-cors', body: new URLSearchParams({question: 'Hello?'})}"),
    ):
        before = len(guest.requests)
        guest.expected += ["blocked by CORS policy", "Failed to load resource"]
        guest.page.evaluate(f"fetch('{site}{path}', {init}).catch(() => null)")
        statuses = [r.response().status for r in guest.requests[before:] if r.method == "POST" and r.response()]  # type: ignore[union-attr]
        assert all(status == 403 for status in statuses), statuses
        assert statuses or "headers" in init  # with headers of its own the browser asks first, and is told no


def test_an_unknown_key_shows_nothing(site: str, host: HostSite, welcome: Welcome) -> None:
    guest = welcome()
    guest.expected += ["404", "403", "does not show this assistant", "postMessage", "frame-ancestors", "Framing"]
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
