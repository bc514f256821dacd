"""The learning loop from end to end: a visitor is let down, staff put it right in two actions, and it stays right."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Visit, Welcome
from tests.browser.people import Visitor
from tests.browser.product import House, run
from tests.browser.test_accessibility import ALL_WAYS, flaws

ODD = "when do the quids come back"
REFUND = "When will I get my refund?"
CHUNKS = "cough up in chunks"
SPARE = "is there any tandem to borrow for twins"
# The worker takes questions in every ten seconds.
TAKEN_IN_MS = 40_000


def sit_down(house: House, site: str, visit: Visit, path: str = "/desk/", **way: Any) -> Visitor:
    """A member of staff at the desk."""
    visitor = visit(site, **way).open(path)
    visitor.sign_in(house.password)
    return visitor


def row_of(page: Page, question: str) -> Locator:
    """A question's row of the queue, once the worker has taken it in."""
    row = page.locator("a.row").filter(has_text=question)
    for _ in range(TAKEN_IN_MS // 1_000):
        if row.count():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    expect(row.first).to_be_visible()
    return row.first


def python(house: House, code: str) -> str:
    """What a line of code prints in this house."""
    return run("-c", f"import django; django.setup()\n{code}", environment=house.environment)


@pytest.fixture
def quoting(house: House) -> Iterator[None]:
    """The demo as it comes, with nothing of earlier tests in the queue; afterwards it has learned nothing."""
    python(house, "from review.models import ReviewItem; ReviewItem.objects.all().delete()")
    yield
    python(
        house,
        f"""
from knowledge.models import Entry, GoldenQuestion
from knowledge.services import save_entry
GoldenQuestion.objects.filter(question={ODD!r}).delete()
entry = Entry.objects.get(question={REFUND!r})
kept = [p.text for p in entry.phrasings.all() if p.text != {ODD!r}]
if len(kept) != entry.phrasings.count():
    save_entry(entry, phrasings=kept)
""",
    )


def test_two_actions_lead_from_a_bad_answer_to_a_proven_fix(
    house: House, site: str, shop: str, welcome: Welcome, visit: Visit, quoting: None
) -> None:
    guest = welcome().open(shop)
    guest.open_panel()
    reply = guest.ask(ODD)
    expect(reply.locator(".reply-body")).to_have_attribute("data-outcome", "decline")
    reply.get_by_role("button", name="Not helpful").click()

    staff = sit_down(house, site, visit)
    row = row_of(staff.page, ODD)
    expect(row).to_contain_text("declined")
    row.click()  # the first action
    fix = staff.page.get_by_role("region", name="Fix")
    expect(fix.get_by_role("radio", name=re.compile(re.escape(REFUND)))).to_be_checked()
    fix.get_by_role("button", name="Save and ask again").click()  # the second

    proof = staff.page.locator(".before-after")
    expect(proof).to_contain_text("Before: declined")
    expect(proof.locator(".verdict")).to_contain_text("as it should be", timeout=TAKEN_IN_MS)
    expect(proof.locator(".sides")).to_contain_text("3 working days")

    again = guest.ask(ODD)
    expect(again.locator(".answer")).to_contain_text("3 working days")
    expect(again.locator(".sources a")).to_have_text(REFUND)

    staff.open("/desk/golden/")
    if staff.page.get_by_role("link", name="Larkmoor Cycles").count():
        staff.page.get_by_role("link", name="Larkmoor Cycles").click()
    golden = staff.page.get_by_role("row").filter(has_text=ODD)
    expect(golden).to_contain_text(REFUND)
    python(
        house,
        f"""
from knowledge.models import Entry; from knowledge.services import set_status
set_status(Entry.objects.filter(question={REFUND!r}), "draft")""".replace('"draft"', "Entry.Status.DRAFT"),
    )
    try:
        staff.page.get_by_role("button", name="Ask all now").click()
        broken = staff.page.get_by_role("row").filter(has_text=ODD)
        expect(broken).to_contain_text("not published")
        expect(broken).to_contain_text("✗")
    finally:
        python(
            house,
            f"""
from knowledge.models import Entry; from knowledge.services import set_status
set_status(Entry.objects.filter(question={REFUND!r}), Entry.Status.PUBLISHED)""",
        )


def test_an_item_is_worked_on_by_keys_alone(house: House, site: str, visit: Visit, quoting: None) -> None:
    asker = visit(site).open()
    asker.ask(SPARE)
    asker.ask("which planet has rings")
    staff = sit_down(house, site, visit)
    row_of(staff.page, "planet")
    row_of(staff.page, SPARE).click()
    page, title = staff.page, staff.page.locator(".item-title")
    expect(title).to_have_text(SPARE)
    expect(page.get_by_role("button", name="Save and ask again")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    # Whichever of both comes first.
    key, back = ("j", "k") if page.locator("[data-key=j]").count() else ("k", "j")
    page.keyboard.press(key)
    expect(title).to_have_text("which planet has rings")
    page.keyboard.press(back)
    expect(title).to_have_text(SPARE)
    expect(page.get_by_role("button", name="Save and ask again")).to_be_visible()
    kind = page.locator(".kind[aria-current]")
    page.keyboard.press("e")
    expect(kind).to_have_text("Edit the entry")
    page.keyboard.press("n")
    expect(kind).to_contain_text("New entry")
    expect(page.get_by_label("Question", exact=True)).to_have_value(SPARE)
    page.get_by_label("Answer (Markdown)").press_sequentially("No, we have no tandems.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".verdict")).to_contain_text("as it should be", timeout=TAKEN_IN_MS)
    page.keyboard.press("u")
    expect(page.get_by_text("This fix was undone")).to_be_visible()


def test_what_comes_late_does_not_overwrite_what_is_typed(house: House, site: str, visit: Visit, quoting: None) -> None:
    visit(site).open().ask(SPARE)
    staff = sit_down(house, site, visit)
    # A request that is given up for another one is told to the console.
    staff.expected = ["htmx:afterRequest", "htmx:sendAbort", "htmx:afterOnLoad"]
    page = staff.page
    row_of(page, SPARE).click()
    expect(page.locator(".kind[aria-current]")).to_be_visible()
    page.wait_for_timeout(300)  # until its links are htmx's; before that they lead to the page
    late: list[Route] = []
    page.route("**/fix/?kind=edit*", lambda route: late.append(route))
    page.keyboard.press("e")
    with page.expect_response("**/fix/?kind=new*"):
        page.keyboard.press("n")
    page.wait_for_timeout(300)
    page.get_by_label("Answer (Markdown)").fill("Typed in the meantime.")
    for route in late:
        route.continue_()
    page.wait_for_timeout(1_500)
    expect(page.get_by_label("Answer (Markdown)")).to_have_value("Typed in the meantime.")


def test_an_item_is_fixed_without_scripts(house: House, site: str, visit: Visit, quoting: None) -> None:
    visit(site).open().ask(CHUNKS)
    staff = sit_down(house, site, visit, java_script_enabled=False)
    row_of(staff.page, CHUNKS).click()
    staff.page.get_by_role("link", name="Show it").click()
    staff.page.get_by_role("link", name="New entry").click()
    staff.page.get_by_label("Answer (Markdown)").fill("Soon.")
    staff.page.get_by_label("Question", exact=True).fill("May I cough up in chunks?")
    staff.page.get_by_role("button", name="Save and ask again").click()
    expect(staff.page.get_by_role("heading", name="New entry")).to_be_visible()
    staff.page.get_by_role("button", name="Undo").click()
    expect(staff.page.get_by_text("This fix was undone")).to_be_visible()


@pytest.mark.parametrize("way", ALL_WAYS.values(), ids=ALL_WAYS)
def test_the_desk_is_open_to_all(house: House, site: str, visit: Visit, way: dict[str, Any], quoting: None) -> None:
    visit(site).open().ask("which planet has rings")
    staff = sit_down(house, site, visit, **way)
    row_of(staff.page, "planet")
    found = {"queue": flaws(staff.page)}
    row_of(staff.page, "planet").click()
    expect(staff.page.get_by_role("button", name="Save and ask again")).to_be_visible()
    found["item"] = flaws(staff.page)
    for section in ("conversations", "golden", "gaps", "figures", "people", "log"):
        found[section] = flaws(staff.open(f"/desk/{section}/").page)
    staff.open("/desk/conversations/")
    staff.page.locator("a.row").first.click()
    found["conversation"] = flaws(staff.page)
    assert {page: those for page, those in found.items() if those} == {}


def test_an_edit_is_tried_out_before_it_is_saved(house: House, site: str, visit: Visit) -> None:
    staff = sit_down(house, site, visit, "/admin/")
    staff.open_entry(REFUND)
    page = staff.page
    impact = page.locator("#impact")
    page.get_by_label("Status").select_option("draft")
    expect(impact).to_contain_text("would break")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Golden questions would break: see")).to_be_visible()
    expect(page.locator("#impact")).to_contain_text("would break")
    assert flaws(page) == []
    page.get_by_label("Status").select_option("published")
    expect(impact).to_contain_text("no word, status or date was changed")
    page.get_by_label("Why").fill("Nothing in the end.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
