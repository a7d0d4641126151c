"""The public names of the package, which are imported on first use."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import sklstm

MODULES = ["nn", "datasets", "inspection", "metrics", "preprocessing"]


@pytest.mark.parametrize("package", [sklstm, sklstm.preprocessing], ids=lambda it: it.__name__)
def test_every_name_of_the_stub_is_there(package):
    stub = ast.parse(Path(package.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    listed = next(
        ast.literal_eval(node.value)
        for node in stub.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    )
    assert sorted(package.__all__) == listed
    assert set(listed) <= set(dir(package))
    for name in listed:
        assert getattr(package, name).__doc__
    with pytest.raises(AttributeError, match="LSTMClasifier"):
        package.LSTMClasifier  # noqa: B018


@pytest.fixture(scope="module")
def imported():
    """Return what the modules and `import *` bring, by one new process that imports all of it."""
    code = (
        "import json, sklstm;"
        f"modules = [getattr(sklstm, name).__name__ for name in {MODULES}];"
        "scope = {};"
        "exec('from sklstm import *', scope);"
        "print(json.dumps([modules, list(scope)]))"
    )
    modules, names = json.loads(printed(code))
    return modules, names


def test_modules_come_with_the_package(imported):
    assert set(MODULES) <= set(dir(sklstm))
    modules, _ = imported
    assert modules == [f"sklstm.{name}" for name in MODULES]


def test_importing_all_leaves_the_names_of_others_alone(imported):
    _, names = imported
    assert {"LSTMClassifier", "make_windows", "__version__"} <= set(names)
    assert not set(names) & set(MODULES)


def printed(code):
    """Return what a new process prints."""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return run.stdout


def loaded(code):
    """Return which of the slow packages a new process has imported after `code`."""
    slow = ("gensim", "sklearn", "skorch", "torch")
    found = f"print(*[name for name in {slow} if name in sys.modules])"
    return printed(f"import sys; {code}; {found}").split()


def test_names_bring_along_what_they_need():
    assert loaded("import sklstm; dir(sklstm)") == []
    # A worker process that infers vectors of texts imports gensim and nothing else that is slow.
    assert loaded("from sklstm.preprocessing.text import _doc2vec_inference") == ["gensim"]
    assert loaded("from sklstm import SequencePadder") == ["sklearn"]
    name = "tokenizer_for_language_model"
    assert loaded(f"from sklstm.preprocessing.text import {name}; {name}('word')") == ["sklearn"]
