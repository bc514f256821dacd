"""Follow-ups over the demo: is the right entry found with the question made to stand alone, and without?

Without a model the rule does it; with one it is first a scripted model that always says it as a person would, so that
what our part adds or loses is seen alone, and with `--model NAME --base-url URL` a real one. The pairs the rule was
tuned on and those it was not are counted apart.
"""

import asyncio
import html
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from benchmarks import sandbox  # starts Django: first of all that is the product's
from benchmarks.model_server import Script, serving
from benchmarks.reporting import Figure, options, say, show
from chatbot.prompts import Exchange
from chatbot.rewriting import AS_ASKED, BY_MODEL, Standalone, stand_alone
from knowledge.models import Entry, KnowledgeBase
from knowledge.retrieval import retrieve

TUNED_ON = Path(__file__).parent.parent / "knowledge" / "demo" / "follow_ups.jsonl"
HELD_BACK = Path(__file__).parent / "data" / "follow_ups_test.jsonl"


@dataclass(frozen=True)
class Pair:
    """Two turns: what was asked first, what then, the entries that answer that, and how it would be said alone.

    `standalone` is None where the second question stands alone already, "" where nobody wrote it down.
    """

    history: tuple[Exchange, ...]
    then: str
    relevant: frozenset[str]
    standalone: str | None


class Ways:
    """Looks pairs up in every way, and counts."""

    def __init__(self) -> None:
        self._base = KnowledgeBase.objects.get()

    def pairs(self, path: Path) -> list[Pair]:
        """Read pairs; the first question gets the answer that the demo gives."""
        return [self._pair(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]

    def _pair(self, row: dict[str, Any]) -> Pair:
        first = retrieve(row["first"], knowledge_bases=[self._base.pk]).candidates[0].entry
        if "first_relevant" in row:
            first = Entry.objects.get(reference=row["first_relevant"])
        said = Exchange(row["first"], first.answer, first.question)
        return Pair((said,), row["then"], frozenset(row["relevant"]), row.get("standalone", ""))

    def hits(self, texts: Sequence[str], pairs: Sequence[Pair]) -> tuple[int, int]:
        """Count the pairs whose right entry comes first, and those where it is among the first three."""
        firsts = threes = 0
        for text, pair in zip(texts, pairs, strict=True):
            found = retrieve(text, knowledge_bases=[self._base.pk], limit=3).candidates
            references = [candidate.entry.reference for candidate in found]
            firsts += bool(pair.relevant.intersection(references[:1]))
            threes += bool(pair.relevant.intersection(references))
        return firsts, threes

    def figures(self, name: str, pairs: Sequence[Pair], ways: Mapping[str, Sequence[str]]) -> list[Figure]:
        """Measure each way; `ways` are the texts to look up, by the way's name."""
        figures = [Figure(f"{name}: pairs", len(pairs))]
        for way, texts in ways.items():
            firsts, threes = self.hits(texts, pairs)
            figures += [Figure(f"{name}, {way}: right first", firsts), Figure(f"{name}, {way}: among three", threes)]
        return figures


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = options(__doc__ or "")
    parser.add_argument("--model", help="also ask this model")
    parser.add_argument("--base-url", default="", help="where it is served")
    chosen = parser.parse_args()
    with sandbox.installation():
        say("Loading the demo …")
        call_command("load_demo", verbosity=0)
        call_command("rebuild_index", verbosity=0)
        ways = Ways()
        tuned = ways.pairs(TUNED_ON)
        held_back = ways.pairs(HELD_BACK)
        leaning = [pair for pair in held_back if pair.standalone is not None]
        alone = [pair for pair in held_back if pair.standalone is None]
        figures = _of(ways, "tuned on", tuned, chosen)
        figures += _of(ways, "held back", leaning, chosen)
        left = [each.by == AS_ASKED for each in rewrite(alone)]
        figures += [Figure("questions that stand alone", len(alone)), Figure("of them left as they are", sum(left))]
    return show(figures, as_json=chosen.json)


def _of(ways: Ways, name: str, pairs: list[Pair], chosen: Any) -> list[Figure]:
    texts = {"as asked": [pair.then for pair in pairs], "by the rule": [one.text for one in rewrite(pairs)]}
    if all(pair.standalone for pair in pairs):
        texts["as a person would"] = [pair.standalone or "" for pair in pairs]
        with serving(ideal(pairs)) as url:
            texts["by a model that says it so"] = [one.text for one in rewrite(pairs, "ideal", url)]
    figures = []
    if chosen.model:
        written = rewrite(pairs, chosen.model, chosen.base_url)
        for pair, one in zip(pairs, written, strict=True):
            say(f"{pair.history[0].question} / {pair.then} → [{one.by}] {one.text} {one.failure}")
        texts[f"by {chosen.model}"] = [one.text for one in written]
        figures = [Figure(f"{name}, taken from {chosen.model}", sum(one.by == BY_MODEL for one in written))]
    return ways.figures(name, pairs, texts) + figures


def rewrite(pairs: Sequence[Pair], model: str = "", base_url: str = "") -> list[Standalone]:
    """Make questions stand alone as answering does, by the rule or by this model."""
    settings.CHAT_MODEL, settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = model, base_url, "none"

    async def all_of_them() -> list[Standalone]:
        return [await stand_alone(pair.then, pair.history, may_ask_model=bool(model)) for pair in pairs]

    return asyncio.run(all_of_them())


def ideal(pairs: Sequence[Pair]) -> Script:
    """Say to each question what a person wrote for it."""
    by_question = {pair.then: pair.standalone or pair.then for pair in pairs}

    def script(request: dict[str, Any]) -> Iterator[tuple[float, str]]:
        asked = re.findall(r"<question>\n(.*?)\n</question>", request["messages"][-1]["content"], re.DOTALL)
        yield 0.0, by_question[html.unescape(asked[-1])]

    return script


if __name__ == "__main__":
    sys.exit(main())
