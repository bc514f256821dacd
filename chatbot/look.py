"""An assistant's colour: what follows from it for light and dark pages, and whether it can be read. Pure functions.

Contrast is that of WCAG 2.2 (relative luminance of sRGB), from 1 to 21.
"""

import colorsys
import re
from typing import NamedTuple

READABLE = 4.5
# `--candor-paper` of static/candor/answer.css.
PAPER = ("#fbfcfb", "#141716")
# One of these two can be read on any colour: the worse of both contrasts is never above the root of 21.
WHITE, BLACK = "#ffffff", "#000000"
TINT = 0.1
DARK_TINT = 0.16
_HEX = re.compile(r"#[0-9a-f]{6}\Z")


class Shades(NamedTuple):
    """A colour as it is used on one kind of page: itself, what is written on it, and what it tints."""

    accent: str
    on_accent: str
    tint: str


def is_colour(text: str) -> bool:
    """Tell whether a text is `#rrggbb`, in small letters."""
    return bool(_HEX.match(text))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours `#rrggbb`."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def shades(accent: str) -> tuple[Shades, Shades]:
    """Return what an accent becomes on a light and on a dark page.

    On the light page it is kept as it was chosen; on the dark one it is lightened until it can be read.
    """
    light_paper, dark_paper = PAPER
    lit = accent
    while contrast(lit, dark_paper) < READABLE:
        lit = _mixed(lit, WHITE, 0.08)
    return (
        Shades(accent, _readable_on(accent), _tint(light_paper, accent, TINT)),
        Shades(lit, _readable_on(lit), _tint(dark_paper, lit, DARK_TINT)),
    )


def style_sheet(accent: str) -> str:
    """Return the CSS that gives our pages this accent, light and dark; "" for none."""
    if not accent:
        return ""
    pairs = zip(("accent", "on-accent", "tint"), *shades(accent), strict=True)
    return ":root{" + "".join(f"--candor-{name}:light-dark({light},{dark});" for name, light, dark in pairs) + "}\n"


def flaw(accent: str) -> str:
    """Say what is wrong with a colour for links and buttons on a light page; "" where nothing is."""
    found = contrast(accent, PAPER[0])
    if found >= READABLE:
        return ""
    return (
        f"Links in {accent} have a contrast of {found:.1f} : 1 on a light page, and below {READABLE:g} : 1 many people "
        f"cannot read them. {darkened(accent)} is the nearest that can be read."
    )


def darkened(accent: str) -> str:
    """Return the colour, or the nearest darker one of its hue that can be read on a light page."""
    red, green, blue = _channels(accent)
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    while contrast(accent, PAPER[0]) < READABLE and lightness > 0:
        lightness = max(lightness - 0.01, 0.0)
        accent = _hex(colorsys.hls_to_rgb(hue, lightness, saturation))
    return accent


def _readable_on(colour: str) -> str:
    return max((WHITE, BLACK), key=lambda ink: contrast(ink, colour))


def _tint(paper: str, accent: str, share: float) -> str:
    """Return the paper with some of the accent, so little that the accent itself can still be read on it."""
    while share > 0 and contrast(accent, _mixed(paper, accent, share)) < READABLE:
        share -= 0.02
    return _mixed(paper, accent, max(share, 0.0))


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _mixed(ground: str, colour: str, share: float) -> str:
    pairs = zip(_channels(ground), _channels(colour), strict=True)
    return _hex(tuple(a + (b - a) * share for a, b in pairs))


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _hex(channels: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(c * 255):02x}" for c in channels)
