"""The figures as people read them in a terminal: the product first, the baselines beside it."""

from collections.abc import Mapping
from typing import Any

TITLES = {"product": "product", "bm25": "BM25", "one_vector_per_entry": "one vector"}
ROWS = {
    "n": "questions",
    "n_out_of_scope": "of these out of scope",
    "hit@1": "hit@1",
    "hit@3": "hit@3",
    "hit@5": "hit@5",
    "mrr@10": "MRR@10",
    "ndcg@10": "nDCG@10",
    "auroc": "AUROC, in against out of scope",
    "answered_at_precision_90": "answered right at 90 % precision",
    "answered_at_precision_95": "answered right at 95 % precision",
    "false_answers": "false answers (out of scope, quoted)",
    "false_refusals": "false refusals (in scope)",
    "wrong_answers": "wrong answers (in scope, quoted)",
    "ece": "calibration error",
    "p50_ms": "milliseconds, median",
    "p95_ms": "milliseconds, 95th percentile",
}
NAME_WIDTH = max(map(len, ROWS.values()))
WIDTH = 11


def as_text(report: Mapping[str, Any]) -> str:
    """Return a table with a row per figure and a column per way; shares in percent, a dash where none applies."""
    ways = {"product": report["product"]} | report.get("baselines", {})
    lines = [f"{report['set']}, split “{report['split']}”", ""]
    lines.append(_line("", [TITLES[way] for way in ways]))
    lines += [_line(ROWS[key], [_number(key, figures[key]) for figures in ways.values()]) for key in ROWS]
    return "\n".join([*lines, *_reliability(report["product"]["reliability"])])


def _line(name: str, cells: list[str]) -> str:
    return f"{name:<{NAME_WIDTH}}" + "".join(f"{cell:>{WIDTH}}" for cell in cells)


def _number(key: str, value: float | None) -> str:
    if value is None:
        return "–"
    if key in ("n", "n_out_of_scope"):
        return f"{value:,}"
    if key.endswith("_ms"):
        return f"{value:.1f}" if value >= 1 else f"{value:.2f}"
    return f"{value:.3f}" if key == "ece" else f"{value * 100:.1f} %"


def _reliability(bins: list[Mapping[str, float]]) -> list[str]:
    """Show how often the product was right where it was so sure."""
    head = ["", "Where its confidence was … it was right in … of the questions"]
    rows = [
        f"  {b['low']:.1f} to {b['high']:.1f} (mean {b['confidence']:.2f})  {b['right'] * 100:5.1f} %  of {b['n']:,}"
        for b in bins
    ]
    return [*head, *rows]
