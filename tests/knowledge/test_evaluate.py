"""`manage.py evaluate` with the real model and a real Chroma: what it prints, and that it leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from knowledge.embedding import Matrix, get_embedder, question_vector
from knowledge.evaluation import running
from knowledge.models import Collection, Entry, KnowledgeBase
from knowledge.retrieval import Retrieval, RetrievalError, retrieve
from tests.knowledge.factories import make_base, make_entry
from tests.knowledge.test_evaluation_datasets import write

ROOT = Path(__file__).resolve().parents[2]
BANK: Sequence[dict[str, Any]] = (
    {"id": "open", "question": "When do you open?", "answer": "At nine.", "alternatives": ["Opening hours?"]},
    {"id": "pay", "question": "How can I pay?", "answer": ""},
    {"id": "ship", "question": "Do you ship abroad?", "answer": "To all of Europe."},
)
QUERIES: Sequence[dict[str, Any]] = (
    {"id": "1", "text": "what are your opening hours", "relevant": ["open"]},
    {"id": "2", "text": "how can i pay for it", "relevant": ["pay"]},
    {"id": "3", "text": "do you ship to another country", "relevant": ["ship"]},
    {"id": "4", "text": "who was the first man on the moon", "relevant": [], "in_scope": False},
)
KEYS = [
    *("n", "n_out_of_scope", "hit@1", "hit@3", "hit@5", "mrr@10", "ndcg@10", "auroc"),
    *("answered_at_precision_90", "answered_at_precision_95", "false_answers", "false_refusals", "ece"),
    *("p50_ms", "p95_ms"),
]

pytestmark = pytest.mark.chroma


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small set, a question of it out of scope."""
    (tmp_path / "shop").mkdir()
    write(tmp_path / "shop", "faqs.jsonl", BANK)
    write(tmp_path / "shop", "queries.jsonl", QUERIES)
    return tmp_path / "shop"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where scratch installations are made."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


def evaluate(folder: Path, *options: str) -> tuple[str, str]:
    """What was printed on standard output and on standard error."""
    out, err = StringIO(), StringIO()
    call_command("evaluate", str(folder), *options, stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


@pytest.mark.django_db
def test_json_is_one_object_on_standard_output_with_the_figures_of_every_question(folder: Path) -> None:
    out, err = evaluate(folder, "--json", "--baselines")
    report = json.loads(out)
    assert (report["set"], report["split"]) == ("shop", "test")
    assert list(report["baselines"]) == ["bm25", "one_vector_per_entry"]
    for figures in (report["product"], *report["baselines"].values()):
        assert set(KEYS) <= set(figures)
        assert (figures["n"], figures["n_out_of_scope"], figures["hit@1"], figures["auroc"]) == (4, 1, 1.0, 1.0)
        assert 0 <= figures["p50_ms"] <= figures["p95_ms"]
    assert sum(b["n"] for b in report["product"]["reliability"]) == 4
    assert "Questions asked: 4 of 4" in err


@pytest.mark.django_db
def test_questions_are_asked_with_the_vectors_that_visitors_questions_have_and_baselines_with_raw_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Matrix] = {}

    def recording(question: str, *, vector: Matrix, **options: Any) -> Retrieval:
        assert vector == pytest.approx(asked.setdefault(question, vector), abs=1e-4)
        return retrieve(question, vector=vector, **options)

    monkeypatch.setattr(running, "retrieve", recording)
    model, texts = get_embedder(), set[str]()
    make = model.embed_batch

    def listening(some: Sequence[str]) -> Matrix:
        texts.update(some)
        return make(some)

    monkeypatch.setattr(model, "embed_batch", listening)
    evaluate(folder, "--baselines")
    questions = [query["text"] for query in QUERIES]
    assert {question: asked[question] for question in questions} == {
        question: pytest.approx(question_vector(question), abs=1e-4) for question in questions
    }
    assert {*questions, *(f"{question}?" for question in questions)} <= texts


@pytest.mark.django_db
def test_the_real_database_is_as_it_was_and_the_scratch_folder_is_gone(folder: Path, temporary: Path) -> None:
    real, before = make_entry(make_base(), "When do you open?"), connection.settings_dict["NAME"]
    assert "hit@1                                   100.0 %" in evaluate(folder)[0]
    assert connection.settings_dict["NAME"] == before
    assert list(Entry.objects.values_list("pk", "indexed_hash")) == [(real.pk, "")]
    assert (KnowledgeBase.objects.count(), Collection.objects.count()) == (1, 0)
    assert list(temporary.iterdir()) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("happens", "said"), [(KeyboardInterrupt(), "Interrupted"), (RetrievalError("The model is away."), "model is away")]
)
def test_an_interruption_and_an_error_end_with_a_word_and_clean_up(
    folder: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, happens: BaseException, said: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise happens

    before = connection.settings_dict["NAME"]
    monkeypatch.setattr(running, "retrieve", fail)
    with pytest.raises(CommandError, match=said):
        evaluate(folder)
    assert connection.settings_dict["NAME"] == before
    assert list(temporary.iterdir()) == []


@pytest.mark.django_db
def test_an_entry_that_cannot_be_stored_is_named_by_its_line(folder: Path) -> None:
    write(folder, "faqs.jsonl", [*BANK, {"id": "long", "question": "x" * 600}])
    with pytest.raises(CommandError, match=r"line 4 of the bank is refused: The question has 600 characters"):
        evaluate(folder)


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_that_is_no_number_of_questions_is_refused(folder: Path, limit: str) -> None:
    with pytest.raises(CommandError, match="at least 1"):
        evaluate(folder, f"--limit={limit}")


def test_a_mistake_in_the_set_is_a_plain_error(folder: Path) -> None:
    write(folder, "queries.jsonl", [{"id": "1", "text": "x", "relevant": ["gone"]}])
    with pytest.raises(CommandError, match="no entry “gone”"):
        evaluate(folder)


def start(folder: Path, temporary: Path, **environment: str) -> subprocess.Popen[str]:
    variables = {
        name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "SECRET_KEY")
    }
    variables |= {"TMPDIR": str(temporary), "CHROMA_URL": "http://127.0.0.1:9", "DATA_DIR": str(temporary / "data")}
    command = [sys.executable, "manage.py", "evaluate", str(folder), "--json"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=variables | environment, **pipes)


def wait_until(what: Callable[[], object], limit_s: float = 60) -> None:
    deadline = time.monotonic() + limit_s
    while not what():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


@pytest.mark.processes
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_killed_or_stopped_leaves_neither_a_server_nor_a_folder(
    folder: Path, temporary: Path, sent: signal.Signals
) -> None:
    running = start(folder, temporary)
    wait_until(lambda: list(temporary.glob("candor_evaluate_*/chroma/chroma.sqlite3")))
    running.send_signal(sent)
    _, err = running.communicate(timeout=60)
    assert sent == signal.SIGKILL or "Interrupted" in err
    wait_until(lambda: not list(temporary.glob("candor_evaluate_*")))


@pytest.mark.processes
@pytest.mark.postgres
def test_on_postgresql_it_runs_in_a_schema_of_its_own_and_removes_those_of_killed_runs(
    folder: Path, temporary: Path, postgres_url: str
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as database:
        database.execute("CREATE SCHEMA candor_evaluate_dead")
        database.execute("CREATE SCHEMA candor_evaluate_alive")
        database.execute("SELECT pg_advisory_lock(hashtext('candor_evaluate_alive'))")
        running = start(folder, temporary, DATABASE_URL=postgres_url)
        out, err = running.communicate(timeout=120)
        assert running.returncode == 0, err
        assert json.loads(out)["product"]["hit@1"] == 1.0
        schemas = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'candor%'"
        assert database.execute(schemas).fetchall() == [("candor_evaluate_alive",)]
        assert database.execute("SELECT * FROM pg_tables WHERE schemaname = 'public'").fetchall() == []
