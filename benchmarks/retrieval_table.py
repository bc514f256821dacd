"""The figures of docs/retrieval.md: `manage.py evaluate` on every public set, as a table, and the reliability plot.

Run: python -m benchmarks.retrieval_table (ten to twenty minutes). The sets are read from ../shared/benchmarks; those
that are not there are left out, and said so. `--json FILE` keeps the reports, `--from FILE` writes table and plot
from them.
"""

import json
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.product import ROOT, neutral_environment
from benchmarks.reliability_plot import Curve, draw
from benchmarks.reporting import say

SETS = ROOT.parent / "shared" / "benchmarks"
PAGE = ROOT / "docs" / "retrieval.md"
PLOT = ROOT / "docs" / "images" / "reliability.svg"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
WAYS = {"product": "Candor", "one_vector_per_entry": "one vector per entry", "bm25": "BM25"}


@dataclass(frozen=True)
class Run:
    """One row group of the table: a set, how it is named there, and the options of `evaluate`."""

    name: str
    folder: str
    options: tuple[str, ...] = ()


RUNS = (
    Run("banking77", "banking77"),
    Run("banking77, 10 phrasings", "banking77", ("--bank", "faqs_10shot.jsonl")),
    Run("banking77_oos", "banking77_oos"),
    Run("clinc150", "clinc150"),
    Run("clinc150, 10 phrasings", "clinc150", ("--bank", "faqs_10shot.jsonl")),
    Run("hint3_sofmattress", "hint3_sofmattress"),
    Run("zaragoza_faq, asked in Swedish", "zaragoza_faq", ("--queries", "queries_xling.jsonl")),
)


def main() -> int:
    """Measure, write the page and the plot; returns the exit code."""
    chosen = _options()
    reports = json.loads(chosen.source.read_text(encoding="utf-8")) if chosen.source else _measure(chosen.limit)
    if not reports:
        say(f"There is nothing in {SETS} to measure on.")
        return 1
    if chosen.json:
        chosen.json.write_text(json.dumps(reports, indent=1), encoding="utf-8")
    _write(table(reports))
    PLOT.write_text(draw(_curves(reports)), encoding="utf-8")
    say(f"Written: {PAGE.relative_to(ROOT)} and {PLOT.relative_to(ROOT)}")
    return 0


def _options() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, help="only so many questions of each set, for a quick look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the reports in a file")
    parser.add_argument("--from", dest="source", type=Path, metavar="FILE", help="do not measure: read kept reports")
    return parser.parse_args()


def _measure(limit: int | None) -> dict[str, dict[str, Any]]:
    """Return the report of each set that is there, by its name in the table."""
    reports = {}
    for run in RUNS:
        if not (SETS / run.folder).is_dir():
            say(f"Left out, because it is not in {SETS}: {run.folder}")
            continue
        say(f"{run.name} …")
        few = ("--limit", str(limit)) if limit else ()
        reports[run.name] = _evaluate(SETS / run.folder, (*run.options, *few))
    return reports


def _evaluate(folder: Path, options: Sequence[str]) -> dict[str, Any]:
    """Run the command as anybody does, away from the reader's own data and settings."""
    with tempfile.TemporaryDirectory(prefix="candor-benchmark-") as data:
        environment = neutral_environment(Path(data)) | {"LOG_LEVEL": "WARNING"}
        command = [sys.executable, "manage.py", "evaluate", str(folder), "--baselines", "--json", *options]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit("The reason stands above.")
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def table(reports: dict[str, dict[str, Any]]) -> str:
    """Return two Markdown tables: the product against the baselines, and what only the product has."""
    return "\n".join([*_against_baselines(reports), "", *_at_thresholds(reports)])


def _against_baselines(reports: dict[str, dict[str, Any]]) -> list[str]:
    heads = ("questions", "hit@1", "hit@3", "MRR@10", "AUROC", "right at 90 %", "right at 95 %", "p50 ms", "p95 ms")
    keys = ("hit@1", "hit@3", "mrr@10", "auroc", "answered_at_precision_90", "answered_at_precision_95")
    lines = [_row("set", "way", *heads), _row(*["---"] * 2, *["---:"] * len(heads))]
    for name, report in reports.items():
        for way, title in WAYS.items():
            figures = report["product"] if way == "product" else report["baselines"][way]
            counts = f"{figures['n']:,}" if way == "product" else ""
            times = [_milliseconds(figures[key]) for key in ("p50_ms", "p95_ms")]
            named = name if way == "product" else ""
            lines.append(_row(named, title, counts, *[_percent(figures[key]) for key in keys], *times))
    return lines


def _at_thresholds(reports: dict[str, dict[str, Any]]) -> list[str]:
    heads = ("false answers", "false refusals", "wrong answers", "calibration error")
    lines = [_row("set", *heads), _row("---", *["---:"] * len(heads))]
    for name, report in reports.items():
        figures = report["product"]
        shares = [_percent(figures[key]) for key in ("false_answers", "false_refusals", "wrong_answers")]
        lines.append(_row(name, *shares, f"{figures['ece']:.3f}"))
    return lines


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f}"


def _milliseconds(value: float) -> str:
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _curves(reports: dict[str, dict[str, Any]]) -> list[Curve]:
    return [
        Curve(name, [(b["confidence"], b["right"], b["n"]) for b in report["product"]["reliability"]])
        for name, report in reports.items()
    ]


def _write(figures: str) -> None:
    """Put the figures between their markers, and nothing else of the page elsewhere."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"{PAGE} has no place for the figures: put {BEGIN} and {END} where they belong.")
    PAGE.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
