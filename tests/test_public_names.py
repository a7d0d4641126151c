"""The names of the package, which are imported when they are asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sklstm

PACKAGES = [sklstm, sklstm.preprocessing]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
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


def loaded(code):
    """Return which of the slow packages a new process has imported after `code`."""
    slow = ("gensim", "sklearn", "skorch", "torch")
    code = f"import sys; {code}; print(*[name for name in {slow} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return run.stdout.split()


def test_names_bring_along_what_they_need():
    assert loaded("import sklstm; dir(sklstm)") == []
    # What a process has to import that infers vectors of texts for another.
    assert loaded("from sklstm.preprocessing import _doc2vec_inference") == ["gensim"]
    assert loaded("from sklstm import SequencePadder") == ["sklearn"]
