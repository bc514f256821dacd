"""An assistant's colour: contrast as WCAG counts it, and shades that can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.look import PAPER, READABLE, contrast, darkened, flaw, is_colour, shades, style_sheet

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#ffffff", "#000000", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#0000ff", "#ffffff", 8.59),
        ("#123456", "#123456", 1),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)


@given(COLOURS)
def test_every_colour_can_be_read_on_a_dark_page_and_written_on(accent: str) -> None:
    light, dark = shades(accent)
    assert light.accent == accent
    assert contrast(dark.accent, PAPER[1]) >= READABLE
    assert min(contrast(s.accent, s.on_accent) for s in (light, dark)) >= READABLE
    assert contrast(dark.accent, dark.tint) >= READABLE
    assert flaw(accent) or contrast(light.accent, light.tint) >= READABLE


@given(COLOURS)
def test_a_colour_that_cannot_be_read_is_named_with_one_that_can(accent: str) -> None:
    assert bool(flaw(accent)) == (contrast(accent, PAPER[0]) < READABLE)
    assert contrast(darkened(accent), PAPER[0]) >= READABLE
    assert darkened(accent) in flaw(accent) or not flaw(accent)


@pytest.mark.parametrize("text", ["red", "#fff", "#FFFFFF", "#12345g", "#0b6b5d;}", "#0b6b5d\n", ""])
def test_only_six_digits_are_a_colour(text: str) -> None:
    assert not is_colour(text)


def test_a_style_sheet_has_both_pages_colours() -> None:
    assert style_sheet("#0b6b5d").startswith(":root{--candor-accent:light-dark(#0b6b5d,#")
    assert style_sheet("") == ""
