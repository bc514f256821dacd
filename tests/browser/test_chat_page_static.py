"""What holds for our pages before a browser opens them: the content policy, contrast, direction and weight."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
STATIC = Path(settings.BASE_DIR, "static", "candor")
STYLESHEETS = sorted(STATIC.glob("*.css"))
# Data for search engines is no script to a browser.
INLINE = re.compile(
    r"<script(?![^>]*\ssrc=| type=.application/ld)|<style|\s(?:style|on[a-z]+|hx-on[:a-z-]*)\s*=", re.IGNORECASE
)
PHYSICAL = re.compile(r"\b(?:left|right)\s*:|:\s*(?:left|right)\b")
COLOUR = re.compile(r"--candor-([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
TEXT_ON_GROUND = [
    *((text, ground) for text in ("ink", "muted", "accent", "alert") for ground in ("paper", "raised", "sunk")),
    ("ink", "tint"),
    ("accent", "tint"),
    ("on-accent", "accent"),
]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_carries_a_script_style_or_handler_that_the_content_policy_would_block(path: Path) -> None:
    assert INLINE.findall(path.read_text()) == []


def test_text_has_enough_contrast_on_every_ground_it_stands_on_by_day_and_by_night() -> None:
    weak = [
        (text, ground, mode)
        for text, ground in TEXT_ON_GROUND
        for mode in (0, 1)
        if contrast(palette()[text][mode], palette()[ground][mode]) < 4.5
    ]
    assert weak == []


def test_the_edges_of_controls_can_be_made_out() -> None:
    grounds = ("paper", "raised")
    assert all(contrast(palette()["edge"][mode], palette()[ground][mode]) >= 3 for ground in grounds for mode in (0, 1))


@pytest.mark.parametrize("path", STYLESHEETS, ids=lambda path: path.name)
def test_the_layout_turns_round_for_languages_written_from_the_right(path: Path) -> None:
    assert PHYSICAL.findall(path.read_text()) == []


def test_every_colour_a_stylesheet_asks_for_is_in_the_palette() -> None:
    used = {name for path in STYLESHEETS for name in re.findall(r"var\(--candor-([a-z-]+)\)", path.read_text())}
    assert used - set(palette()) == {"sans", "mono"}


def test_styles_and_scripts_of_the_chat_page_weigh_less_than_fifteen_kilobytes_compressed() -> None:
    files = [
        path
        for path in (*STYLESHEETS, *STATIC.glob("*.js"))
        if not path.name.startswith(("admin", "widget", "help", "sample", "desk"))
    ]
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in files) < 15_000


def palette() -> dict[str, tuple[str, str]]:
    """Return each colour's name with its value by day and by night."""
    return {name: (day, night) for name, day, night in COLOUR.findall((STATIC / "answer.css").read_text())}


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    red, green, blue = (linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(channel: float) -> float:
    """From sRGB, 0 to 1."""
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
