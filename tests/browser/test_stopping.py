"""Stopping an answer, leaving it, and finding it again in another web process."""

import threading

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.product import House, served
from tests.browser.test_streaming import begin_asking, says_in_parts
from tests.chatbot.model_server import ModelServer

BEGIN = "Delivery of a helmet "
SHOWN = "Delivery of a helmet"


def test_stop_stands_in_the_place_of_send_and_keeps_what_was_written(
    written_site: str, visit: Visit, model: ModelServer, gate: threading.Semaphore
) -> None:
    model.script = (says_in_parts(gate, BEGIN, "costs £3.95 [1]."),)
    visitor = visit(written_site).open()
    reply = begin_asking(visitor)
    expect(reply.locator(".streaming")).to_have_text(SHOWN)
    stop, send = (visitor.page.get_by_role("button", name=name, exact=True) for name in ("Stop", "Send"))
    expect(stop).to_be_visible()
    expect(send).to_be_hidden()
    stop.click()
    expect(reply.locator(".answer")).to_have_text(SHOWN)
    expect(reply).to_contain_text("This answer was stopped.")
    expect(send).to_be_visible()
    expect(stop).to_be_hidden()
    visitor.page.reload()
    expect(visitor.page.locator("article.reply").last).to_contain_text("This answer was stopped.")
    visitor.page.get_by_role("button", name="Try again").click()
    expect(visitor.page.locator("article.reply")).to_have_count(2)


def test_the_keyboard_can_stop(written_site: str, visit: Visit, model: ModelServer, gate: threading.Semaphore) -> None:
    model.script = (says_in_parts(gate, BEGIN, "costs £3.95 [1]."),)
    visitor = visit(written_site).open()
    reply = begin_asking(visitor)
    expect(reply.locator(".streaming")).to_have_text(SHOWN)
    visitor.page.keyboard.press("Tab")
    expect(visitor.page.get_by_role("button", name="Stop", exact=True)).to_be_focused()
    visitor.page.keyboard.press("Enter")
    expect(reply).to_contain_text("This answer was stopped.")


def test_a_closed_page_stops_the_model_after_the_grace_and_the_part_is_there_again(
    house: House, visit: Visit, model: ModelServer, model_server: ModelServer, gate: threading.Semaphore
) -> None:
    settings = {"CHAT_MODEL": "scripted", "OPENAI_BASE_URL": model_server.url, "CHAT_GRACE_S": "1"}
    model.script = (says_in_parts(gate, BEGIN, "costs £3.95 [1]."),)
    with served(house, **settings) as site:
        visitor = visit(site).open()
        reply = begin_asking(visitor)
        expect(reply.locator(".streaming")).to_have_text(SHOWN)
        visitor.page.goto("about:blank")
        visitor.page.wait_for_timeout(3_000)
        visitor.open()
        expect(visitor.page.locator("article.reply .answer").last).to_have_text(SHOWN)
        expect(visitor.page.locator("article.reply").last).to_contain_text("This answer was stopped.")


def test_a_reload_within_the_grace_goes_on_where_it_was(
    written_site: str, visit: Visit, model: ModelServer, gate: threading.Semaphore
) -> None:
    model.script = (says_in_parts(gate, BEGIN, "costs £3.95 [1]."),)
    visitor = visit(written_site).open()
    expect(begin_asking(visitor).locator(".streaming")).to_have_text(SHOWN)
    visitor.page.reload()
    reply = visitor.page.locator("article.reply").last
    expect(reply.locator(".streaming")).to_have_text(SHOWN)
    gate.release()
    expect(reply.locator(".answer")).to_contain_text("costs £3.95")
    assert len(model.requests) == 1


def test_with_redis_another_web_process_streams_and_stops_the_same_answer(
    house: House, redis_url: str, visit: Visit, model: ModelServer, model_server: ModelServer, gate: threading.Semaphore
) -> None:
    settings = {"CHAT_MODEL": "scripted", "OPENAI_BASE_URL": model_server.url, "REDIS_URL": redis_url}
    model.script = (says_in_parts(gate, BEGIN, "costs £3.95 then ", "and more."),)
    with served(house, **settings) as maker, served(house, **settings) as other:
        visitor = visit(maker)
        visitor.expected += ["request to elsewhere"]
        visitor.open()
        expect(begin_asking(visitor).locator(".streaming")).to_have_text(SHOWN)
        # Cookies know no ports: the same visitor at the other process.
        second = visitor.page.context.new_page()
        second.goto(other)
        reply = second.locator("article.reply").last
        expect(reply.locator(".streaming")).to_have_text(SHOWN)
        gate.release()
        expect(reply.locator(".streaming")).to_have_text("Delivery of a helmet costs £3.95 then")
        second.get_by_role("button", name="Stop", exact=True).click()
        expect(reply).to_contain_text("This answer was stopped.")
        expect(visitor.page.locator("article.reply").last).to_contain_text("This answer was stopped.")
        assert len(model.requests) == 1
