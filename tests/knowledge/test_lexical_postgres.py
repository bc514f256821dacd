"""Words on PostgreSQL: the same tests, with the same figures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.postgres, pytest.mark.processes]


def test_words_are_found_and_ranked_alike_on_postgresql(postgres_url: str) -> None:
    variables = {**os.environ, "DATABASE_URL": postgres_url}
    variables.pop("PYTEST_CURRENT_TEST", None)
    options = ("-q", "-p", "no:cacheprovider", "--create-db", "--tb=short")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "tests/knowledge/test_lexical_search.py"],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout[-4_000:]
    assert "passed" in done.stdout
