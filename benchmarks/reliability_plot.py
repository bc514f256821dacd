"""A reliability diagram as an SVG written by hand: readable on a light and on a dark page, and small in the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

SIZE, LEFT, TOP = 400, 60, 20
WIDTH, HEIGHT = 720, TOP + SIZE + 55
# Distinct in light and dark and to most of those who see colours differently (after Okabe and Ito).
COLOURS = ("#0072b2", "#56b4e9", "#d55e00", "#009e73", "#66c2a5", "#cc79a7", "#e69f00", "#999999")
# Bins of fewer questions say little and would only scatter.
FEWEST = 10
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #333 }
  .grid { stroke: #999; stroke-opacity: .3 }
  .ideal { stroke: #777; stroke-dasharray: 5 5 }
  .curve { fill: none; stroke-width: 2 }
  @media (prefers-color-scheme: dark) { text { fill: #ddd } .ideal { stroke: #aaa } }
"""


@dataclass(frozen=True)
class Curve:
    """A set's bins: mean confidence, share right (both 0 to 1), number of questions."""

    name: str
    bins: Sequence[tuple[float, float, int]]


def draw(curves: Sequence[Curve]) -> str:
    """Return the whole SVG: how often the first entry was right (up) where the confidence was so high (across)."""
    parts = [*_axes()]
    for number, curve in enumerate(curves):
        parts += _curve(curve, COLOURS[number % len(COLOURS)], row=number)
    title = "Reliability: how often the first entry was right, by confidence"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
    return "\n".join([head, f"<title>{title}</title>", f"<style>{STYLE}</style>", *parts, "</svg>", ""])


def _axes() -> list[str]:
    parts = []
    for tenth in range(0, 11, 2):
        x, y = _point(tenth / 10, tenth / 10)
        parts += [
            f'<path class="grid" d="M{LEFT} {y}h{SIZE}M{x} {TOP}v{SIZE}"/>',
            f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{tenth * 10} %</text>',
            f'<text x="{x}" y="{TOP + SIZE + 18}" text-anchor="middle">{tenth / 10:g}</text>',
        ]
    low, high = _point(0, 0), _point(1, 1)
    return [
        *parts,
        f'<path class="ideal" d="M{low[0]} {low[1]}L{high[0]} {high[1]}"/>',
        f'<text x="{LEFT + SIZE / 2}" y="{TOP + SIZE + 42}" text-anchor="middle">confidence</text>',
        f'<text transform="translate(14 {TOP + SIZE / 2}) rotate(-90)" text-anchor="middle">right</text>',
    ]


def _curve(curve: Curve, colour: str, *, row: int) -> list[str]:
    places = [(*_point(sure, right), n) for sure, right, n in curve.bins if n >= FEWEST]
    line = "L".join(f"{x} {y}" for x, y, _ in places)
    y = TOP + 14 + row * 22
    dots = [f'<circle cx="{x}" cy="{y}" r="{min(7, 2.5 + n**0.5 / 12):.1f}" fill="{colour}"/>' for x, y, n in places]
    return [
        *([f'<path class="curve" stroke="{colour}" d="M{line}"/>'] if len(places) > 1 else []),
        *dots,
        f'<rect x="{LEFT + SIZE + 22}" y="{y - 10}" width="12" height="12" rx="2" fill="{colour}"/>',
        f'<text x="{LEFT + SIZE + 40}" y="{y}">{escape(curve.name)}</text>',
    ]


def _point(across: float, up: float) -> tuple[float, float]:
    return round(LEFT + across * SIZE, 1), round(TOP + (1 - up) * SIZE, 1)
