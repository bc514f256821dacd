"""The grounding guard, end to end: a model that lies on purpose over HTTP, and what a visitor got to see of it.

`--support LABELS` measures the support score against human labels, `--model NAME --base-url URL` asks a real model.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.chat import Chat, ask, chat  # starts Django: first of all that is the product's
from benchmarks.lies import LIES, PLACES, SPLITS, every_two, planted, split
from benchmarks.model_server import serving
from benchmarks.reporting import Figure, options, say, show
from chatbot.grounding import Guard, UnsupportedFactError, support
from chatbot.models import Message
from knowledge.models import Entry

FAITHFUL = Path(__file__).parent / "data" / "faithful_answers.jsonl"
QUESTIONS = Path(__file__).parent.parent / "knowledge" / "demo" / "questions.jsonl"

NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


@dataclass(frozen=True)
class Act:
    """One question and what the model says to it; `fact` is the lie's, "" where there is none."""

    question: str
    pieces: list[str]
    kind: str = ""
    fact: str = ""

    @property
    def said(self) -> str:
        """The whole answer."""
        return "".join(self.pieces)


class Liar:
    """Says to any request what the act that is on says."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def __call__(self, _: dict[str, Any]) -> Iterator[tuple[float, str]]:
        """Speak."""
        for piece in self.pieces:
            yield 0.0, piece


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = options(__doc__ or "")
    parser.add_argument("--support", type=Path, metavar="LABELS", help="a JSONL file with contexts, response, grounded")
    parser.add_argument("--model", help="ask this model 50 questions of the demo instead of lying")
    parser.add_argument("--base-url", default="", help="where the model is served")
    parser.add_argument("--show", action="store_true", help="print what was stopped wrongly")
    chosen = parser.parse_args()
    if chosen.support:
        return show(against_labels(chosen.support), as_json=chosen.json)
    if chosen.model:
        with chat(CHAT_MODEL=chosen.model, OPENAI_BASE_URL=chosen.base_url, OPENAI_API_KEY="none") as running:
            return show(with_model(running), as_json=chosen.json)
    liar = Liar()
    with serving(liar) as url, chat(CHAT_MODEL="liar", OPENAI_BASE_URL=url, OPENAI_API_KEY="none") as running:
        figures = against_lies(running, liar, show_stopped=chosen.show)
    return show(figures, as_json=chosen.json)


def against_lies(running: Chat, liar: Liar, *, show_stopped: bool) -> list[Figure]:
    """Ask each question of the plan, and count what was shown and what was stopped."""
    _always_write(running)
    lies, honest = list(_lying()), list(_faithful())
    shown, stopped, wrong, kinds = 0, 0, [], Counter[str]()
    with running.client() as client:
        for number, act in enumerate([*lies, *honest], start=1):
            liar.pieces = act.pieces
            heard = ask(client, act.question)
            if act.fact:
                seen = says(heard.shown, act.fact)
                shown += seen
                kinds[act.kind] += seen
                stopped += heard.reply["outcome"] != "write"
            elif heard.reply["outcome"] != "write":
                wrong.append((act, heard.reply["id"]))
            if number % 50 == 0:
                say(f"{number} of {len(lies) + len(honest)} answers, {shown} lies shown, {len(wrong)} stopped wrongly")
    for act, reply_id in wrong if show_stopped else []:
        say(f"stopped wrongly: {Message.objects.get(pk=reply_id).failure} in: {act.said[:120]}")
    say("Every way to cut each lie in two …")
    cut, cut_shown = _cut_in_two(lies)
    by_hand = sum(act.kind == "by hand" for act in honest)
    return [
        Figure("answers with a lie", len(lies), at_least=100),
        Figure("lies that a visitor saw", shown, at_most=0),
        Figure("answers with a lie that were replaced", stopped),
        Figure("right answers", len(honest), at_least=100),
        Figure("right answers stopped", 100 * len(wrong) / len(honest), "%", at_most=3),
        Figure(
            "of those in our own words", 100 * sum(act.kind == "by hand" for act, _ in wrong) / max(by_hand, 1), "%"
        ),
        Figure("other cuts of the lies", cut),
        Figure("lies let through in them", cut_shown, at_most=0),
    ]


def says(text: str, fact: str) -> bool:
    """Whether a fact stands in a text, and not as a part of a longer number or word."""
    return re.search(rf"(?<!\w){re.escape(fact)}(?!\w)" if fact[-1].isalnum() else re.escape(fact), text) is not None


def _lying() -> Iterator[Act]:
    base = " ".join(f"{entry.question} {entry.answer}" for entry in Entry.objects.all())
    written, ways = cycle(_by_hand()), cycle(SPLITS)
    for kind, sentences in LIES.items():
        for place in PLACES:
            for sentence, fact in sentences:
                if says(base, fact):
                    sys.exit(f"The demo says {fact!r}: it is no lie.")
                question, answer = next(written)
                text = planted(answer, sentence, place)
                yield Act(question, split(text, next(ways), fact, len(text)), kind, fact)


def _faithful() -> Iterator[Act]:
    ways = cycle(SPLITS)
    for question, answer in _by_hand():
        yield Act(question, split(answer, next(ways), "", len(answer)), "by hand")
    for entry in Entry.objects.order_by("reference"):
        text = f"{entry.answer} [1]"
        yield Act(entry.question, split(text, next(ways), "", len(text)), "as it stands")


def _by_hand() -> Iterator[tuple[str, str]]:
    for row in map(json.loads, FAITHFUL.read_text(encoding="utf-8").splitlines()):
        yield Entry.objects.get(reference=row["entry"]).question, row["answer"]


def _cut_in_two(lies: list[Act]) -> tuple[int, int]:
    """Every cut near each lie, straight into the guard with all that the demo says as its source."""
    entries = {entry.question: f"{entry.question}\n{entry.answer}" for entry in Entry.objects.all()}
    cuts = through = 0
    for act in lies:
        for pieces in every_two(act.said, act.fact):
            cuts += 1
            through += says(_let_through(entries[act.question], act.question, pieces), act.fact)
    return cuts, through


def _let_through(source: str, question: str, pieces: list[str]) -> str:
    guard, shown = Guard([source], question, cited={1}), ""
    try:
        for piece in pieces:
            shown += guard.feed(piece)
        return shown + guard.finish()
    except UnsupportedFactError:
        return shown


def with_model(running: Chat) -> list[Figure]:
    """Ask a real model 50 questions, and look at what was shown with other eyes than the guard's."""
    _always_write(running)
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()][:50]
    outcomes, stopped, strange = Counter[str](), Counter[str](), 0
    with running.client() as client:
        for number, row in enumerate(rows, start=1):
            heard = ask(client, row["text"])
            outcomes[heard.reply["outcome"]] += 1
            trace = Message.objects.get(pk=heard.reply["id"]).trace
            if what := trace.get("guard", {}).get("stopped"):
                stopped[what["kind"]] += 1
            prompt = " ".join(message["content"] for message in trace.get("prompt", [])[1:])
            said = "".join(heard.tokens)
            unknown = _unknown(said, prompt)
            strange += len(unknown)
            say(f"{number:>3} {heard.reply['outcome']:<8} {what or ''} {unknown or ''} {row['text']}")
            say(f"      shown: {said!r}")
    say(f"outcomes {dict(outcomes)}, stopped for {dict(stopped)}")
    return [
        Figure("questions", len(rows)),
        Figure("answers that the guard stopped", sum(stopped.values())),
        Figure("written answers shown whole", outcomes["write"]),
        Figure("shown facts that stand nowhere in the prompt", strange, at_most=0),
    ]


def _unknown(said: str, prompt: str) -> list[str]:
    """Figures, addresses and names that were shown and are nowhere in the prompt, in digits or words: a plain look."""
    plain = re.sub(r"[*`]", "", prompt).casefold()
    plain += "".join(f" {value}" for value, word in enumerate(NUMBERS) if re.search(rf"\b{word}\b", plain))
    if re.search(r"[a-z]{3,6}day (?:to|and|until) [a-z]{3,6}day", plain):  # the days between two are said with them
        plain += " monday tuesday wednesday thursday friday saturday sunday"
    text = re.sub(r"\[\d+\]|^\s*\d+[.)]\s", " ", re.sub(r"[*`]", "", said), flags=re.MULTILINE)
    found = re.findall(r"\d[\d.,:]*\d|\d|\S+@\S+|https?://\S+|(?<=[a-z,] )[A-Z]\w+", text)
    return [one for one in found if one.strip(".,:)").casefold() not in plain]


def against_labels(labels: Path) -> list[Figure]:
    """Compare with what people judged: how often a grounded reply has more support than one that is not, its AUROC,
    and how many grounded replies the guard would stop. Nobody wrote these with our rules in mind.
    """
    rows = [json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines()]
    scores = [(support(row["response"], row["contexts"]), bool(row["grounded"])) for row in rows]
    good, bad = [s for s, grounded in scores if grounded], [s for s, grounded in scores if not grounded]
    wins = sum((g > b) + 0.5 * (g == b) for g in good for b in bad)
    stopped = sum(_is_stopped(row) for row in rows if row["grounded"])
    return [
        Figure("AUROC of the support score", wins / (len(good) * len(bad)), at_least=0.944),
        Figure("replies that people call grounded", len(good)),
        Figure("of them stopped by the guard", 100 * stopped / len(good), "%", at_most=3),
    ]


def _is_stopped(row: dict[str, Any]) -> bool:
    guard = Guard(row["contexts"], row["question"], cited=())
    try:
        guard.feed(row["response"])
        guard.finish()
    except UnsupportedFactError:
        return True
    return False


def _always_write(running: Chat) -> None:
    running.assistant.mode = running.assistant.Mode.WRITE
    running.assistant.save()


if __name__ == "__main__":
    sys.exit(main())
