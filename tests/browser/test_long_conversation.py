"""A conversation that is longer than its page."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.people import Visitor
from tests.browser.product import House, run
from tests.browser.test_accessibility import TWO_WAYS, flaws
from tests.browser.test_asking import DELIVERY

TURNS = 120
WRITE = f"""
import sys
from chatbot.models import Conversation, Message
talk = Conversation.objects.get(visitor_id=sys.argv[-1])
Message.objects.bulk_create([
    Message(conversation=talk, position=2 * turn + place, role=role, text=f"{{word}} {{turn:03}}")
    for turn in range(1, {TURNS} + 1)
    for place, role, word in ((1, "user", "Asked"), (2, "assistant", "Said"))
])
"""


@pytest.fixture
def talkative(house: House, site: str, visit: Visit, request: pytest.FixtureRequest) -> Visitor:
    """Somebody who has asked much, back on the page."""
    visitor = visit(site, **getattr(request, "param", {})).open()
    visitor.ask(DELIVERY)
    (cookie,) = [c["value"] for c in visitor.page.context.cookies() if c["name"].endswith("visitor")]
    run("-c", f"import django; django.setup()\n{WRITE}", cookie.split(":")[0], environment=house.environment)
    return visitor.open()


@pytest.mark.parametrize("talkative", TWO_WAYS.values(), ids=TWO_WAYS, indirect=True)
def test_earlier_turns_come_when_they_are_asked_for_until_the_beginning(talkative: Visitor) -> None:
    page = talkative.page
    expect(talkative.questions).to_have_count(50)
    expect(page.get_by_text(f"Said {TURNS:03}")).to_be_in_viewport()
    link = page.get_by_role("link", name="Show earlier messages")
    link.focus()
    page.keyboard.press("Enter")
    expect(talkative.questions).to_have_count(100)
    expect(link).to_be_focused()
    assert flaws(page) == []
    page.keyboard.press("Enter")
    expect(talkative.questions).to_have_count(TURNS + 1)
    expect(page.get_by_text("The conversation begins here.")).to_be_focused()
    expect(talkative.questions.first).to_contain_text(DELIVERY)
    assert flaws(page) == []
    talkative.ask("where is my order")
    expect(talkative.questions).to_have_count(TURNS + 2)


def test_who_reads_on_is_where_they_were(talkative: Visitor) -> None:
    page = talkative.page
    link = page.get_by_role("link", name="Show earlier messages")
    link.scroll_into_view_if_needed()
    first = talkative.questions.first
    expect(first).to_contain_text(f"Asked {TURNS - 49:03}")
    link.click()
    expect(talkative.questions).to_have_count(100)
    expect(page.get_by_text(f"Asked {TURNS - 49:03}")).to_be_in_viewport()


def test_without_scripts_there_are_pages(house: House, site: str, visit: Visit, talkative: Visitor) -> None:
    state: Any = talkative.page.context.storage_state()
    plain = visit(site, java_script_enabled=False, storage_state=state).open()
    plain.page.get_by_role("link", name="Show earlier messages").click()
    expect(plain.questions).to_have_count(50)
    expect(plain.page.get_by_text(f"Asked {TURNS - 50:03}")).to_be_visible()
    plain.page.get_by_role("link", name="Back to the latest").click()
    expect(plain.page.get_by_text(f"Asked {TURNS:03}")).to_be_visible()
