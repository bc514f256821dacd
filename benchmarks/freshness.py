"""Freshness: from the save in the admin to the new answer in the chat, in the product as `make run` starts it."""

import sys
import time
from dataclasses import dataclass
from statistics import median

from benchmarks.people import Editor, Visitor
from benchmarks.product import Product, folder, running_product
from benchmarks.reporting import Figure, options, say, show

GIVE_UP_S = 30.0
# Edited in turn; the first edit of each is not measured: it puts the text there that must never be answered again.
ENTRIES = 10


@dataclass(frozen=True)
class Edit:
    """Seconds until the save came back and until the new answer was there; how often was asked, and got old text."""

    saved: float
    answered: float
    asked: int
    stale: int


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = options(__doc__ or "")
    parser.add_argument("--edits", type=int, default=50)
    chosen = parser.parse_args()
    with folder() as data, running_product(data) as product:
        edits = measure(product, chosen.edits)
    return show(figures(edits), as_json=chosen.json)


def measure(product: Product, count: int) -> list[Edit]:
    """Edit entry after entry through the admin, each time asking the chat until it says so."""
    editor = Editor(product.url, product.password)
    entries = editor.entries()[:ENTRIES]
    original = {address: editor.open(address)["answer"] for address in entries}
    edits: list[Edit] = []
    for number in range(count + len(entries)):
        address = entries[number % len(entries)]
        fields = editor.open(address)
        fields["answer"] = f"{original[address]}\n\n{_mark(number)}"
        edits.append(_edit(product, editor, address, fields, number))
        if number % 10 == 9:
            say(f"{number + 1} of {count + len(entries)} edits")
    return edits[len(entries) :]


def _mark(number: int) -> str:
    return f"This is text number {number:05}."


def _edit(product: Product, editor: Editor, address: str, fields: dict[str, str], number: int) -> Edit:
    visitor = Visitor(product.url)
    started = time.perf_counter()
    editor.save(address, fields)
    saved = time.perf_counter() - started
    asked = stale = 0
    while time.perf_counter() - started < GIVE_UP_S:
        answer = visitor.ask(fields["question"])
        asked += 1
        if _mark(number) in answer:
            return Edit(saved, time.perf_counter() - started, asked, stale)
        stale += _mark(number - ENTRIES) in answer
    raise SystemExit(f"The new answer to “{fields['question']}” was not there after {GIVE_UP_S:g} s.")


def figures(edits: list[Edit]) -> list[Figure]:
    """Return what is shown of the edits."""
    answered = sorted(edit.answered for edit in edits)
    return [
        Figure("save to new answer, median", median(answered), "s", at_most=1.0),
        Figure("save to new answer, worst", answered[-1], "s"),
        Figure("the save itself, median", median(edit.saved for edit in edits), "s"),
        Figure("questions asked until it was there, median", median(edit.asked for edit in edits)),
        Figure("old text answered after the save", sum(edit.stale for edit in edits), at_most=0),
    ]


if __name__ == "__main__":
    sys.exit(main())
