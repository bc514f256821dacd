"""Answers that a model writes, while they are being written."""

import threading
from typing import Any

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import Visit
from tests.browser.people import Visitor
from tests.browser.relay import relayed
from tests.browser.test_asking import DELIVERY
from tests.chatbot.model_server import Act, ModelServer, refuses, says

BEGIN, END = "Delivery of a helmet ", "costs **£3.95** [1]."
WHOLE = "Delivery of a helmet costs £3.95"
SSE_ERROR = "[object Event]"  # htmx's note of a stream that ended
NOTE_WHAT_IS_SAID = """() => {
    window.said = [];
    const status = document.querySelector("[role=status]");
    new MutationObserver(() => window.said.push(status.textContent)).observe(status, {childList: true});
}"""


def says_in_parts(gate: threading.Semaphore, first: str, *others: str) -> Act:
    def act(handler: Any) -> None:
        says(first, finish_reason=None)(handler)
        for part in others:
            gate.acquire(timeout=20)
            handler.chunk(part)
        handler.chunk("", "stop")

    return act


def begin_asking(visitor: Visitor, question: str = "what does delivery cost for a helmet") -> Locator:
    """Send and do not wait; returns the reply as it grows."""
    visitor.box.fill(question)
    visitor.box.press("Enter")
    return visitor.page.locator("article.reply").last


def test_words_appear_before_the_answer_is_whole(
    written_site: str, visit: Visit, model: ModelServer, gate: threading.Semaphore
) -> None:
    model.script = (says_in_parts(gate, BEGIN, END),)
    visitor = visit(written_site).open()
    reply = begin_asking(visitor)
    expect(reply.locator(".streaming")).to_have_text(BEGIN.strip())
    expect(reply.locator(".streaming")).to_have_attribute("aria-busy", "true")
    expect(reply.locator(".reply-body")).to_have_count(0)
    gate.release()
    expect(visitor.reply().locator(".answer")).to_contain_text(WHOLE)
    expect(reply.locator(".streaming")).to_have_count(0)
    expect(reply.locator(".sources a")).to_have_text(DELIVERY)


def test_a_finished_reply_has_nothing_left_that_could_ask_again(
    written_site: str, visit: Visit, model: ModelServer
) -> None:
    model.script = (says(BEGIN, END),)
    visitor = visit(written_site).open()
    begin_asking(visitor)
    assert "sse-connect" not in visitor.reply().evaluate("it => it.outerHTML")


def test_a_connection_that_is_cut_goes_on_where_it_was_and_asks_the_model_once(
    written_site: str, visit: Visit, model: ModelServer, gate: threading.Semaphore
) -> None:
    model.script = (says_in_parts(gate, f"It has a price.\n\n{BEGIN}", "costs **£3.95** then ", "[1]."),)
    with relayed(written_site) as relay:
        visitor = visit(relay.url)
        visitor.expected += ["ERR_INCOMPLETE_CHUNKED_ENCODING", SSE_ERROR]
        reply = begin_asking(visitor.open())
        expect(reply.locator(".streaming p")).to_have_text(["It has a price.", BEGIN.strip()])
        relay.cut()
        gate.release()
        expect(reply.locator(".streaming p")).to_have_text(["It has a price.", f"{WHOLE} then"])  # and nothing twice
        gate.release()
        expect(visitor.reply().locator(".answer")).to_contain_text(WHOLE)
    assert len(model.requests) == 1


def test_a_reload_and_a_second_tab_see_the_same_answer_grow(
    written_site: str, visit: Visit, model: ModelServer, gate: threading.Semaphore
) -> None:
    model.script = (says_in_parts(gate, BEGIN, END),)
    visitor = visit(written_site).open()
    expect(begin_asking(visitor).locator(".streaming")).to_have_text(BEGIN.strip())
    second = visitor.another_tab()
    second.goto("/")
    visitor.page.reload()
    for page in (second, visitor.page):
        expect(page.locator(".streaming")).to_have_text(BEGIN.strip())
    gate.release()
    for page in (second, visitor.page):
        expect(page.locator(".reply-body .answer")).to_contain_text(WHOLE)
    assert len(model.requests) == 1


def test_a_proxy_that_refuses_the_stream_only_delays_the_answer(
    written_site: str, visit: Visit, model: ModelServer
) -> None:
    model.script = (says(BEGIN, END),)
    visitor = visit(written_site)
    visitor.expected += ["status of 502", SSE_ERROR]
    visitor.page.route("**/stream/", lambda route: route.fulfill(status=502))
    begin_asking(visitor.open())
    expect(visitor.reply().locator(".answer")).to_contain_text(WHOLE)


def test_a_proxy_that_holds_the_stream_back_only_delays_the_answer(
    written_site: str, visit: Visit, model: ModelServer
) -> None:
    model.script = (says(BEGIN, END),)
    visitor = visit(written_site)
    visitor.page.clock.install()
    held: list[Route] = []
    visitor.page.route("**/stream/", lambda route: held.append(route))
    begin_asking(visitor.open())
    expect(visitor.page.locator("[data-pending]")).to_have_count(1)
    visitor.page.clock.run_for(14_000)
    expect(visitor.reply().locator(".answer")).to_contain_text(WHOLE)
    for route in held:
        route.abort()


def test_a_screen_reader_hears_that_it_is_answering_and_then_the_answer_once(
    written_site: str, visit: Visit, model: ModelServer
) -> None:
    model.script = (says(BEGIN, *["and so on "] * 20, END, pause_s=0.02),)
    visitor = visit(written_site).open()
    visitor.page.evaluate(NOTE_WHAT_IS_SAID)
    begin_asking(visitor)
    visitor.reply()
    expect(visitor.status).to_contain_text("costs £3.95.")
    said = visitor.page.evaluate("window.said")
    assert said == ["Answering…", visitor.status.inner_text()]


def test_who_prefers_less_motion_sees_the_answer_when_it_is_whole(
    written_site: str, visit: Visit, model: ModelServer, gate: threading.Semaphore
) -> None:
    model.script = (says_in_parts(gate, BEGIN, END),)
    visitor = visit(written_site, reduced_motion="reduce").open()
    reply = begin_asking(visitor)
    expect(reply.locator(".streaming")).to_have_text(BEGIN.strip())
    expect(reply.locator(".streaming")).to_be_hidden()
    gate.release()
    expect(visitor.reply().locator(".answer")).to_be_visible()


def test_who_reads_further_up_is_left_there_and_offered_the_way_down(
    written_site: str, visit: Visit, model: ModelServer, gate: threading.Semaphore
) -> None:
    long = "It is a line of a long answer.\n\n" * 39 + "Last line of it. "
    model.script = (says_in_parts(gate, long, "The end [1]."),)
    visitor = visit(written_site, viewport={"width": 390, "height": 700}).open()
    reply = begin_asking(visitor)
    expect(reply).to_contain_text("Last line of it")
    expect(visitor.questions).to_be_in_viewport()  # a long answer does not push its question off the screen
    before = visitor.page.evaluate("scrollY")
    gate.release()
    visitor.reply()
    assert visitor.page.evaluate("scrollY") == before
    visitor.page.get_by_role("button", name="Jump to latest").click()
    expect(visitor.page.get_by_text("The end")).to_be_in_viewport()
    expect(visitor.page.get_by_role("button", name="Jump to latest")).to_be_hidden()


def test_a_model_that_breaks_off_leaves_the_entry_and_not_half_an_answer(
    written_site: str, visit: Visit, model: ModelServer
) -> None:
    model.script = (says(BEGIN, finish_reason=None),)
    reply = visit(written_site).open().ask(DELIVERY)
    expect(reply.locator(".answer")).to_contain_text("£7.95")
    expect(reply).not_to_contain_text(BEGIN.strip())


def test_a_model_that_does_not_know_declines(written_site: str, visit: Visit, model: ModelServer) -> None:
    model.script = (says("NO", "_ANSWER"),)
    reply = visit(written_site).open().ask(DELIVERY)
    expect(reply.locator(".answer")).to_contain_text("I don't have an answer to that")


@pytest.mark.parametrize(
    "hostile",
    [
        '<img src="https://tracker.example/x" onerror="alert(2)">',
        "![x](https://a.example/?q=1)",
        "[click](javascript:alert(3))",
        "<script>alert(1)</script>",
        "<script>go()</script>",
    ],
)
def test_what_a_model_writes_runs_no_script_and_fetches_nothing(
    written_site: str, visit: Visit, model: ModelServer, hostile: str
) -> None:
    model.script = (says("It has a price. ", hostile, " plain [1]", pause_s=0.1),)
    visitor = visit(written_site).open()
    reply = visitor.ask(DELIVERY)
    # A link or a number that no source has stops the answer; what is only markup is shown as text.
    expect(reply.locator(".answer")).to_contain_text("plain" if "go()" in hostile else "£7.95")
    expect(reply.locator("img, script, .answer a[href^=javascript]")).to_have_count(0)


# The last one, for the product leaves a model that failed alone for a while.
def test_a_model_that_fails_leaves_the_visitor_the_entry_itself(
    written_site: str, visit: Visit, model: ModelServer
) -> None:
    model.script = (refuses(500),)
    reply = visit(written_site).open().ask(DELIVERY)
    expect(reply.locator(".answer")).to_contain_text("I couldn't write an answer just now")
    expect(reply.locator(".sources a")).to_have_text(DELIVERY)
