"""How every benchmark takes its options, shows its progress and prints its figures."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured number; `at_most` or `at_least` is what it must keep."""

    name: str
    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def kept(self) -> bool:
        """Tell whether the number is within its target; one without a target always is."""
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    @property
    def target(self) -> str:
        """The target in words, and whether it was missed."""
        words = f"at most {self.at_most:g}" if self.at_most is not None else ""
        words = f"at least {self.at_least:g}" if self.at_least is not None else words
        return words if self.kept else f"{words}  MISSED"


def options(description: str) -> ArgumentParser:
    """Return a parser that knows `--json`; a script adds its own options."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


def say(text: str) -> None:
    """Tell how far it has come, beside the result: on stderr."""
    print(text, file=sys.stderr, flush=True)


def line(figure: Figure, width: int = 0) -> str:
    """Return a figure's line, its name padded to `width` characters."""
    number = f"{figure.value:,.0f}" if figure.value >= 100 or figure.value == 0 else f"{figure.value:.3g}"
    return f"{figure.name:<{width}}  {number:>8} {figure.unit:<10} {figure.target}".rstrip()


def show(figures: Sequence[Figure], *, as_json: bool) -> int:
    """Print the table; returns the exit code: 1 where a target was missed."""
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        print(line(figure, width))
    if as_json:
        rows = {f.name: {"value": round(f.value, 4), "unit": f.unit, "kept": f.kept} for f in figures}
        print(json.dumps(rows, ensure_ascii=False))
    return 0 if all(figure.kept for figure in figures) else 1
