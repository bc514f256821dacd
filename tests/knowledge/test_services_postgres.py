"""The core on PostgreSQL: the tests of writing, indexing and finding once more, and what only many writers show."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge.vector_store import ChromaStore

ROOT = Path(__file__).resolve().parents[2]
HERE = Path("tests/knowledge")
SAME_TESTS = sorted(
    str(HERE / path.name)
    for pattern in ("test_exact.py", "test_indexing*.py", "test_retrieval*.py", "test_selectors.py", "test_vectors.py")
    for path in (ROOT / HERE).glob(pattern)
)
SERVICES = [str(HERE / name) for name in ("test_services.py", "test_services_bulk.py", "test_services_imports.py")]

pytestmark = [pytest.mark.postgres, pytest.mark.processes]


def run(postgres_url: str, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "DATABASE_URL": postgres_url, **environment}
    variables.pop("PYTEST_CURRENT_TEST", None)
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=variables, capture_output=True, text=True, timeout=240
    )


@pytest.mark.parametrize("files", [SAME_TESTS, SERVICES, [str(HERE / "concurrency_on_postgres.py")]])
def test_the_core_keeps_its_promises_on_postgresql(postgres_url: str, files: list[str]) -> None:
    options = ("-q", "-p", "no:cacheprovider", "-m", "not chroma", "--create-db", "--tb=short")
    done = run(postgres_url, "-m", "pytest", *options, *files)
    assert done.returncode == 0, done.stdout[-4_000:]
    assert "passed" in done.stdout


@pytest.mark.chroma
def test_a_file_is_imported_indexed_checked_and_asked_on_postgresql(
    postgres_url: str, chroma_url: str, chroma: ChromaStore, tmp_path: Path
) -> None:
    (tmp_path / "faq.csv").write_text("id,question,answer\n1,When do you open?,At nine.\n2,Where are you?,In Lund.\n")
    base = "from knowledge.models import KnowledgeBase; KnowledgeBase.objects.create(name='Shop', slug='shop')"
    environment = {"CHROMA_URL": chroma_url, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    for arguments in (
        ["migrate"],
        ["shell", "-c", base],
        ["import_entries", str(tmp_path / "faq.csv")],
        ["check_index", "--repair"],
        ["rebuild_index"],
        ["check_index"],
    ):
        done = run(postgres_url, "manage.py", *arguments, **environment)
        assert done.returncode == 0, done.stderr
    asked = run(postgres_url, "manage.py", "ask", "What are your opening hours?", **environment)
    assert "At nine." in asked.stdout
    assert "from the index search" in asked.stdout
