"""The desk on PostgreSQL: the same tests once more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAME = ("collecting", "fixing", "desk", "privacy", "figures", "golden")

pytestmark = [pytest.mark.postgres, pytest.mark.processes]


def test_the_desk_works_on_postgresql(postgres_url: str) -> None:
    files = [f"tests/review/test_{name}.py" for name in SAME]
    variables = {**os.environ, "DATABASE_URL": postgres_url}
    variables.pop("PYTEST_CURRENT_TEST", None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--create-db", "--tb=short", *files]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-4_000:]
    assert "passed" in done.stdout
