"""The constants of `knowledge.ranking` and `knowledge.confidence`, fitted on dev splits through the product's search.

Run: python -m benchmarks.fit_ranking (about 20 minutes). It prints what the constants should be and changes nothing.

1. The order: a conditional logit of "which entry is meant?" over the candidates of questions that have an answer.
2. What tells a question with an answer from one without: a logistic regression on differences, each pair a question
   with an answer and one without of the same set, so that no set's own level plays a part.
3. What that is worth: a logistic regression of "the first entry is right" on it and on what each base is like.

Banks are also taken with fewer phrasings than they have, for real ones often have none, and with half of their entries
hidden: then the questions about those have no answer, and are as near to what has one as such questions get.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from benchmarks import sandbox  # noqa: F401  (sets Django up, so it comes first)
from benchmarks.fitting import choice, logistic
from benchmarks.product import ROOT
from benchmarks.reporting import say
from knowledge.confidence import LEAST_LEAD, long_among_near, size
from knowledge.embedding import as_embedded, get_embedder
from knowledge.evaluation import Dataset, load_dataset
from knowledge.evaluation.running import fill
from knowledge.evaluation.scratch import scratch
from knowledge.models import KnowledgeBase
from knowledge.retrieval import Candidate, Retrieval, retrieve
from knowledge.retrieval.weighing import match_of, scale_of

SETS = ROOT.parent / "shared" / "benchmarks"
DEMO = ROOT / "knowledge" / "demo"
DATA = ROOT / "benchmarks" / "data"
# What visitors type in a chat, in their manner, and much of it not a question that has an answer.
LIVE = DATA / "live_questions.jsonl"
# Banks made of such messages, as a bot's are that learned from its chats, each with what else visitors typed.
CHATS = ("gym", "broadband", "parcel", "dentist", "chess", "petshop", "saas", "hotel")
CANDIDATES = 10  # as many as `evaluate` asks for
MOST_QUESTIONS = 1_600
PAIRS = 30_000
ORDER = ("SPAN", "WHOLE", "AGREEMENT", "DISCRIMINANT", "COVERAGE")
NEAR = ("SPAN", "ENTRY", "NEARBY", "DISCRIMINANT", "DISTINCTNESS")
SCOPE = (*NEAR, "BESIDE", "LONG_AMONG_NEAR", "SMALL_TALK", "OVERLAP")
# What the logarithms of the lead and of the number of entries are worth beside them. Chosen and not fitted: see
# docs/decisions/0015.
CHOSEN = ("LEAD", "ENTRIES")
CHOSEN_WORTH = np.array([0.25, 0.8])
WORTH = ("CROWDING", "COHESION", "OFFSET")
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Source:
    """A set to fit on, and how.

    `tells` is what its questions weigh in steps 1 and 2, `weighs` in step 3: there it balances sets all of whose
    questions have an answer against one of which half have none. `out` is the share without an answer that is assumed.
    """

    folder: Path
    tells: float
    weighs: float
    out: float = 0.0
    bank: str = "faqs.jsonl"
    queries: str = "queries.jsonl"
    split: Literal["dev", "test"] = "dev"
    phrasings: int = 99
    hidden: int | None = None
    """Half of the entries are left out, which ones by this number."""


TEN = "faqs_10shot.jsonl"
SOURCES = (
    Source(SETS / "banking77", 1, 3.4),
    Source(SETS / "banking77", 1, 6, bank=TEN),
    Source(SETS / "banking77_oos", 1, 5, 0.5),
    # The same questions, so half as much each.
    Source(SETS / "clinc150", 0.5, 1, 0.2),
    Source(SETS / "clinc150", 0.5, 1, 0.2, bank=TEN),
    *(Source(SETS / "banking77", 0.1, 0.1, 0.3, bank=TEN, hidden=half) for half in range(3)),
    *(Source(SETS / "clinc150", 0.1, 0.1, 0.3, bank=TEN, hidden=half) for half in range(3)),
    Source(SETS / "banking77", 0.1, 0.6, phrasings=2),
    Source(SETS / "banking77_oos", 0.1, 0.6, 0.5, phrasings=1),
    Source(SETS / "banking77_oos", 0.1, 0.6, 0.5, phrasings=0),
    Source(SETS / "clinc150", 0.1, 0.6, 0.2, phrasings=1),
    Source(SETS / "clinc150", 0.1, 0.6, 0.2, phrasings=0),
    Source(DEMO, 0.3, 0.6, 0.2, queries="questions.jsonl", split="test"),
    Source(DEMO, 0.5, 0.6, 0.4, queries=str(LIVE)),
    # Three in five of their messages have no answer, and are nearer to one than most: how often an entry is right there
    # says little of how often it is elsewhere. They count as one set, of which a third has no answer.
    *(Source(DATA / "chats" / chat, 0.25, 0.1, 1 / 3) for chat in CHATS),
)


@dataclass(frozen=True)
class Asked:
    """The questions of a source: each one's candidates, and of its first one what the confidence is made of."""

    source: Source
    evidence: Floats
    """(n, candidates, 5), as `ORDER`; zeros where there are fewer."""
    exists: Bools
    relevant: Bools
    inside: Bools
    scope: Floats
    """(n, 9), as `SCOPE`."""
    chosen: Floats
    """(n, 2), as `CHOSEN`."""
    worth: Floats
    """(n, 3), as `WORTH`."""

    @property
    def right(self) -> Bools:
        """Whether the first candidate is a right one."""
        first: Bools = self.relevant[:, 0]
        return first

    @property
    def weights(self) -> Floats:
        """What each question weighs: so that the share without an answer is what the source says, together 1."""
        outside = (~self.inside).sum()
        if not outside:
            return np.full(len(self.inside), 1 / len(self.inside))
        share = self.source.out
        weights: Floats = np.where(self.inside, (1 - share) / self.inside.sum(), share / outside)
        return weights


def main() -> int:
    """Fit and print; returns the exit code."""
    present = [source for source in SOURCES if source.folder.is_dir()]
    if len(present) < len(SOURCES):
        say(f"{SETS} has not all the sets to fit on.")
        return 1
    asked = [ask(source) for source in present]
    say("In knowledge/ranking.py:")
    show(ORDER, fit_order(asked))
    scope = fit_scope(asked)
    say("In knowledge/confidence.py:")
    slope, worth = fit_worth(asked, scope)
    show(SCOPE, slope * scope)
    show(CHOSEN, slope * CHOSEN_WORTH)
    show(WORTH, worth)
    return 0


def show(names: Sequence[str], values: Floats) -> None:
    """Print constants as they stand in the code."""
    say(f"{', '.join(names)} = {', '.join(f'{value:.2f}' for value in values)}")


def ask(source: Source) -> Asked:
    """Ask a source's questions through the product, in a scratch installation."""
    dataset, embedder = _dataset(source), get_embedder()
    say(
        f"{source.folder.name}, {len(dataset.bank)} entries of {source.bank}, {source.phrasings} phrasings: "
        f"{len(dataset.queries):,} questions …"
    )
    vectors = embedder.embed([as_embedded(query.text) for query in dataset.queries])
    with scratch() as store:
        base = KnowledgeBase.objects.create(name=dataset.name, slug="scratch")
        ids = fill(base, dataset.bank, store, embedder, _quietly)
        search = partial(retrieve, knowledge_bases=[base.pk], limit=CANDIDATES, store=store)
        found = [search(q.text, vector=vector) for q, vector in zip(dataset.queries, vectors, strict=True)]
    n = len(found)
    evidence, exists = np.zeros((n, CANDIDATES, len(ORDER))), np.zeros((n, CANDIDATES), np.bool_)
    relevant = np.zeros_like(exists)
    for row, (query, retrieval) in enumerate(zip(dataset.queries, found, strict=True)):
        for rank, candidate in enumerate(retrieval.candidates):
            evidence[row, rank], exists[row, rank] = _evidence(candidate), True
            relevant[row, rank] = ids[candidate.entry.pk] in query.relevant
    scope, worth = map(np.array, zip(*[_confidence(retrieval) for retrieval in found], strict=True))
    inside = np.array([query.in_scope for query in dataset.queries])
    chosen = np.array([_chosen(retrieval) for retrieval in found])
    return Asked(source, evidence, exists, relevant, inside, scope, chosen, worth)


def fit_order(asked: Sequence[Asked]) -> Floats:
    """Return the weights of the evidence under which the right entries are likeliest."""
    rows = [one.inside & one.relevant.any(axis=1) for one in asked]
    weights = [np.full(here.sum(), one.source.tells / here.sum()) for one, here in zip(asked, rows, strict=True)]
    picked = [
        np.concatenate([getattr(one, name)[here] for one, here in zip(asked, rows, strict=True)])
        for name in ("evidence", "exists", "relevant")
    ]
    return choice(picked[0], picked[1], picked[2], np.concatenate(weights))


def fit_scope(asked: Sequence[Asked]) -> Floats:
    """Return the weights of what tells questions with an answer from others."""
    dice, differences, weights = np.random.default_rng(7), [], []
    for one in asked:
        inside, outside = np.flatnonzero(one.inside), np.flatnonzero(~one.inside)
        if len(outside):
            pairs = dice.choice(inside, PAIRS), dice.choice(outside, PAIRS)
            differences.append(one.scope[pairs[0]] - one.scope[pairs[1]])
            weights.append(np.full(PAIRS, one.source.tells / PAIRS))
    rows = np.concatenate(differences)
    return logistic(rows, np.ones(len(rows)), np.concatenate(weights))


def fit_worth(asked: Sequence[Asked], scope: Floats) -> tuple[float, Floats]:
    """Return what a match is worth, and the base it is in."""
    rows = np.concatenate(
        [np.column_stack([one.scope @ scope + one.chosen @ CHOSEN_WORTH, one.worth]) for one in asked]
    )
    weights = np.concatenate([one.weights * one.source.weighs for one in asked])
    fitted = logistic(rows, np.concatenate([one.right for one in asked]).astype(np.float64), weights)
    return float(fitted[0]), fitted[1:]


def _dataset(source: Source) -> Dataset:
    whole = load_dataset(
        source.folder,
        split=source.split,
        bank=source.bank,
        queries=source.queries,
        limit=MOST_QUESTIONS,
    )
    bank = tuple(replace(entry, phrasings=entry.phrasings[: source.phrasings]) for entry in whole.bank)
    taken = replace(whole, bank=bank)
    return taken if source.hidden is None else _half_of(taken, source.hidden)


def _half_of(whole: Dataset, number: int) -> Dataset:
    """Leave out every second entry, after a shuffle; questions about them have no answer then."""
    dice = np.random.default_rng(number)
    bank = tuple(whole.bank[place] for place in sorted(dice.permutation(len(whole.bank))[::2]))
    kept = {entry.id for entry in bank}
    asked = tuple(replace(query, relevant=query.relevant & kept) for query in whole.queries if query.in_scope)
    return replace(whole, bank=bank, queries=asked)


def _evidence(candidate: Candidate) -> list[float]:
    e = candidate.evidence
    return [e.span, e.whole, float(np.log(e.agreement)), e.discriminant, e.coverage]


def _confidence(found: Retrieval) -> tuple[list[float], list[float]]:
    first = found.candidates[0]
    match, scale = match_of(first, found.lead), scale_of(first.entry.knowledge_base)
    near = [match.span, match.entry, match.nearby, match.discriminant, match.distinctness]
    scope = [*near, match.beside, long_among_near(match), match.small_talk, match.overlap]
    return scope, [scale.crowding, scale.cohesion, 1.0]


def _chosen(found: Retrieval) -> list[float]:
    return [float(np.log(max(found.lead, LEAST_LEAD))), size(scale_of(found.candidates[0].entry.knowledge_base))]


@contextmanager
def _quietly(_what: str, _number: int) -> Iterator["partial[None]"]:
    yield partial(lambda _done: None)


if __name__ == "__main__":
    raise SystemExit(main())
