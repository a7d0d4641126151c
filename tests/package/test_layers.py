"""Imports run one way through the rooms; see docs/architecture.md."""

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "sklstm"

# Lowest first: a room may import those in the rows before its own. A new one needs a place here.
ROOMS = [
    {"_jobs", "_callers", "_display", "_keywords", "_naive"},
    {"_sequences", "nn"},
    {"_targets", "_training", "preprocessing"},
    {"_estimators"},
]
# Those that may import less than all below them, or stand beside the rows.
NARROWER = {
    "nn": set(),
    "preprocessing": {"_jobs", "_callers", "_display", "_keywords", "_sequences"},
    "datasets": {"_callers", "_sequences"},
    "metrics": {"_callers", "_sequences"},
    "inspection": {"_callers"},
    "baselines": {"_backtest", "_callers", "_display", "_naive", "_sequences"},
    "_backtest": {"_callers", "_display", "_naive", "_sequences", "metrics"},
    "_search_space": {"_sequences", "_estimators"},
    "_semi_supervised_split": {"_sequences"},
    "_show_versions": set(),
}
MAY_IMPORT = {
    **{room: set().union(*ROOMS[:row]) for row, rooms in enumerate(ROOMS) for room in rooms},
    **NARROWER,
}
IMPORTERS = {
    "skorch": {"_training"},
    "gensim": {"_sequences", "preprocessing"},
    "narwhals": {"preprocessing"},
    "tokenizers": {"preprocessing"},
}
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


def faults(room, names):
    """Return what is wrong with these imports in a module of `room`."""
    found = []
    for name in sorted(names):
        root, *rest = name.split(".")
        if root == "sklstm":
            if rest[0] != room and rest[0] not in MAY_IMPORT[room]:
                found.append(f"{room} may not import sklstm.{rest[0]}")
        elif room not in IMPORTERS.get(root, {room}):
            allowed = " and ".join(sorted(IMPORTERS[root]))
            found.append(f"only {allowed} may import {root}, not {room}")
        elif room == "nn" and (
            root in FILE_MODULES or root not in {"torch", "numpy", *sys.stdlib_module_names}
        ):
            found.append(f"nn knows torch only, not {root}")
    return found


@pytest.mark.parametrize("parts", MODULES, ids="/".join)
def test_imports_run_downwards(parts):
    room, path = parts[0], PACKAGE.joinpath(*parts).with_suffix(".py")
    assert room in MAY_IMPORT, f"give {room} a place in ROOMS or NARROWER of {Path(__file__).name}"
    names = imports(path.read_text(encoding="utf-8"), ".".join(("sklstm", *parts)))
    assert not faults(room, names)


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        (
            "_sequences.tokens",
            "import sklstm._training",
            "_sequences may not import sklstm._training",
        ),
        (
            "_jobs",
            "from sklstm import _sequences",
            "_jobs may not import sklstm._sequences",
        ),
        ("_jobs", "from . import _sequences", "_jobs may not import sklstm._sequences"),
        (
            "_targets.x",
            "from sklstm._training import x",
            "_targets may not import sklstm._training",
        ),
        ("nn.linear", "from .._targets import x", "nn may not import sklstm._targets"),
        ("nn.linear", "def f():\n    import sklearn.base", "nn knows torch only, not sklearn"),
        ("nn.linear", "from pathlib import Path", "nn knows torch only, not pathlib"),
        (
            "_estimators.base",
            "from skorch import NeuralNet",
            "only _training may import skorch, not _estimators",
        ),
        (
            "_estimators.base",
            "import gensim",
            "only _sequences and preprocessing may import gensim, not _estimators",
        ),
        (
            "_targets.x",
            "def f():\n    from gensim.models import x",
            "only _sequences and preprocessing may import gensim, not _targets",
        ),
        ("datasets._x", "from ..nn import x", "datasets may not import sklstm.nn"),
        (
            "preprocessing.text.x",
            "from sklstm._estimators import x",
            "preprocessing may not import sklstm._estimators",
        ),
        (
            "_training.x",
            "from sklstm.preprocessing.text import x",
            "_training may not import sklstm.preprocessing",
        ),
    ],
)
def test_a_forbidden_import_is_found(module, source, fault):
    assert faults(module.split(".")[0], imports(source, f"sklstm.{module}")) == [fault]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("_training.train", "from skorch import NeuralNet\nfrom sklstm.nn import x\nimport torch"),
        ("nn.__init__", "from .linear import x\nfrom torch import nn\nimport math"),
        ("_sequences.vector_files", "from gensim.models.fasttext import x"),
        ("preprocessing.text.x", "import gensim.models\nfrom sklstm._sequences import TokenArray"),
        ("_estimators.x", "from sklstm.preprocessing.text import tokenizer_for_language_model"),
    ],
)
def test_an_allowed_import_passes(module, source):
    assert faults(module.split(".")[0], imports(source, f"sklstm.{module}")) == []


def modules_imported(source, module, modules):
    """Return those of `modules` that the source of one imports, for the type checker too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parent = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*parent, *([node.module] if node.module else [])])
            # `from package import x` imports the module x, or a name of the package's __init__.
            names = {
                name if name in modules or f"{name}.__init__" in modules else base
                for name in (f"{base}.{alias.name}" for alias in node.names)
            }
        else:
            continue
        found |= {name if name in modules else f"{name}.__init__" for name in names}
    return found & modules


def circle(sources):
    """Return the modules of a circle of imports, or None; `sources` maps modules to texts."""
    modules = set(sources)
    graph = {
        module: modules_imported(text, module, modules) - {module}
        for module, text in sources.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return None


@pytest.mark.parametrize("room", sorted({parts[0] for parts in MODULES if len(parts) > 1}))
def test_files_of_a_room_do_not_import_each_other(room):
    sources = {
        ".".join(("sklstm", *parts)): PACKAGE.joinpath(*parts)
        .with_suffix(".py")
        .read_text(encoding="utf-8")
        for parts in MODULES
        if parts[0] == room
    }
    assert circle(sources) is None


@pytest.mark.parametrize(
    "back",
    [
        "from sklstm.room.one import x",
        "from sklstm.room import one",
        "import sklstm.room.one",
        "from .one import x",
        "from . import one",
        "from sklstm.room import x",
        "from sklstm.room.inner import x",
        "from sklstm.room.inner.deep import x",
        "def f():\n    from sklstm.room.one import x",
        "if TYPE_CHECKING:\n    from sklstm.room.one import x",
    ],
)
def test_a_circle_of_imports_is_found(back):
    sources = {
        "sklstm.room.__init__": "from sklstm.room.one import x",
        "sklstm.room.one": "from sklstm.room.two import x",
        "sklstm.room.two": "from sklstm.room.three import x",
        "sklstm.room.three": back,
        "sklstm.room.inner.__init__": "from sklstm.room.inner.deep import x",
        "sklstm.room.inner.deep": "from sklstm.room.one import x",
    }
    assert "sklstm.room.three" in circle(sources)


def test_a_room_without_a_circle_passes():
    sources = {
        "sklstm.room.__init__": "from sklstm.room.one import x\nfrom sklstm.room.two import y",
        "sklstm.room.one": "import torch\nfrom sklstm.room.two import x\nfrom sklstm import nn",
        "sklstm.room.two": "from sklstm.other import x\nfrom sklstm.room.inner import y",
        "sklstm.room.inner.__init__": "from .deep import x",
        "sklstm.room.inner.deep": "import math",
    }
    assert circle(sources) is None


def test_progress_bars_suit_notebooks():
    # tqdm.auto draws a widget in a notebook, where tqdm's own bars are lines of text.
    found = {
        name
        for parts in MODULES
        for name in imports(
            PACKAGE.joinpath(*parts).with_suffix(".py").read_text(encoding="utf-8"), ".".join(parts)
        )
        if name.partition(".")[0] == "tqdm"
    }
    assert found == {"tqdm.auto"}
