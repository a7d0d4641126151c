"""Imports run one way through the layers; see docs/architecture.md."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sklstm"

# Lowest first: a module may import those in the rows before its own. A new one needs a place here.
LAYERS = [
    {"_tokens", "_vector_files", "_jobs", "_callers"},
    {"_sequences", "_embeddings"},
    {"_steps"},
    {"_cleaning", "_batching", "_holdout"},
    {"_reading"},
    {"_input"},
    {"nn"},
    {"_training"},
    {"_constraints", "_weights", "_fitting"},
    {"_network", "_state"},
    {"_stream"},
    {"_prediction"},
    {"_base"},
    {"_estimators"},
]
# Those that may import less than all below them, or stand beside the rows.
NARROWER = {
    "nn": set(),
    "preprocessing": {"_jobs", "_tokens", "_sequences", "_reading", "_vector_files"},
    "datasets": set(),
    "metrics": set(),
    "inspection": set(),
    "_show_versions": set(),
}
MAY_IMPORT = {
    **{layer: set().union(*LAYERS[:row]) for row, layers in enumerate(LAYERS) for layer in layers},
    **NARROWER,
}
IMPORTERS = {"skorch": {"_training"}, "gensim": {"_vector_files", "preprocessing"}}
MODULES = [
    path.relative_to(PACKAGE).with_suffix("").parts
    for path in sorted(PACKAGE.rglob("*.py"))
    if path != PACKAGE / "__init__.py"
]
FILE_MODULES = {"glob", "io", "os", "pathlib", "pickle", "shutil", "tempfile"}


def imports(source, module):
    """Return the absolute name of everything that a module's source imports, wherever it does."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # `module` ends in "__init__" for a package, so a level always drops one part.
            parent = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*parent, *([node.module] if node.module else [])])
            names.add(base)
            # `from sklstm import nn` imports the layer nn, not the package's front.
            names.update(f"{base}.{alias.name}" for alias in node.names if base == "sklstm")
    return names - {"sklstm"}


def faults(layer, names):
    """Return what is wrong with these imports in a module of `layer`."""
    found = []
    for name in sorted(names):
        root, *rest = name.split(".")
        if root == "sklstm":
            if rest[0] != layer and rest[0] not in MAY_IMPORT[layer]:
                found.append(f"{layer} may not import sklstm.{rest[0]}")
        elif layer not in IMPORTERS.get(root, {layer}):
            allowed = " and ".join(sorted(IMPORTERS[root]))
            found.append(f"only {allowed} may import {root}, not {layer}")
        elif layer == "nn" and (
            root in FILE_MODULES or root not in {"torch", "numpy", *sys.stdlib_module_names}
        ):
            found.append(f"nn knows torch only, not {root}")
    return found


@pytest.mark.parametrize("parts", MODULES, ids="/".join)
def test_imports_run_downwards(parts):
    layer, path = parts[0], PACKAGE.joinpath(*parts).with_suffix(".py")
    assert layer in MAY_IMPORT, (
        f"give {layer} a place in LAYERS or NARROWER of {Path(__file__).name}"
    )
    names = imports(path.read_text(encoding="utf-8"), ".".join(("sklstm", *parts)))
    assert not faults(layer, names)


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("_tokens", "import sklstm._sequences", "_tokens may not import sklstm._sequences"),
        ("_tokens", "from sklstm import _base", "_tokens may not import sklstm._base"),
        ("_tokens", "from . import _base", "_tokens may not import sklstm._base"),
        ("nn.linear", "from .._base import BaseLSTM", "nn may not import sklstm._base"),
        ("nn.linear", "def f():\n    import sklearn.base", "nn knows torch only, not sklearn"),
        ("nn.linear", "from pathlib import Path", "nn knows torch only, not pathlib"),
        ("_base", "from skorch import NeuralNet", "only _training may import skorch, not _base"),
        (
            "_base",
            "import gensim",
            "only _vector_files and preprocessing may import gensim, not _base",
        ),
        (
            "_embeddings",
            "def f():\n    from gensim.models import x",
            "only _vector_files and preprocessing may import gensim, not _embeddings",
        ),
        ("datasets._x", "from ..nn import x", "datasets may not import sklstm.nn"),
    ],
)
def test_a_forbidden_import_is_found(module, source, fault):
    assert faults(module.split(".")[0], imports(source, f"sklstm.{module}")) == [fault]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("_training.net", "from skorch import NeuralNet\nfrom sklstm.nn import x\nimport torch"),
        ("nn.__init__", "from .linear import x\nfrom torch import nn\nimport math"),
        ("_vector_files.facebook", "from gensim.models.fasttext import x"),
        ("preprocessing.words", "import gensim.models\nfrom sklstm._tokens import TokenArray"),
    ],
)
def test_an_allowed_import_passes(module, source):
    assert faults(module.split(".")[0], imports(source, f"sklstm.{module}")) == []
