"""The main job on real input: 503 entries that others wrote, asked about in words of our own, in a browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.people import Visitor
from tests.browser.product import House

QUESTIONS = {
    "how long will the council take to decide on my building permit application?": "10 weeks",
    "how much do you pay for a building permit?": "25,000-50,000 SEK for a single-family home",
    "how many years does a heat pump last before it must be replaced?": "20–25 years",
    "how close to my neighbour may I build an extension without asking them?": "at least 4.5 m",
    "tiles or sheet metal for the new roof?": "noisier in rain",
    "how thick must the insulation in the walls and roof be?": "350 mm mineral wool",
    "may the safety representative stop work on the site?": "right of stoppage",
    "what does an RCD do?": "cuts the power on an earth fault",
    "can I cancel a building contract before the work has started?": "KTjL 42 §",
    "how can I tell there is mould inside a wall?": "musty smell",
}


@pytest.fixture
def visitor(house: House, site: str, visit: Visit) -> Visitor:
    if "Permit desk" not in house.keys:
        pytest.skip("The public FAQ (zaragoza_faq) is not beside this project.")
    return visit(site).open(f"/a/{house.keys['Permit desk']}/")


def test_real_questions_get_the_right_entries_most_of_them_at_once(visitor: Visitor) -> None:
    asked_back = 0
    for question, words in QUESTIONS.items():
        reply = visitor.ask(question)
        if reply.locator(".choices").count():
            asked_back += 1
            turns = visitor.questions.count()
            reply.locator(".choice").first.click()
            expect(visitor.questions).to_have_count(turns + 1)
            reply = visitor.reply()
        expect(reply.locator(".answer")).to_contain_text(words)
        expect(reply.locator(".sources a")).to_have_count(1)
    assert asked_back <= 2


def test_a_question_that_is_not_clear_leads_to_the_right_entry_by_one_press(visitor: Visitor) -> None:
    visitor.ask("is it wise to just take the lowest quote from a builder?")
    visitor.page.get_by_role("button", name="Should I pick the cheapest quote?").click()
    expect(visitor.questions).to_have_count(2)
    expect(visitor.reply().locator(".answer")).to_contain_text("A very low price may indicate")


def test_a_question_that_the_faq_does_not_answer_is_declined(visitor: Visitor) -> None:
    expect(visitor.ask("who won the football world cup?").locator(".answer")).to_contain_text("I don't have an answer")
