"""The names of the package, which are imported when they are asked for."""

from __future__ import annotations

import ast
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


def test_modules_come_with_the_package():
    assert set(MODULES) <= set(dir(sklstm))
    found = printed(f"import sklstm; print(*[getattr(sklstm, m).__name__ for m in {MODULES}])")
    assert found == [f"sklstm.{name}" for name in MODULES]


def test_importing_all_leaves_the_names_of_others_alone():
    names = printed("from sklstm import *; print(*globals())")
    assert {"LSTMClassifier", "make_windows", "__version__"} <= set(names)
    assert not set(names) & set(MODULES)


def printed(code):
    """Return the words that a new process prints."""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return run.stdout.split()


def loaded(code):
    """Return which of the slow packages a new process has imported after `code`."""
    slow = ("gensim", "sklearn", "skorch", "torch")
    return printed(f"import sys; {code}; print(*[name for name in {slow} if name in sys.modules])")


def test_names_bring_along_what_they_need():
    assert loaded("import sklstm; dir(sklstm)") == []
    # What a process has to import that infers vectors of texts for another.
    assert loaded("from sklstm.preprocessing.text import _doc2vec_inference") == ["gensim"]
    assert loaded("from sklstm import SequencePadder") == ["sklearn"]
