"""Choose parameters on a validation split of the training data, never on test data.

One configuration after the other; what is finished is kept, and several processes may add to one
results file::

    python benchmarks/search.py [imdb | doc2vec | clustering | crf]

imdb and doc2vec train on 20,000 reviews (and the unlabelled ones) and score on 5,000 of other films
within each class. clustering reads no label: its figure is how far the clusters of two seeds agree,
as in stability selection (T. Lange et al., "Stability-Based Validation of Clustering Solutions",
Neural Computation 16, 2004, which draws other samples instead). crf scores on the development part
of the treebank, and varies one group of parameters after the other.
"""

from __future__ import annotations

import argparse
import itertools
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from statistics import mean
from typing import Any

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import clustering, doc2vec, harness, report, tagging
from benchmarks.contenders import (
    CONTENDERS,
    STEADIED,
    TUTORIAL_NETWORK,
    TUTORIAL_WORDS,
    TrainedWordVectors,
    standardize,
)
from benchmarks.data import DataSpec, load, load_unlabelled
from benchmarks.harness import Laps, Results, Run, Study, Task

# From the parameters of a configuration, and the options, to what is kept of it.
Measure = Callable[[Any, argparse.Namespace], Run]


def plan(
    space: Mapping[str, Any], measure: Measure, args: argparse.Namespace, data: str = "imdb"
) -> list[Task]:
    """Return a task for each configuration that was asked for."""
    return [
        Task(
            name,
            harness.identify(name, {"name": data, "n_samples": args.n_train}, 0, {}),
            lambda _, name=name: measure(space[name], args),
        )
        for name in args.only or space
    ]


def named(content: Mapping[str, Any], keep: Callable[[Any], Run]) -> list[Run]:
    """Return the runs of a file that holds them by the name of the configuration."""
    data = {"name": "imdb", "n_samples": None}
    return [
        {**harness.identify(name, data, 0, {}), **keep(found)} for name, found in content.items()
    ]


# ------------------------------------------------------------------------------------------
# An LSTM for IMDB

IMDB = DataSpec("imdb", validate=True)
TUNED = "TF-IDF + LR, tuned"
TAIL = {"max_features": 30_000, "max_length": 400, "token_pattern": r"(?u)\b\w+\b"}
FROZEN = {"freeze_embeddings": True, "embedding_dropout": 0.2, "dropout": 0.3, "max_epochs": 5}
CONVOLUTION = {
    "conv_filters": 256,
    "conv_kernel_size": 3,
    "conv_pool_size": 3,
    "learning_rate": 1.5e-3,
}
VECTORS = TrainedWordVectors(vector_size=200, sg=1, spread=0.3)
# How a pipeline differs from the defaults: its words, its network, its word vectors.
LSTMS: dict[str, tuple[dict[str, Any], dict[str, Any], TrainedWordVectors | None]] = {
    TUNED: ({}, {}, None),
    "tutorial's LSTM": (TUTORIAL_WORDS, {**TUTORIAL_NETWORK, "max_epochs": 3}, None),
    "tutorial's LSTM, falling rate and clipped gradients": (
        TUTORIAL_WORDS, {**TUTORIAL_NETWORK, **STEADIED, "max_epochs": 3}, None,
    ),
    "defaults": ({}, {}, None),
    "CBOW vectors, frozen, convolution": (
        TAIL, {**FROZEN, **CONVOLUTION}, replace(VECTORS, sg=0),
    ),
    "vectors, frozen": (TAIL, FROZEN, VECTORS),
    "vectors, frozen, convolution": (TAIL, {**FROZEN, **CONVOLUTION}, VECTORS),
    "vectors, frozen, convolution, 128 units": (
        TAIL, {**FROZEN, **CONVOLUTION, "hidden_size": 128}, VECTORS,
    ),
}  # fmt: skip


def curve(candidate: Any, args: argparse.Namespace) -> Run:
    """Train a candidate; return its accuracy and loss on the 5,000, epoch by epoch."""
    from sklearn.pipeline import make_pipeline

    from sklstm import LSTMClassifier, SequenceTokenizer

    texts, y, held_out, y_held_out = load(IMDB)
    words, network, trained = candidate
    laps = Laps()
    if candidate is LSTMS[TUNED]:
        model = CONTENDERS["tfidf-tuned"].build(0).fit(texts, y)
        found = harness.probability_scores(
            model, held_out, y_held_out, model.predict_proba(held_out)
        )
        return {name: [round(value, 4)] for name, value in found.items()}
    tokenizer = SequenceTokenizer(**words)
    model = LSTMClassifier(**network, n_jobs=args.threads, random_state=0, verbose=1)
    if trained:
        pipeline = make_pipeline(tokenizer, model)
        vectors = word_vectors(words, trained, pipeline, texts, args.vectors)
        model.set_params(embeddings=vectors)
    laps.lap("prepare")
    X = tokenizer.fit_transform(texts)
    model.fit(X, y, X_val=tokenizer.transform(held_out), y_val=y_held_out)
    laps.lap("fit")
    return {
        "accuracy": [round(row["valid_score"], 4) for row in model.history_],
        "log_loss": [round(row["valid_loss"], 4) for row in model.history_],
        "minutes": round(laps.seconds["fit"] / 60, 1),
    }


def word_vectors(
    words: dict[str, Any],
    trained: TrainedWordVectors,
    pipeline: Any,
    texts: list[str],
    folder: Path,
) -> Any:
    """Return word vectors from `folder`, where they are put when they have been trained."""
    as_trained = replace(trained, spread=None)
    settings = {**words, **as_trained.settings["word2vec"]}
    settings = {n: v for n, v in settings.items() if not n.startswith("max_") and n != "spread"}
    name = "-".join(f"{n}={v}" for n, v in settings.items()).replace("/", "")
    path = folder / f"{name}.pickle"
    if not path.exists():
        as_trained(pipeline, texts, load_unlabelled(IMDB), seed=0)
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(pipeline[-1].embeddings))
    vectors = pickle.loads(path.read_bytes())
    standardize(vectors, trained.spread)
    return vectors


def imdb_page(runs: list[Run], args: argparse.Namespace) -> str:
    """Return the last epoch of every configuration, the best first."""
    ranked = sorted(runs, key=lambda run: -run["accuracy"][-1])
    columns = {
        "configuration": [run["contender"] for run in ranked],
        "accuracy, %": [f"{100 * run['accuracy'][-1]:.2f}" for run in ranked],
        "log loss": [f"{run['log_loss'][-1]:.3f}" for run in ranked],
        "epochs": [str(len(run["accuracy"])) if "minutes" in run else "-" for run in ranked],
    }
    return (
        f"{report.markdown(columns, 'lrrr')}\n\n20,000 training reviews to train on, 5,000 to "
        "score on, within each class of other films; seed 0."
    )


# ------------------------------------------------------------------------------------------
# Doc2Vec for IMDB

LOW = 0.003  # of infer_alpha
CS = (0.001, 0.01, 0.1, 1.0)
WEIGHTS, UNION_CS = (0.0, 0.03, 0.1, 0.3), (3.0, 10.0)
SCALINGS = {"": False, ", of length 1": True}
ALL_SIGNS = r"(?u)\w+|[^\w\s]"  # single letters and punctuation are words, too
PAIRS = {"ngram_range": (1, 2), "min_count": 5}
# What differs from the vectorizer's defaults, and the epochs and rates to infer vectors with (None
# as in training). Names that begin with TF-IDF join the vectors with word counts.
JOINED = "TF-IDF and "
DOC2VECS: dict[str, tuple[dict[str, Any], tuple[int, ...], tuple[float | None, ...]]] = {
    "DBOW, defaults": ({}, (5, 10, 20, 50), (None,)),
    "DBOW, all signs": ({"token_pattern": ALL_SIGNS}, (20,), (None,)),
    "DBOW, sample=1e-4": ({"sample": 1e-4}, (20,), (None,)),
    "DBOW, sample=1e-4, 300 numbers": ({"sample": 1e-4, "vector_size": 300}, (20,), (None,)),
    "DBOW, 300 numbers": ({"vector_size": 300}, (5, 10, 20), (None,)),
    "DBOW, 300 numbers, 10 epochs": ({"vector_size": 300, "epochs": 10}, (2, 3, 5, 10), (None,)),
    "DBOW, low infer_alpha": ({}, (20,), (LOW,)),
    "DBOW, 300 numbers, low infer_alpha": ({"vector_size": 300}, (20,), (LOW, LOW / 2)),
    "DBOW, words and pairs, 10 epochs, low infer_alpha": ({"epochs": 10, **PAIRS}, (20,), (LOW,)),
    "DM": ({"dm": 1, "alpha": 0.05}, (5, 10, 20), (None,)),
    f"{JOINED}DBOW, 300 numbers, low infer_alpha": ({"vector_size": 300}, (20,), (LOW / 2,)),
}


def doc2vec_tasks(args: argparse.Namespace) -> list[Task]:
    sizes = {"n_train": args.n_train, "n_test": args.n_test}
    data = cache(lambda: doc2vec.reviews(validate=True, **sizes))
    space = {name: (name.startswith(JOINED), *spec) for name, spec in DOC2VECS.items()}
    return plan(space, lambda candidate, _: {"tries": tries(*candidate, data())}, args)


def tries(
    joined: bool, params: dict[str, Any], epochs: tuple[int, ...], alphas: Any, data: Any
) -> list[Run]:
    """Train Doc2Vec; score each way to get the training vectors, with each C."""
    vectorizer, trained, spent = doc2vec.fit(params, data, 0)
    found = []
    for n, alpha in product(epochs, alphas):
        vectorizer.set_params(infer_epochs=n, infer_alpha=alpha)
        vectors = doc2vec.inferred(vectorizer, data, spent)
        if joined:
            found += beside_counts(vectors, data)
            continue
        way = f"{n} epochs" + (f" from {alpha:g}" if alpha else "")
        found += on_vectors(f"inferred, {way}", vectors, data)
        if trained is not None:
            own = replace(vectors, train=trained)
            found += on_vectors(f"trained; test inferred, {way}", own, data)
    return found


def on_vectors(name: str, vectors: doc2vec.Vectors, data: Any) -> list[Run]:
    return [
        score(f"{name}{kind}", C, doc2vec.logistic(C, unit_length=unit), vectors, data)
        for (kind, unit), C in product(SCALINGS.items(), CS)
    ]


def score(name: str, C: float, model: Any, vectors: doc2vec.Vectors, data: Any) -> Run:
    model.fit(vectors.train, data.y_train)
    probabilities = model.predict_proba(vectors.test)
    found = harness.probability_scores(model, vectors.test, data.y_test, probabilities)
    return {"vectors": name, "C": C, **found, "seconds": vectors.seconds}


def beside_counts(vectors: doc2vec.Vectors, data: Any) -> list[Run]:
    """Score word counts beside vectors, for each weight of the latter and each C.

    As the pipeline of `benchmarks/doc2vec.py` does it, but each part is made once.
    """
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    counts, scaler = TfidfVectorizer(**doc2vec.WORD_COUNTS), StandardScaler()
    texts = counts.fit_transform(data.train), counts.transform(data.test)
    numbers = scaler.fit_transform(vectors.train), scaler.transform(vectors.test)
    found = []
    for weight, C in product(WEIGHTS, UNION_CS):
        train, test = (
            hstack([part, weight * own], format="csr")
            for part, own in zip(texts, numbers, strict=True)
        )
        model, both = (
            LogisticRegression(C=C, max_iter=1000),
            replace(vectors, train=train, test=test),
        )
        found.append(score(f"inferred, times {weight:g}", C, model, both, data))
    return found


def doc2vec_page(runs: list[Run], args: argparse.Namespace) -> str:
    """Return the best C of each configuration and kind of vectors, the best first."""
    best: dict[tuple[str, str], Run] = {}
    for run in runs:
        for row in run["tries"]:
            key = (run["contender"], row["vectors"])
            if key not in best or row["accuracy"] > best[key]["accuracy"]:
                best[key] = row
    ranked = sorted(best.items(), key=lambda item: -item[1]["accuracy"])
    columns = {
        "configuration": [name for (name, _), _ in ranked],
        "vectors": [kind for (_, kind), _ in ranked],
        "C": [f"{row['C']:g}" for _, row in ranked],
        "accuracy, %": [f"{100 * row['accuracy']:.2f}" for _, row in ranked],
        "log loss": [f"{row['log_loss']:.3f}" for _, row in ranked],
        "train, s": [f"{row['seconds']['train']:,.0f}" for _, row in ranked],
    }
    return (
        f"{report.markdown(columns)}\n\n"
        "20,000 training reviews and the unlabelled ones to train Doc2Vec on, logistic regression\n"
        f"on the former with the best of C={', '.join(f'{C:g}' for C in CS)}; scored on held-out "
        "training reviews of other films within each\nclass; seed 0. One core, and other work on "
        "the machine: seconds are only a hint."
    )


# ------------------------------------------------------------------------------------------
# Clusters that seeds agree on

N_CLUSTERINGS = 5
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
AUTOENCODERS = {
    f"{kind}: {name}": (sets, BASE | params)
    for kind, sets, group in (("table", TABLES, DENSE), ("series", SERIES, RECURRENT))
    for name, params in group.items()
}


def clustering_tasks(args: argparse.Namespace) -> list[Task]:
    n_seeds = args.seeds or N_CLUSTERINGS
    return [
        Task(
            f"{name}, {data}",
            harness.identify(name, {"name": data, "n_samples": args.n_train}, n_seeds, params),
            lambda _, data=data, params=params: agreement(data, params, n_seeds, args.n_train),
        )
        for name, (sets, params) in AUTOENCODERS.items()
        if name in (args.only or AUTOENCODERS)
        for data in sets
    ]


def agreement(data: str, params: dict[str, Any], n_seeds: int, n_samples: int | None) -> Run:
    """Cluster a data set with every seed, and compare what they found; classes are only counted."""
    from sklearn.metrics import adjusted_rand_score

    from sklstm import AutoencoderClusterer

    X, y = clustering.take(*clustering.SETS[data].load(), n_samples)
    settings = {"n_clusters": len(set(y.tolist())), "n_jobs": 1, **params}
    with harness.noted_warnings():
        laps = Laps()
        found = [
            AutoencoderClusterer(**settings, random_state=seed).fit_predict(X).tolist()
            for seed in range(n_seeds)
        ]
        laps.lap("fit")
    pairs = itertools.combinations(found, 2)
    return {
        "agreement": mean(adjusted_rand_score(*pair) for pair in pairs),
        "seconds": laps.seconds["fit"] / n_seeds,
        "environment": harness.environment(),
    }


def clustering_page(runs: list[Run], args: argparse.Namespace) -> str:
    """Return a row for each candidate, best first among those for one kind of data."""
    groups = report.by_contender(runs, list(AUTOENCODERS))
    found = {name: mean(report.values(group, "agreement")) for name, group in groups.items()}
    ranked = sorted(
        (name for name, group in groups.items() if len(group) == len(AUTOENCODERS[name][0])),
        key=lambda name: (not name.startswith("table"), -found[name], name),
    )
    columns = {
        "agreement": lambda group: f"{found[group[0]['contender']]:.3f}",
        "by set": lambda group: ", ".join(
            f"{clustering.SETS[run['data']['name']].short} {run['agreement']:.3f}" for run in group
        ),
        "s": lambda group: report.seconds(mean(report.values(group, "seconds"))),
    }
    table = report.table({name: groups[name] for name in ranked}, columns, "configuration")
    notes = (
        "Adjusted Rand index between the clusters of two seeds, over all pairs of "
        f"{runs[0]['seed']}; seconds a fit, on one core. What is not named is "
        "AutoencoderClusterer's default, but for gradient_clip, which is 1.0."
    )
    return "\n\n".join([table, notes, "\n".join(report.surroundings(runs))])


# ------------------------------------------------------------------------------------------
# The CRF of the tagging study

DEV = "ud_lines, search on dev"
MAIN_SCORE = "accuracy, %"
# Where the search begins, and the parameters that its stages vary, each with the best so far.
START: dict[str, Any] = {
    "affixes": 4,
    "around": "full",
    "pairs": False,
    "c1": 0.05,
    "c2": 0.05,
    "all_possible_transitions": True,
    "max_iterations": 200,
}
Grid = dict[str, tuple[Any, ...]]
STAGES: dict[str, Grid] = {
    "features": {"affixes": (4, 6), "around": ("full", "lean"), "pairs": (False, True)},
    "penalties": {
        "all_possible_transitions": (True, False),
        "c1": (0.0, 0.001, 0.01, 0.05, 0.1, 0.3),
        "c2": (0.001, 0.01, 0.05, 0.1, 0.3, 1.0),
    },
    "iterations": {"max_iterations": (200, 1000)},
}
# Of the features that the search begins with, only the penalties are searched for.
PLAIN: Grid = {"c1": (0.0, 0.05, 0.3), "c2": (0.01, 0.05, 0.3, 1.0)}


def grid(start: dict[str, Any], varied: Grid) -> list[dict[str, Any]]:
    """Return all combinations, what is not varied as it was."""
    return [{**start, **dict(zip(varied, v, strict=True))} for v in product(*varied.values())]


def try_of(params: dict[str, Any], peers_python: str | None = None) -> Task:
    """Return a try under a separate name, so that `Results` keeps them all."""
    name = "crf: " + ", ".join(f"{key} {params[key]}" for key in START)
    return tagging.crf_task(name, DEV, "dev", params, peers_python)


def stages(
    runs: list[Run],
) -> Iterator[tuple[str, list[dict[str, Any]], list[Run], dict[str, Any]]]:
    """Yield each stage with its candidates, the runs there are, and the best after it.

    A stage depends on those before it, so nothing comes after one that is not complete.
    """
    best = START
    for stage, varied in STAGES.items():
        candidates = grid(best, varied)
        done = tried(runs, candidates)
        if len(done) == len(candidates):  # first of equals
            best = max(done, key=lambda run: run["scores"][MAIN_SCORE])["params"]
        yield stage, candidates, done, best
        if len(done) < len(candidates):
            return


def tried(runs: list[Run], candidates: list[dict[str, Any]]) -> list[Run]:
    identities = [try_of(params).identity for params in candidates]
    return [run for i in identities for run in runs if run.items() >= i.items()]


def crf_tasks(args: argparse.Namespace) -> Iterator[Task]:
    """Yield what has not been tried yet, and what may change the best."""
    if not args.peers_python:
        raise SystemExit("--peers-python has to name an interpreter with sklearn-crfsuite")
    seen: list[Run] = []
    for place in range(len(STAGES) + 1):
        if place == len(STAGES):
            candidates = grid(START, PLAIN)
        else:
            found = list(stages(seen))
            if len(found) <= place:
                return  # a try has failed
            candidates = found[place][1]
        yield from (try_of(params, args.peers_python) for params in candidates)
        seen = Results(harness.folder(args) / "tagging.json").runs


def crf_page(runs: list[Run], args: argparse.Namespace) -> str:
    """Return tables of all tries, and what they led to."""
    texts = []
    complete = False
    for stage, candidates, done, best in stages(runs):
        if not done:
            break
        table = penalties(done) if stage == "penalties" else listed(STAGES[stage], done)
        missing = len(candidates) - len(done)
        fixed = ", ".join(f"{key} {best[key]}" for key in START if key not in STAGES[stage])
        to_come = f" {missing} to come." if missing else ""
        texts.append(f"## The {stage}\n\n{table}\n\nWith {fixed}.{to_come}")
        complete = not missing and stage == list(STAGES)[-1]
    if plain := tried(runs, grid(START, PLAIN)):
        varied = {name: STAGES["features"].get(name, found) for name, found in PLAIN.items()}
        head = "## Affixes of up to 4 and all features of the neighbours, penalties alone"
        texts.append(f"{head}\n\n{listed(varied, plain)}")
    if complete:
        texts.append(f"Chosen: {', '.join(f'{name} {value}' for name, value in best.items())}.")
    return "\n\n".join(texts)


def listed(varied: Grid, runs: list[Run]) -> str:
    """Return a row for each run."""
    columns = {name: [str(run["params"][name]) for run in runs] for name in varied}
    for score in runs[0]["scores"]:
        columns[score] = [f"{run['scores'][score]:.2f}" for run in runs]
    columns["iterations"] = [str(run["iterations"]) for run in runs]
    columns["weights"] = [f"{run['n_weights']:,}" for run in runs]
    columns["fit, s"] = [report.seconds(run["seconds"]["fit"]) for run in runs]
    return report.markdown(columns)


def penalties(runs: list[Run]) -> str:
    """Return accuracy by c1 and c2, one table if all possible transitions count, one if not."""
    varied = STAGES["penalties"]
    texts = []
    for all_of_them in varied["all_possible_transitions"]:
        found = {
            (run["params"]["c1"], run["params"]["c2"]): f"{run['scores'][MAIN_SCORE]:.2f}"
            for run in runs
            if run["params"]["all_possible_transitions"] == all_of_them
        }
        columns = {"c1": [f"{c1:g}" for c1 in varied["c1"]]}
        for c2 in varied["c2"]:
            columns[f"c2 = {c2:g}"] = [found.get((c1, c2), "-") for c1 in varied["c1"]]
        which = "All transitions" if all_of_them else "Transitions that the training part has"
        texts.append(f"{which}, {MAIN_SCORE}:\n\n{report.markdown(columns)}")
    return "\n\n".join(texts)


# ------------------------------------------------------------------------------------------

PATH = {"type": Path, "metavar": "DIR"}
SEARCHES = {
    "imdb": Study(
        name="search",
        title="An LSTM for IMDB: parameters chosen on held-out films",
        about=__doc__,
        contenders=LSTMS,
        tasks=lambda args: plan(LSTMS, curve, args),
        page=imdb_page,
        options={
            "--threads": {"type": int, "help": "threads of torch; by default all cores"},
            "--vectors": {
                **PATH, "default": harness.CACHE, "help": "folder that keeps trained word vectors",
            },
        },
        old=lambda content: named(content, dict),
    ),
    "doc2vec": Study(
        name="doc2vec_search",
        title="Doc2Vec on IMDB: parameters chosen on held-out films",
        about=__doc__,
        contenders=DOC2VECS,
        tasks=doc2vec_tasks,
        page=doc2vec_page,
        takes=("n_train", "n_test"),
        program="search.py doc2vec",
        old=lambda content: named(content, lambda rows: {"tries": rows}),
    ),
    "clustering": Study(
        name="clustering_search",
        title="Clusters that seeds agree on",
        about=__doc__,
        contenders=AUTOENCODERS,
        tasks=clustering_tasks,
        page=clustering_page,
        takes=("n_train",),
        program="search.py clustering",
    ),
    "crf": Study(
        name="tagging_search",
        title="The CRF's parameters, chosen on the development part",
        about=__doc__,
        contenders=(),
        tasks=crf_tasks,
        page=crf_page,
        options={"--peers-python": {"metavar": "PATH", "help": "has sklearn-crfsuite"}},
        program="search.py crf",
        command="--peers-python PATH",
        kept_in="tagging",
    ),
}  # fmt: skip

if __name__ == "__main__":
    name = sys.argv.pop(1) if sys.argv[1:2] and sys.argv[1] in SEARCHES else "imdb"
    SEARCHES[name].run()
