"""The pages name what exists, and the reference has everything public."""

import builtins
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

import sklstm

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), DOCS.parent / "README.md"]
ROOMS = ["baselines", "datasets", "inspection", "metrics", "nn"]
PUBLIC = {
    f"sklstm.{name}": getattr(sklstm, name) for name in sklstm.__all__ if name != "__version__"
} | {
    f"sklstm.{room}.{name}": getattr(import_module(f"sklstm.{room}"), name)
    for room in ROOMS
    for name in import_module(f"sklstm.{room}").__all__
}
# Arguments of other libraries that the pages write as `name=value`.
FOREIGN = {
    "memory", "cv", "n_jobs", "transform_input", "mask_zero", "return_sequences", "validation_data",
    "validation_split", "OMP_NUM_THREADS", "sublinear_tf", "alpha", "C", "activation", "epochs",
}  # fmt: skip


def test_reference_lists_everything_public():
    page, listed, module = (DOCS / "api" / "index.rst").read_text("utf-8"), set(), None
    for line in page.splitlines():
        if found := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = found[1]
        elif found := re.match(r"   ([A-Za-z]\w*)$", line):
            listed.add(f"{module}.{found[1]}")
    assert listed == set(PUBLIC)


def test_formulas_are_written_as_code():
    """The site loads nothing from elsewhere, and help() does not show LaTeX."""
    for name, thing in PUBLIC.items():
        docstring = thing.__doc__ or ""
        assert ":math:" not in docstring, name
        assert ".. math::" not in docstring, name


def arguments():
    """Return the names of all arguments of public functions, classes and their methods."""
    names = set()
    for thing in PUBLIC.values():
        members = [thing]
        if inspect.isclass(thing):
            members += [getattr(thing, name) for name in dir(thing) if not name.startswith("_")]
        for member in filter(callable, members):
            try:
                names |= set(inspect.signature(member).parameters)
            except (TypeError, ValueError):
                continue
    return names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_arguments_that_exist(page):
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    # Tables of other libraries' names have ours in the second column.
    text = re.sub(r"^\|[^|]*\|", "", text, flags=re.MULTILINE)
    named = set(re.findall(r"`([a-z]\w+)=", text))
    assert named <= arguments() | FOREIGN | set(dir(builtins))
