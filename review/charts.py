"""Lines over time as plain SVG, made on the server: points in, shapes out. Each stands above a table of its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 160
# Around the lines: room for the numbers at the left and the days below.
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 22


@dataclass(frozen=True)
class Line:
    """One line; `points` for SVG, `name` for the legend, `style` is its number."""

    name: str
    points: str
    style: int


@dataclass(frozen=True)
class Chart:
    """Lines with their axes; ticks are (position, word)."""

    title: str
    summary: str
    lines: list[Line]
    across: list[tuple[float, str]]
    up: list[tuple[float, str]]
    header: list[str]
    rows: list[list[object]]
    width: int = WIDTH
    height: int = HEIGHT


def chart(
    title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]], unit: str = ""
) -> Chart:
    """Return a chart of series over the same labels; None leaves a point out."""
    values = [value for _, points in series for value in points if value is not None]
    top = _round_up(max(values, default=0.0))
    inner = WIDTH - LEFT - RIGHT
    step = inner / max(len(labels) - 1, 1)

    def place(at: int, value: float) -> str:
        return f"{LEFT + at * step:.1f},{HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM):.1f}"

    lines = [
        Line(name, " ".join(place(at, value) for at, value in enumerate(points) if value is not None), number)
        for number, (name, points) in enumerate(series)
    ]
    shown = sorted({0, len(labels) // 2, len(labels) - 1}) if labels else []
    return Chart(
        title,
        _summary(title, series, unit),
        lines,
        [(LEFT + at * step, labels[at]) for at in shown],
        [(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), f"{top * share:g}{unit}") for share in (0, 0.5, 1)],
        ["Day", *(name for name, _ in series)],
        [[label, *("" if p[at] is None else p[at] for _, p in series)] for at, label in enumerate(labels)],
    )


def _round_up(value: float) -> float:
    """Return the next number that reads well on an axis: 1, 2, 5 or 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next(power * times for times in (1, 2, 5, 10) if power * times >= value)


def _summary(title: str, series: Sequence[tuple[str, Sequence[float | None]]], unit: str) -> str:
    parts = []
    for name, points in series:
        known = [value for value in points if value is not None]
        if known:
            parts.append(f"{name}: from {min(known):g}{unit} to {max(known):g}{unit}, last {known[-1]:g}{unit}")
    return f"{title}. " + "; ".join(parts) + "." if parts else f"{title}: nothing yet."
