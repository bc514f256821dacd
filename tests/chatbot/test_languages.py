"""What visitors are told in each language: all of it, with what is filled in, and compiled as it is written."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.utils import translation

from chatbot.models import Assistant
from chatbot.prompts import SourceText, build_prompt
from knowledge.models import Entry

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "chatbot" / "locale"
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
FILLED_IN = re.compile(r"%\((\w+)\)s")
IN_PYTHON = re.compile(r'(?:\bgettext(?:_noop)?|\b_)\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+),?\s*\)')
IN_TEMPLATES = re.compile(r"""\{% translate (?:"([^"]+)"|'([^']+)') """)


Told = dict[tuple[str, ...], tuple[str, ...]]


def told(catalogue: Catalog) -> Told:
    """What is said for what: one form, or one for each number that the language tells apart."""
    return {_forms(m.id): _forms(m.string) for m in catalogue if m.id}


def _forms(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(str(form) for form in cast(Sequence[str], text))


def catalogue(code: str) -> Catalog:
    with (FOLDER / code / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=code)


def words_in_source() -> set[str]:
    """What is marked for translation, read from the code itself."""
    found: set[str] = set()
    for path in (ROOT / "chatbot").rglob("*.py"):
        for literals in IN_PYTHON.findall(path.read_text(encoding="utf-8")):
            found.add("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals)))
    for path in (ROOT / "templates").rglob("*.html"):
        if "admin" not in path.parts:
            found |= {one or other for one, other in IN_TEMPLATES.findall(path.read_text(encoding="utf-8"))}
    return found


def test_enough_words_were_found() -> None:
    assert len(words_in_source()) > 90


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_word_that_visitors_see_is_translated(code: str) -> None:
    assert not any(message.fuzzy for message in catalogue(code) if message.id)
    said = told(catalogue(code))
    assert words_in_source() - {forms[0] for forms in said} == set()
    assert [original for original, forms in said.items() if not all(forms)] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_translations_fill_in_what_the_original_does(code: str) -> None:
    for original, forms in told(catalogue(code)).items():
        wanted = set(FILLED_IN.findall(original[-1]))
        for text in forms:
            own = set(FILLED_IN.findall(text))
            # "One more word" needs no figure.
            assert own == wanted or (len(original) > 1 and own <= wanted), text
            assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_is_compiled_is_what_is_written(code: str) -> None:
    with (FOLDER / code / "LC_MESSAGES" / "django.mo").open("rb") as file:
        assert told(read_mo(file)) == told(catalogue(code))


# --- Which language it is


@pytest.mark.parametrize(
    ("address", "accepts", "code", "direction"),
    [
        ("", "", "en", "ltr"),
        ("", "de-AT,de;q=0.9,en;q=0.5", "de", "ltr"),
        ("", "sv,fi;q=0.8", "en", "ltr"),
        ("?lang=ar", "de", "ar", "rtl"),
        ("?lang=pt-BR", "", "pt", "ltr"),
        ("?lang=xx", "fr", "fr", "ltr"),
        ("?lang=<script>", "ja", "ja", "ltr"),
    ],
)
def test_the_page_speaks_the_language_that_was_chosen_or_the_browsers(
    client: Client, assistant: Assistant, address: str, accepts: str, code: str, direction: str
) -> None:
    page = client.get(f"/a/{assistant.public_key}/{address}", headers={"Accept-Language": accepts}).text
    assert f'<html lang="{code}" dir="{direction}"' in page
    with translation.override(code):
        assert translation.gettext("Ask a question") in page


def test_a_language_that_was_chosen_is_carried_on(client: Client, assistant: Assistant) -> None:
    page = client.get(f"/a/{assistant.public_key}/?lang=de").text
    assert f'action="/a/{assistant.public_key}/ask/?lang=de"' in page
    assert f'action="/a/{assistant.public_key}/ask/"' in client.get(f"/a/{assistant.public_key}/").text


def test_refusals_are_said_in_it(client: Client, assistant: Assistant) -> None:
    page = client.post(f"/a/{assistant.public_key}/ask/?lang=es", {"question": " "})
    assert page.status_code == 422
    assert "Escriba primero una pregunta." in page.text


def test_a_greeting_of_the_assistants_own_is_left_as_it_is(client: Client, assistant: Assistant) -> None:
    assert "Guten Tag! Was möchten Sie wissen?" in client.get(f"/a/{assistant.public_key}/?lang=de").text
    Assistant.objects.update(greeting="Moin.")
    assert "Moin." in client.get(f"/a/{assistant.public_key}/?lang=de").text


def test_the_admin_speaks_english_whatever_the_browser_likes(admin_client: Client, opening: Entry) -> None:
    page = admin_client.get("/admin/", headers={"Accept-Language": "de"}).text
    assert "Knowledge" in page
    assert "Abmelden" not in page


def test_a_model_is_told_the_visitors_language() -> None:
    source = [SourceText("When are you open?", "Monday to Friday.")]
    assert "Answer in German, unless" in build_prompt("Wann?", source, [], language="de").messages[-1]["content"]
    assert "Answer in" not in build_prompt("When?", source, []).messages[-1]["content"]
