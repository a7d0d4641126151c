"""What the tests of several studies share."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import harness

ROOT = Path(__file__).parents[2]


@pytest.fixture
def measured(monkeypatch):
    """Return a function that replaces processes of their own by one that notes and answers jobs."""

    def replace(answer):
        jobs = []

        def apart(function, job, python=None):
            jobs.append(job)
            return answer(job)

        monkeypatch.setattr(harness, "apart", apart)
        return jobs

    return replace


@pytest.fixture
def started(tmp_path):
    """Return a function that starts a program in another folder, for a report of nothing."""

    def start(*arguments):
        program, *rest = arguments
        command = [sys.executable, ROOT / "benchmarks" / program, *rest, "--report", "--output"]
        return subprocess.run(
            [*command, tmp_path], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return start


@pytest.fixture
def guide(tmp_path, monkeypatch):
    """Return a function that makes a page for the table of a study, as the repository has it."""

    def make(study):
        path = tmp_path / study.guide
        path.parent.mkdir(exist_ok=True)
        start, end = (f"<!-- {study.name}-table:{place} -->" for place in ("start", "end"))
        path.write_text(f"Before.\n{start}\n{end}\nAfter.\n")
        return path

    monkeypatch.setattr(harness, "ROOT", tmp_path)
    monkeypatch.setattr(harness, "RESULTS", tmp_path)
    return make


@pytest.fixture
def rows_of():
    """Return a function from a page to the cells of its tables."""

    def rows(text):
        lines = [line.split("|")[1:-1] for line in text.splitlines() if "|" in line]
        return [[cell.strip() for cell in line] for line in lines]

    return rows


@pytest.fixture
def runs_in():
    """Return a function from a results file to its runs."""
    return lambda path: json.loads(path.read_text(encoding="utf-8"))["runs"]
