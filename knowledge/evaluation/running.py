"""One evaluation from a set to its figures: the product in its scratch installation, the baselines in memory."""

import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from django.db import connection, transaction

from knowledge import indexing
from knowledge.embedding import Embedder, Matrix, as_embedded, get_embedder
from knowledge.evaluation.asking import DEPTH, Steps, embed_all, questions_to_time, time_each
from knowledge.evaluation.baselines import ask_bm25, ask_one_vector
from knowledge.evaluation.datasets import BankEntry, Dataset, Query
from knowledge.evaluation.figures import Answers, figures_of
from knowledge.evaluation.scratch import scratch
from knowledge.importing import Row
from knowledge.models import Entry, KnowledgeBase
from knowledge.retrieval import Retrieval, retrieve
from knowledge.services import import_rows
from knowledge.vector_store import VectorStore

GIVEN = frozenset({"reference", "question", "answer", "phrasings", "language"})


class EvaluationError(Exception):
    """The set could not be measured; the message says why and what to do."""


def evaluate(dataset: Dataset, *, baselines: bool, steps: Steps) -> dict[str, Any]:
    """Measure and return what `--json` prints.

    Raises EvaluationError, ScratchError, EmbeddingError, StoreError and RetrievalError; what was made is gone then too.
    """
    embedder = get_embedder()
    questions = embed_all(embedder, [as_embedded(query.text) for query in dataset.queries], "Questions embedded", steps)
    product = _ask_product(dataset, embedder, questions, steps)
    report: dict[str, Any] = {"set": dataset.name, "split": dataset.split}
    report["product"] = figures_of(product, dataset.queries)
    if baselines:
        ways = {"bm25": ask_bm25(dataset), "one_vector_per_entry": ask_one_vector(dataset, embedder, steps)}
        report["baselines"] = {name: figures_of(answers, dataset.queries) for name, answers in ways.items()}
    return report


def _ask_product(dataset: Dataset, embedder: Embedder, questions: Matrix, steps: Steps) -> Answers:
    with scratch() as store:
        base = KnowledgeBase.objects.create(name=dataset.name[:100], slug="scratch")
        ids = fill(base, dataset.bank, store, embedder, steps)
        ask = partial(retrieve, knowledge_bases=[base.pk], limit=DEPTH, store=store)
        found: list[Retrieval] = []
        with steps("Questions asked", len(dataset.queries)) as done:
            for query, vector in zip(dataset.queries, questions, strict=True):
                found.append(ask(query.text, vector=vector))
                done(1)
        _insist_on_index(found)
        # The question is embedded here and not by `retrieve`: that remembers questions, together with visitors'.
        milliseconds = time_each(
            questions_to_time(dataset.queries), lambda text: ask(text, vector=embedder.embed_one(as_embedded(text)))
        )
    confidence = np.array([r.confidence for r in found], np.float64)
    hits = _judge(found, dataset.queries, ids)
    return Answers(hits, confidence, [r.verdict for r in found], milliseconds)


def fill(
    base: KnowledgeBase, bank: Sequence[BankEntry], store: VectorStore, embedder: Embedder, steps: Steps
) -> dict[uuid.UUID, str]:
    """Import and index the bank as an editor's file would be; returns the set's id of each entry."""
    with steps("Entries imported", len(bank)) as done, transaction.atomic():
        report = import_rows(base, [_row(entry) for entry in bank], on_row=lambda: done(1))
        # The hint to the indexer would go to the real worker, which has nothing to do with this.
        connection.run_on_commit.clear()
    if report.problems:
        problem = report.problems[0]
        raise EvaluationError(f"The entry on line {problem.line:,} of the bank is refused: {problem.message}")
    with steps("Entries indexed", len(bank)) as done:
        drained = indexing.drain(store, embedder, done)
    if drained.failed:
        reason = Entry.objects.filter(pk__in=drained.failed).values_list("index_error", flat=True)[0]
        raise EvaluationError(f"{len(drained.failed):,} entries could not be indexed. The first: {reason}")
    by_line = {str(entry.line): entry.id for entry in bank}
    return {pk: by_line[reference] for pk, reference in base.entries.values_list("pk", "reference")}


def _row(entry: BankEntry) -> Row:
    """Make an import's row. Its reference is the line: an id that spells out the intent could help the words find it.

    An entry must have an answer; where the set has none its question stands in.
    """
    answer = entry.answer if entry.answer.strip() else entry.question
    reference = str(entry.line)
    return Row(entry.line, reference, entry.question, answer, entry.phrasings, language=entry.language, given=GIVEN)


def _insist_on_index(found: Sequence[Retrieval]) -> None:
    elsewhere = sum(r.way != "index" for r in found)
    if elsewhere:
        raise EvaluationError(
            f"Chroma did not answer {elsewhere:,} of {len(found):,} questions, so this would not measure the product. "
            f"Try again when the machine has less to do."
        )


def _judge(found: Sequence[Retrieval], queries: Sequence[Query], ids: dict[uuid.UUID, str]) -> np.ndarray:
    """Return which candidate of each question is a relevant one, shape (questions, 10)."""
    hits = np.zeros((len(found), DEPTH), np.bool_)
    for row, (query, retrieval) in enumerate(zip(queries, found, strict=True)):
        for rank, candidate in enumerate(retrieval.candidates[:DEPTH]):
            hits[row, rank] = ids[candidate.entry.pk] in query.relevant
    return hits
