"""Memory of each process, and how long the first and the second start take, in the product as `make run` starts it."""

import sys
from collections import defaultdict
from pathlib import Path

import psutil

from benchmarks.people import Editor, Visitor
from benchmarks.product import Product, folder, running_product
from benchmarks.reporting import Figure, options, say, show

MB = 1_000_000
QUESTIONS = 20
# The part a process belongs to, by a word of its command line; the first that fits counts.
PARTS = {
    "undertaker": "supervisor",
    "config.run": "supervisor",
    "chroma": "chroma",
    "celery": "worker",
    "uvicorn": "web",
}
TARGETS_MB = {"web": 450, "worker": 450}


def main() -> int:
    """Measure and print; returns the exit code."""
    chosen = options(__doc__ or "").parse_args()
    with folder() as data:
        with running_product(data) as first:
            use(first)
            figures = memory(first)
        with running_product(data) as second:
            figures += [
                Figure("first start, until the page came", first.page_s, "s"),
                Figure("first start, until all was ready", first.ready_s, "s"),
                Figure("second start, until the page came", second.page_s, "s", at_most=10),
                Figure("second start, until all was ready", second.ready_s, "s"),
            ]
    return show(figures, as_json=chosen.json)


def use(product: Product) -> None:
    """Ask and edit, so that web and worker have their models loaded."""
    say(f"Asking {QUESTIONS} questions …")
    editor = Editor(product.url, product.password)
    visitor = Visitor(product.url)
    for address in editor.entries()[:QUESTIONS]:
        fields = editor.open(address)
        editor.save(address, fields | {"answer": f"{fields['answer']} Thank you."})
        visitor.ask(fields["question"])


def memory(product: Product) -> list[Figure]:
    """Return the proportional set size of each part (all its processes), and of all together."""
    root = psutil.Process(product.pid)
    parts: defaultdict[str, list[float]] = defaultdict(list)
    for process in [root, *root.children(recursive=True)]:
        parts[_part(process)].append(_pss(process))
    rows = [
        Figure(f"{part}, {' + '.join(f'{size:.0f}' for size in sizes)}", sum(sizes), "MB", TARGETS_MB.get(part))
        for part, sizes in sorted(parts.items())
    ]
    return [*rows, Figure("together", sum(sum(sizes) for sizes in parts.values()), "MB")]


def _part(process: psutil.Process) -> str:
    words = " ".join([Path(process.name()).name, *process.cmdline()])
    return next((part for word, part in PARTS.items() if word in words), "other")


def _pss(process: psutil.Process) -> float:
    """Return megabytes; shared pages count in parts (PSS), or wholly (RSS) where the system does not tell."""
    info = process.memory_full_info()
    return float(getattr(info, "pss", info.rss)) / MB


if __name__ == "__main__":
    sys.exit(main())
