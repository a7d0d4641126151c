"""The project's files agree with each other."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

import sklstm

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONSTRAINTS = dict(
    re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
)


def pinned(requirements):
    return dict(requirement.split("==") for requirement in requirements if "==" in requirement)


def name_of(requirement):
    return re.match(r"[\w.-]+", requirement)[0]


def test_ruff_and_mypy_are_the_same_everywhere():
    extra = pinned(PROJECT["project"]["optional-dependencies"]["test"])
    assert extra == {tool: CONSTRAINTS[tool] for tool in ("mypy", "ruff")}
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"ruff==([\w.]+)", hooks) == [extra["ruff"]] * 2
    assert "entry: .venv/bin/mypy" in hooks


@pytest.mark.parametrize("extra", [None, "plot", "subword", "bench", "docs", "test"])
def test_every_dependency_that_make_installs_is_pinned(extra):
    project = PROJECT["project"]
    wanted = project["optional-dependencies"][extra] if extra else project["dependencies"]
    assert {name_of(requirement) for requirement in wanted} <= set(CONSTRAINTS)


def test_constraints_leave_the_build_of_torch_open():
    # "2.13.0+cpu" could not be met by an index that serves the same version without the suffix.
    assert "+" not in CONSTRAINTS["torch"]


def test_version():
    version = PROJECT["project"]["version"]
    assert sklstm.__version__ == version
    assert importlib.metadata.version("sklstm") == version


def test_type_hints_are_announced():
    assert (ROOT / "sklstm" / "py.typed").exists()


TABLES = {
    **dict.fromkeys(
        ["defaults", "gpu", "imdb", "learning_curves", "speed", "ucr", "word_order"],
        "docs/benchmarks.md",
    ),
    **dict.fromkeys(["regression", "ratings", "moving_digits"], "docs/series.md"),
    **dict.fromkeys(["tagging", "long_series"], "docs/tagging.md"),
    "alphabet": "docs/stateful.md",
    "clustering": "docs/clustering.md",
    **dict.fromkeys(["doc2vec", "doc2vec_speed"], "docs/text_vectors.md"),
    "few_labels": "docs/word_vectors.md",
    **dict.fromkeys(["forecasting", "forecasting_speed", "short_series"], "docs/forecasting.md"),
}


@pytest.mark.parametrize(("table", "page"), TABLES.items())
def test_pages_show_what_the_benchmarks_measured(table, page):
    readme = (ROOT / page).read_text(encoding="utf-8")
    _, _, rest = readme.partition(f"<!-- {table}-table:start -->")
    shown, end, _ = rest.partition(f"<!-- {table}-table:end -->")
    assert end
    results = (ROOT / "benchmarks" / "results" / f"{table}.md").read_text(encoding="utf-8")
    rows = [line for line in results.splitlines() if line.startswith("|")]
    assert len(rows) > 3
    copied = [line for line in shown.splitlines() if line.startswith("|")]
    if table == "defaults":  # the page shows the overview of each kind
        assert copied
        assert set(copied) <= set(rows)
        return
    if table in ("ucr", "clustering"):  # pages show the first of several tables
        rows = rows[: rows.index(next(row for row in rows[1:] if row.startswith("| model")))]
    assert copied == rows
    assert len(copied) > 3
    assert "@@" not in readme  # no placeholder is left
