"""The public help centre: what can be read there, by people, search engines and language models, and what cannot."""

import json
import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from chatbot import limits
from chatbot.models import Assistant, HelpVote
from knowledge.models import Category, Entry, KnowledgeBase
from knowledge.services import save_entry
from tests.chatbot.conftest import OPENING, RETURNS, unpublish_entry

SITE = "https://help.example"


@pytest.fixture(autouse=True)
def here(settings: Settings) -> None:
    settings.SITE_URL = SITE


@pytest.fixture
def centre(assistant: Assistant, base: KnowledgeBase) -> KnowledgeBase:
    """A help centre of three entries, one of them in a category."""
    base.help_centre = True
    base.save()
    category = Category.objects.create(knowledge_base=base, name="Opening & hours")
    for entry in base.entries.all():
        entry.category = category if entry.question == OPENING[0] else None
        entry.slug = ""
        entry.save()
    return base


def written(base: KnowledgeBase, question: str = "Do you repair e-bikes?", answer: str = "Yes, **all**.") -> Entry:
    """An entry as an editor writes one."""
    return save_entry(Entry(knowledge_base=base, question=question, answer=answer, status="published"))


def address(entry: Entry) -> str:
    return f"/help/{entry.slug or entry.pk.hex}/"


# --- Pages


def test_it_is_there_only_where_it_is_switched_on(client: Client, assistant: Assistant, opening: Entry) -> None:
    for path in ("/help/", "/llms.txt", address(opening), f"/help/{opening.pk.hex}.md"):
        assert client.get(path).status_code == 404, path
    assert "Sitemap" not in client.get("/robots.txt").text
    assert opening.pk.hex not in client.get("/sitemap-help.xml").text


def test_the_front_page_lists_categories_and_what_has_none(client: Client, centre: KnowledgeBase) -> None:
    page = client.get("/help/").text
    assert page.index("Opening &amp; hours") < page.index(OPENING[0]) < page.index("Other questions")
    assert page.index("Other questions") < page.index(RETURNS[0])


def test_reading_and_searching_leaves_nothing_behind(client: Client, centre: KnowledgeBase, opening: Entry) -> None:
    for path in ("/help/", "/help/?q=opening", address(opening)):
        response = client.get(path)
        assert not response.cookies
        assert "csrfmiddlewaretoken" not in response.text
        assert "public" in response["Cache-Control"]


def test_an_entry_has_a_page_of_its_own(client: Client, centre: KnowledgeBase, opening: Entry) -> None:
    page = client.get(address(opening)).text
    assert f'<h1 dir="auto">{OPENING[0]}</h1>' in page
    assert "<strong>Monday to Friday, 9 to 17</strong>" in page
    assert f'<link rel="canonical" href="{SITE}{address(opening)}">' in page


def test_its_address_stays_when_it_is_edited(client: Client, centre: KnowledgeBase) -> None:
    entry = written(centre)
    assert re.fullmatch("do-you-repair-e-bikes-[0-9a-f]{6}", entry.slug)
    old = address(entry)
    entry.question = "Which bikes do you repair?"
    save_entry(entry)
    assert address(entry) == old
    assert "Which bikes do you repair?" in client.get(old).text


@pytest.mark.parametrize(
    ("question", "slug"),
    [
        ("Öffnen Sie sonntags?", "öffnen-sie-sonntags-"),
        ("営業時間は？", "営業時間は-"),
        ("???", ""),
        ("a " * 200, "a-a-a"),
    ],
)
def test_questions_in_any_script_have_an_address(
    client: Client, centre: KnowledgeBase, question: str, slug: str
) -> None:
    entry = written(centre, question)
    assert entry.slug.startswith(slug)
    assert len(entry.slug) <= 70
    assert client.get(address(entry)).status_code == 200


def test_what_may_not_be_said_cannot_be_read(client: Client, centre: KnowledgeBase, opening: Entry) -> None:
    unpublish_entry(opening)
    for path in (address(opening), f"/help/{opening.pk.hex}.md"):
        assert client.get(path).status_code == 404
    for path in ("/help/", "/llms.txt", "/sitemap-help.xml", "/help/?q=When+are+you+open"):
        text = client.get(path).text
        assert OPENING[0] not in text
        assert opening.pk.hex not in text


def test_an_entry_whose_time_is_over_is_gone(client: Client, centre: KnowledgeBase, opening: Entry) -> None:
    Entry.objects.filter(pk=opening.pk).update(valid_until=timezone.now() - timedelta(minutes=1))
    assert client.get(address(opening)).status_code == 404


def test_a_category_is_found_by_its_address_from_before_it_was_renamed(client: Client, centre: KnowledgeBase) -> None:
    category = centre.categories.get()
    old = f"/help/c/opening-hours-{category.pk.hex[-6:]}/"
    assert OPENING[0] in client.get(old).text
    Category.objects.update(name="When we are there")
    moved = client.get(old)
    assert (moved.status_code, moved["Location"]) == (301, f"/help/c/when-we-are-there-{category.pk.hex[-6:]}/")
    assert client.get("/help/c/no-such-000000/").status_code == 404
    assert RETURNS[0] in client.get("/help/others/shop/").text
    assert client.get("/help/others/nowhere/").status_code == 404


def test_the_front_page_asks_no_more_for_many_categories(
    client: Client, centre: KnowledgeBase, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with CaptureQueriesContext(connection) as few:
        client.get("/help/")
    for number in range(6):
        category = Category.objects.create(knowledge_base=centre, name=f"Category {number}")
        for part in range(10):
            Entry.objects.create(
                knowledge_base=centre, category=category, question=f"{number}.{part}?", answer="-", status="published"
            )
    with django_assert_num_queries(len(few)):
        page = client.get("/help/").text
    assert "5.7?" in page
    assert "5.8?" not in page
    assert "All 10" in page


# --- Search


def test_a_search_finds_what_is_meant(client: Client, centre: KnowledgeBase) -> None:
    page = client.get("/help/", {"q": "send something back"}).text
    hits = re.findall(r'<li><a href="[^"]+" dir="auto">([^<]+)</a>', page)
    assert hits[0] == RETURNS[0]
    part = client.get("/help/", {"q": "send something back"}, headers={"HX-Request": "true"}).text
    assert RETURNS[0] in part
    assert "<html" not in part


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("x", "Type a little more"),
        ("how tall is the Eiffel tower", "Nothing fits"),
        ("\x00\x01", "characters that are not text"),
        ("a" * 9_000, "Please shorten it"),
        ("<script>alert(1)</script>", "Nothing fits"),
    ],
)
def test_a_search_for_nothing_says_so(client: Client, centre: KnowledgeBase, typed: str, said: str) -> None:
    page = client.get("/help/", {"q": typed})
    assert page.status_code == 200
    assert said in page.text
    assert "<script>alert" not in page.text


def test_searches_are_limited(client: Client, centre: KnowledgeBase, settings: Settings) -> None:
    settings.LIMIT_ADDRESS_PER_MINUTE = 60
    for _ in range(limits.SEARCHES):
        limits.take_search("127.0.0.1")
    assert "asked a lot" in client.get("/help/", {"q": "opening hours"}).text


# --- Votes


def test_a_vote_is_counted_for_the_version_it_is_about(client: Client, centre: KnowledgeBase, opening: Entry) -> None:
    own = {"Origin": "http://testserver"}
    page = client.post(f"{address(opening)}vote/", {"helped": "yes"}, headers=own)
    assert "Good that it helped" in page.text
    assert not page.cookies
    client.post(f"{address(opening)}vote/", {"helped": "no"}, headers={**own, "HX-Request": "true"})
    vote = HelpVote.objects.get()
    assert (vote.entry_version, vote.helped, vote.helped_not) == (1, 1, 1)


def test_one_address_votes_once_a_minute(
    client: Client, centre: KnowledgeBase, opening: Entry, settings: Settings
) -> None:
    settings.LIMIT_ADDRESS_PER_MINUTE = 60
    for _ in range(3):
        assert (
            client.post(
                f"{address(opening)}vote/", {"helped": "yes"}, headers={"Origin": "http://testserver"}
            ).status_code
            == 200
        )
    assert HelpVote.objects.get().helped == 1


@pytest.mark.parametrize(
    ("origin", "helped"),
    [("https://evil.example", "yes"), ("null", "yes"), ("", "yes"), ("http://testserver", "maybe")],
)
def test_a_vote_from_elsewhere_and_nonsense_are_refused(
    client: Client, centre: KnowledgeBase, opening: Entry, origin: str, helped: str
) -> None:
    response = client.post(f"{address(opening)}vote/", {"helped": helped}, headers={"Origin": origin})
    assert response.status_code == 400
    assert not HelpVote.objects.exists()


def test_staff_see_which_entries_did_not_help(admin_client: Client, centre: KnowledgeBase, opening: Entry) -> None:
    HelpVote.objects.create(entry=opening, entry_version=3, helped=7, helped_not=11)
    listed = admin_client.get("/admin/chatbot/helpvote/").text
    assert OPENING[0] in listed
    assert '<td class="field-helped_not">11</td>' in listed
    assert admin_client.get("/admin/chatbot/helpvote/add/").status_code == 403


# --- For machines


def test_structured_data_names_question_and_answer_and_cannot_be_broken_out_of(
    client: Client, centre: KnowledgeBase
) -> None:
    nasty = written(centre, "What is </script><b>?", "A tag & more: `</script><script>alert(1)</script>`")
    page = client.get(address(nasty)).text
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    told = json.loads(data)
    assert told["@type"] == "FAQPage"
    (question,) = told["mainEntity"]
    assert question["name"] == "What is </script><b>?"
    assert question["acceptedAnswer"]["text"].startswith("A tag & more: </script>")


def test_the_sitemap_has_every_entry_with_its_day(client: Client, centre: KnowledgeBase, opening: Entry) -> None:
    index = ET.fromstring(client.get("/sitemap.xml").content)
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    assert [loc.text for loc in index.findall("s:sitemap/s:loc", names)] == ["http://testserver/sitemap-help.xml"]
    urls = ET.fromstring(client.get("/sitemap-help.xml").content)
    found = {loc.text for loc in urls.findall("s:url/s:loc", names)}
    assert found == {SITE + address(entry) for entry in centre.entries.all()}
    assert f"{SITE}/sitemap.xml" in client.get("/robots.txt").text


def test_every_page_has_a_twin_in_markdown(client: Client, centre: KnowledgeBase, opening: Entry) -> None:
    for path in ("/help/", address(opening), "/help/others/shop/"):
        page = client.get(path)
        twin = re.findall(r'<link rel="alternate" type="text/markdown" href="([^"]+)">', page.text)
        assert len(twin) == 1, path
        text = client.get(twin[0])
        assert text.status_code == 200
        assert text["Content-Type"].startswith("text/")
    entry = client.get(f"/help/{opening.pk.hex}.md").text
    assert entry.startswith(f"# {OPENING[0]}\n\n{OPENING[1]}\n")


def test_llms_txt_leads_to_all_of_it(client: Client, centre: KnowledgeBase, opening: Entry) -> None:
    text = client.get("/llms.txt").text
    assert text.startswith("# Shop\n\n> ")
    assert "## Opening & hours" in text
    assert f"- [{OPENING[0]}]({SITE}/help/{opening.pk.hex}.md): We are open Monday" in text
