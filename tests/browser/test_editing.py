"""From the editor's save to the visitor's answer: the admin in a browser, and a worker that really indexes."""

import re

import pytest
from playwright.sync_api import Dialog, expect

from tests.browser.conftest import Visit
from tests.browser.people import Visitor, choose_base
from tests.browser.product import House

PARKING = "Where are you, and is there parking?"
ASKED = "can I leave my car at your place?"


@pytest.fixture
def editor(house: House, site: str, visit: Visit) -> Visitor:
    return visit(site).open("/admin/").sign_in(house.password)


def test_a_saved_edit_turns_live_by_itself_and_is_what_the_next_visitor_reads(
    site: str, visit: Visit, editor: Visitor
) -> None:
    reader = visit(site).open()
    before = reader.ask(PARKING)
    expect(before.locator(".answer")).not_to_contain_text("behind the bakery")
    editor.open_entry(PARKING)
    editor.page.get_by_label("Answer").fill("You can park **behind the bakery**, 4 spaces, free.")
    expect(editor.page.locator("#preview strong").first).to_have_text("behind the bakery")
    editor.page.get_by_label("Why").fill("We moved.")  # golden questions ask for the ways that are gone
    editor.page.get_by_role("button", name="Save and continue editing").click()
    expect(editor.page.locator(".badge-live")).to_be_visible(timeout=10_000)
    expect(reader.ask(PARKING).locator(".answer")).to_contain_text("behind the bakery")


def test_a_source_says_that_its_entry_was_edited_since(site: str, visit: Visit, editor: Visitor) -> None:
    reader = visit(site).open()
    reader.ask("May I take a hire bike abroad?")
    editor.open_entry("May I take a hire bike abroad?")
    editor.page.get_by_label("Answer").fill("Ask us first.")
    editor.page.get_by_role("button", name="Save", exact=True).click()
    expect(editor.page.get_by_text("was changed successfully")).to_be_visible()
    reader.page.locator(".sources a").click()
    expect(reader.page.get_by_text("This entry has been edited since")).to_be_visible()
    expect(reader.page.locator("#sheet .answer")).not_to_contain_text("Ask us first")


def test_a_new_entry_with_its_phrasings_is_answered(site: str, visit: Visit, editor: Visitor) -> None:
    editor.open("/admin/knowledge/entry/add/")
    editor.page.get_by_label("Question").fill("Do you paint frames?")
    editor.page.get_by_label("Other ways to ask").fill("new colour for my old bike\nrespray")
    editor.page.get_by_label("Answer").fill("Yes, in **any RAL colour**, from £180.")
    editor.page.get_by_label("Status").select_option(label="Published")
    choose_base(editor.page)
    editor.page.get_by_role("button", name="Save and continue editing").click()
    expect(editor.page.locator(".badge-live")).to_be_visible(timeout=10_000)
    expect(visit(site).open().ask("can my old bike get a new colour?").locator(".answer")).to_contain_text("£180")


def test_an_archived_entry_is_not_said_any_more(site: str, visit: Visit, editor: Visitor) -> None:
    question = "Do you run classes in bike maintenance?"
    editor.open("/admin/knowledge/entry/?q=classes+in+bike+maintenance")
    editor.page.get_by_role("checkbox").nth(1).check()
    editor.page.get_by_label("Action:").select_option(label="Archive")
    editor.page.get_by_role("button", name=re.compile("Run|Go")).click()
    expect(editor.page.get_by_text("1 entry archived")).to_be_visible()
    reply = visit(site).open().ask(question)
    expect(reply.locator(".sources a").or_(reply.locator(".choices"))).not_to_contain_text(question)


def test_what_an_earlier_version_said_can_be_restored(editor: Visitor) -> None:
    editor.open_entry("How do I book a hire bike?")
    editor.page.get_by_label("Answer").fill("By pigeon.")
    editor.page.get_by_role("button", name="Save and continue editing").click()
    editor.page.get_by_role("link", name="History").click()
    expect(editor.page.locator(".diff ins").first).to_contain_text("pigeon")
    editor.page.get_by_role("button", name="Restore this version").click()
    expect(editor.page.get_by_label("Answer").or_(editor.page.locator(".version").first)).to_be_visible()
    editor.open_entry("How do I book a hire bike?")
    expect(editor.page.get_by_label("Answer")).to_have_value(re.compile("hire page"))


def test_leaving_with_unsaved_words_asks_first(editor: Visitor) -> None:
    editor.open_entry(PARKING)
    asked: list[str] = []

    def stay_away(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    editor.page.on("dialog", stay_away)
    editor.page.get_by_label("Answer").fill("Half a thought")
    editor.open("/admin/")
    assert asked == ["beforeunload"]
