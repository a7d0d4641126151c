"""Choose what `clustering.py` runs without looking at a label: by how far seeds agree.

Each candidate clusters two tables or two sets of series with a few seeds; its figure is the
adjusted Rand index between the clusters of two seeds, averaged over all pairs of them::

    python benchmarks/clustering_search.py

Clusters that are there are found again from another start, as in stability selection (T. Lange
et al., "Stability-Based Validation of Clustering Solutions", Neural Computation 16, 2004, which
draws other samples instead). Classes are read for their number alone.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import Any

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import _cli
from benchmarks._clustering_data import SETS, take
from benchmarks._data import look_beside_the_repository
from benchmarks._report import markdown, seconds, surroundings
from benchmarks._runner import Results, commit
from benchmarks._worker import environment

N_SEEDS = 5
Run = dict[str, Any]
TABLES, SERIES = ("digits",), ("ItalyPowerDemand", "JapaneseVowels")
# What the default was when the search began; its outcome is why it is None now.
BASE: dict[str, Any] = {"gradient_clip": 1.0}
DENSE: dict[str, dict[str, Any]] = {
    "one layer of 1,000": {"hidden_layer_sizes": [1000]},
    "one layer of 2,000": {"hidden_layer_sizes": [2000]},
    "one layer of 4,000": {"hidden_layer_sizes": [4000]},
    "one layer of 500": {"hidden_layer_sizes": [500]},
    "two layers of 500": {"hidden_layer_sizes": [500, 500]},
    "no dropout": {"dropout": 0.0},
    "noise 0.2": {"noise": 0.2},
    "no noise, no dropout": {"noise": 0.0, "dropout": 0.0},
    "noise 0.5": {"noise": 0.5},
    "dropout 0.3": {"dropout": 0.3},
    "clustering_weight=0.1": {"clustering_weight": 0.1},
    "clustering_weight=3": {"clustering_weight": 3.0},
    "gradient_clip=None": {"gradient_clip": None},
    "gradient_clip=None, 2,000": {"gradient_clip": None, "hidden_layer_sizes": [2000]},
    "gradient_clip=None, dropout 0.3": {"gradient_clip": None, "dropout": 0.3},
    "gradient_clip=None, twice the epochs": {"gradient_clip": None, "max_epochs": 250},
    "gradient_clip=None, n_autoencoders=3": {"gradient_clip": None, "n_autoencoders": 3},
    "gradient_clip=None, n_autoencoders=5": {"gradient_clip": None, "n_autoencoders": 5},
    "learning_rate=5e-4": {"learning_rate": 5e-4},
    "twice the epochs": {"max_epochs": 250},
}
RECURRENT: dict[str, dict[str, Any]] = {
    "last state": {"pooling": "last"},
    "largest states": {"pooling": "max"},
    "mean of states": {"pooling": "mean"},
    "last state, gradient_clip=None": {"gradient_clip": None},
    "last state, no noise, no dropout": {"noise": 0.0, "dropout": 0.0},
}
CANDIDATES = {
    f"{kind}: {name}": (sets, BASE | params)
    for kind, sets, group in (("table", TABLES, DENSE), ("series", SERIES, RECURRENT))
    for name, params in group.items()
}


def measure(name: str, data: str, n_seeds: int, n_samples: int | None, spec: Run) -> Run:
    """Cluster a data set with every seed, and compare what they found."""
    from sklearn.metrics import adjusted_rand_score

    from sklstm import AutoencoderClusterer

    X, y = take(*SETS[data].load(), n_samples)
    found, start = [], time.perf_counter()
    for seed in range(n_seeds):
        model = AutoencoderClusterer(
            len(set(y.tolist())), random_state=seed, n_jobs=1, **CANDIDATES[name][1]
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append(model.fit_predict(X).tolist())
    spent = (time.perf_counter() - start) / n_seeds
    pairs = itertools.combinations(found, 2)
    return {
        **spec,
        "agreement": mean(adjusted_rand_score(*pair) for pair in pairs),
        "seconds": spent,
        "commit": commit(),
        "environment": environment(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def table(runs: list[Run]) -> str:
    """Return a row for each candidate, best first among those for one kind of data."""
    rows = []
    for name, (sets, _) in CANDIDATES.items():
        group = [run for run in runs if run["contender"] == name]
        if len(group) == len(sets):
            rows.append((name.split(":")[0] != "table", -mean(r["agreement"] for r in group), name))
    columns: dict[str, list[str]] = {"configuration": [], "agreement": [], "by set": [], "s": []}
    for _, agreement, name in sorted(rows):
        group = [run for run in runs if run["contender"] == name]
        columns["configuration"].append(name)
        columns["agreement"].append(f"{-agreement:.3f}")
        parts = (f"{SETS[r['data']['name']].short} {r['agreement']:.3f}" for r in group)
        columns["by set"].append(", ".join(parts))
        columns["s"].append(seconds(mean(run["seconds"] for run in group)))
    return markdown(columns)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write ``results/clustering_search.json`` and ``.md``."""
    args = _cli.options(__doc__.splitlines()[0], list(CANDIDATES)).parse_args(arguments)
    look_beside_the_repository()
    folder = _cli.folder(args)
    results = Results(folder / "clustering_search.json")
    n_seeds = args.seeds or N_SEEDS
    for name in () if args.report else CANDIDATES:
        if args.only and name not in args.only:
            continue
        for data in CANDIDATES[name][0]:
            spec = {
                "contender": name,
                "data": {"name": data, "n_samples": args.n_train},
                "seed": n_seeds,
                "params": CANDIDATES[name][1],
                "prepare": None,
            }
            spec = json.loads(json.dumps(spec))
            if args.fresh:
                results.drop([spec])
            if not results.find(spec):
                run = measure(name, data, n_seeds, args.n_train, spec)
                results.add(run)
                print(f"{name}, {data}: {run['agreement']:.3f}", flush=True)
    shown = table(results.runs)
    print(f"\n{shown}\n")
    notes = (
        f"Adjusted Rand index between the clusters of two seeds, over all pairs of {n_seeds}; "
        "seconds a fit, on one core. What is not named is AutoencoderClusterer's default, but for "
        "gradient_clip, which is 1.0."
    )
    measured = "\n".join(f"Measured on {line}" for line in surroundings(results.runs))
    page = folder / "clustering_search.md"
    made = "Made by `python benchmarks/clustering_search.py`."
    text = f"# Clusters that seeds agree on\n\n{shown}\n\n{notes}\n\n{measured}\n\n{made}\n"
    page.write_text(text, encoding="utf-8")
    _cli.say_where([page])
    return 0


if __name__ == "__main__":
    _cli.run(main)
