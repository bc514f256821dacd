"""Takes the README's picture from the running demo, when asked to: .venv/bin/pytest tests/browser/screenshot.py"""

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.product import ROOT

PICTURE = ROOT / "docs/images/chat.png"


def test_the_picture_shows_a_question_its_answer_and_its_source(site: str, visit: Visit) -> None:
    visitor = visit(site, viewport={"width": 1280, "height": 800}, color_scheme="light").open()
    visitor.ask("can i get my money back if i cancel a bike hire?")
    expect(visitor.page.locator(".sources a")).to_have_text("Can I cancel a hire booking, and what do I get back?")
    visitor.page.mouse.move(5, 400)  # off the button, which would show that it is pointed at
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=PICTURE, animations="disabled", caret="hide")
    assert PICTURE.stat().st_size < 120_000
