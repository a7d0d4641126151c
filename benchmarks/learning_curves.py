"""Compare accuracy against the number of labels: LSTMs, word counts and Doc2Vec.

Film reviews (IMDB), sentences on films (SUBJ), questions (TREC) and messages (20 newsgroups), each
model from 100 labels, or 500, to all there are, scored on the whole test set, on which nothing is
chosen::

    OMP_NUM_THREADS=1 python benchmarks/learning_curves.py

Every model gets the same draws of labels, a larger one with all of a smaller one. Each fit is made
in a separate process with one thread. ``--data``, ``--labels`` and ``--minutes`` run a part, and a
run that was stopped resumes where it was. What is learned from reviews without labels is kept in
`benchmarks/cache` (`benchmarks/unlabelled.py`, `benchmarks/pretrain.py`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Any

import joblib
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import contenders, harness, report, unlabelled
from benchmarks.data import TITLES, DataSpec, draw, take
from benchmarks.doc2vec import PAIRS
from benchmarks.harness import Contender, Run, Study, Task
from benchmarks.imdb import parts

SIZES: dict[str, tuple[int, ...]] = {
    "trec": (100, 250, 500, 1_000, 2_500, 5_452),
    "subj": (100, 250, 500, 1_000, 2_500, 9_000),
    "imdb": (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000),
    "newsgroups": (500, 1_000, 2_500, 5_000, 11_293),
}
N_SEEDS, N_SEEDS_OF_MANY, MANY = 3, 1, 2_500
# Texts on films, to which word vectors and language models of IMDB's reviews apply.
FILMS = ("imdb", "subj")
LIKENED = 1_000  # the number of labels with which models are likened to others with more
PICTURE = "learning_curves.png"
SHOWN = f"![Accuracy by the number of labels](../benchmarks/results/{PICTURE})"


# ------------------------------------------------------------------------------------------
# Models, built with a seed and what was learned without labels


def nbsvm(seed: int) -> Any:
    """Return naive Bayes features of words and pairs of words, and a linear model."""
    from sklstm.baselines import NBSVMClassifier

    return make_pipeline(CountVectorizer(ngram_range=(1, 2)), NBSVMClassifier())


def doc2vec(seed: int, vectors: Any = None, *, inside: bool = False) -> Any:
    """Return logistic regression on Doc2Vec's vectors, C chosen on folds of the labels.

    With `inside`, Doc2Vec as it comes is trained in the pipeline, on the texts with a label.
    """
    folds = KFold(3, shuffle=True, random_state=0)
    model = GridSearchCV(LogisticRegression(max_iter=1000), {"C": [0.001, 0.01, 0.1, 1]}, cv=folds)
    steps = [StandardScaler(), model]
    if inside:
        from sklstm import Doc2VecVectorizer

        steps.insert(0, Doc2VecVectorizer(random_state=seed, n_jobs=1))
    return make_pipeline(*steps)


def with_vectors(seed: int, vectors: Any = None) -> Any:
    """Return the defaults, but for word vectors that are not trained further."""
    return contenders.defaults(embeddings=vectors, freeze_embeddings=True)(seed)


def with_language_model(seed: int, stored: Mapping[str, Any] | None = None) -> Any:
    """Return the defaults on the states of a language model that is not trained further."""
    if stored is None:
        return contenders.defaults()(seed)
    from sklearn.frozen import FrozenEstimator

    from sklstm import LSTMClassifier

    encoder = FrozenEstimator(stored["model"])
    return make_pipeline(
        FrozenEstimator(stored["tokenizer"]), LSTMClassifier(encoder=encoder, random_state=seed)
    )


# `about` names what a contender has learned from IMDB without labels ("without"), and how it is
# built for other data, if it can be ("elsewhere").
CONTENDERS = {
    "tfidf": Contender("TF-IDF + LR", contenders.CONTENDERS["tfidf-tuned"].build),
    "nbsvm": Contender("NB-SVM", nbsvm),
    "doc2vec": Contender(
        "Doc2Vec + LR", doc2vec, about={"without": "text_vectors", "elsewhere": {"inside": True}}
    ),
    "lstm": Contender("LSTMClassifier", contenders.defaults()),
    "vectors": Contender(
        "LSTMClassifier with word vectors", with_vectors, about={"without": "word_vectors"}
    ),
    "language-model": Contender(
        "LSTMClassifier with a language model",
        with_language_model,
        about={"without": "language_model"},
    ),
}
BASELINES = ("tfidf", "nbsvm", "doc2vec")
# Whose curves are followed to where they cross, each with the baseline to be passed.
COMPARED = (
    ("lstm", "tfidf"),
    ("vectors", "tfidf"),
    ("language-model", "tfidf"),
    ("vectors", "lstm"),
    ("vectors", "doc2vec"),
    ("language-model", "vectors"),
)


def settings(name: str) -> Run:
    """Return how what is learned without labels was learned."""
    return {"text_vectors": PAIRS}.get(CONTENDERS[name].about.get("without", ""), {})


def file_for(name: str) -> str | None:
    """Return the path of what a contender has learned without labels, made if need be."""
    kind = CONTENDERS[name].about.get("without")
    if kind == "language_model":
        return str(unlabelled.LANGUAGE_MODEL)
    if kind is None:
        return None
    return str(getattr(unlabelled, kind)(harness.CACHE, settings(name)))


def missing(name: str, data: str) -> str | None:
    """Return why a contender cannot be run on data, or None if it can."""
    kind = CONTENDERS[name].about.get("without")
    if kind and data not in FILMS and "elsewhere" not in CONTENDERS[name].about:
        return f"there are no texts without labels for {TITLES[data]}"
    if kind == "language_model":
        import sklstm

        if "LSTMLanguageModel" not in sklstm.__all__:
            return "sklstm has no LSTMLanguageModel yet"
        if "encoder" not in sklstm.LSTMClassifier().get_params():
            return "LSTMClassifier has no encoder yet"
        return unlabelled.unfinished()
    return None


# ------------------------------------------------------------------------------------------
# What is run


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return every model on every number of labels, one draw of all data after the other."""
    harness.limit_threads(1)
    found = []
    reasons = {
        (name, data): missing(name, data)
        for data in args.data
        for name in harness.chosen(args, CONTENDERS)
    }
    for (name, data), reason in reasons.items():
        if reason:
            print(f"{CONTENDERS[name].title} on {TITLES[data]} is left out: {reason}.", flush=True)
    for seed in range(args.seeds or N_SEEDS):
        for data in args.data:
            for size in SIZES[data]:
                n_seeds = args.seeds or (N_SEEDS if size <= MANY else N_SEEDS_OF_MANY)
                if seed >= n_seeds or (args.labels and size not in args.labels):
                    continue
                names = harness.chosen(args, CONTENDERS)
                found += [task(name, data, size, seed) for name in names if not reasons[name, data]]
    return found


def of_reviews(name: str, data: str) -> bool:
    """Return whether a contender uses what is learned from IMDB's reviews without labels."""
    about = CONTENDERS[name].about
    return "without" in about and (data == "imdb" or (data in FILMS and "elsewhere" not in about))


def build(name: str, data: str, seed: int, *made: Any) -> Any:
    """Return a contender for data; `made` is what it has learned without labels."""
    contender = CONTENDERS[name]
    more = contender.about.get("elsewhere", {}) if data != "imdb" else {}
    return contender.build(seed, *made, **more)


def task(name: str, data: str, size: int, seed: int) -> Task:
    """Return one contender with some labels of a draw."""
    spec = {"name": data, "labels": size}
    # The parameters of its own, and those of what it was given.
    estimator = build(name, data, seed)
    params = harness.parameters(estimator)
    given = settings(name) if of_reviews(name, data) else {}
    identity = harness.identify(name, spec, seed, {**params, **given})
    title = f"{TITLES[data]}, {size:,} labels, seed {seed}, {CONTENDERS[name].title}"
    job = {"contender": name, **spec, "seed": seed}

    def run(folder: Path) -> Run:
        whole = DataSpec(data)
        files = {"data": harness.stage(folder / whole.file, lambda: parts(whole))}
        if of_reviews(name, data):
            files["learned"] = file_for(name)
        return harness.apart(measure, job | files)

    return Task(title, identity, run)


def measure(job: Run) -> Run:
    """Fit and score a contender in this process, of a job as `task` makes it."""
    staged = harness.staged(job["data"])
    X, y, X_test = staged["X_train"], staged["y_train"], staged["X_test"]
    made, spent = [], None
    if job.get("learned"):
        learned = joblib.load(job["learned"])
        learned, spent = learned if isinstance(learned, tuple) else (learned, learned["seconds"])
        if CONTENDERS[job["contender"]].about["without"] == "text_vectors":
            X, X_test = learned["X_train"], learned["X_test"]  # in the place of texts
        else:
            made.append(learned)
    rows = draw(y, job["labels"], job["seed"])
    data = (take(X, rows), y[rows], X_test, staged["y_test"])
    del staged, X
    model = build(job["contender"], job["name"], job["seed"], *made)
    harness.forget_peak_memory()
    measured = harness.measure(
        model,
        data,
        harness.probability_scores,
        respond="predict_proba",
        clock=time.process_time,
    )
    return {**measured, **({"seconds_learned": spent} if spent else {})}


# ------------------------------------------------------------------------------------------
# What is shown


def crossings(one: Mapping[int, float], other: Mapping[int, float]) -> list[tuple[float, bool]]:
    """Return the sizes at which a curve crosses another, and whether it is above from there on.

    Between two sizes both are lines over the logarithm of the size. Where they only touch, they do
    not cross.
    """
    sizes = sorted(one.keys() & other.keys())
    found, ahead = [], None
    for low, high in pairwise(sizes):
        before, after = (one[size] - other[size] for size in (low, high))
        ahead = before > 0 if before else ahead
        if after and ahead is not None and ahead != (after > 0):
            part = before / (before - after)
            found.append((exp(log(low) + part * (log(high) - log(low))), after > 0))
    return found


def rounded(size: float) -> str:
    """Return a size with two digits, as the draws do not allow for more."""
    return f"{float(f'{size:.2g}'):,.0f}"


def in_words(names: tuple[str, str], one: Mapping[int, float], other: Mapping[int, float]) -> str:
    """Return in a sentence where a curve crosses another."""
    sizes = sorted(one.keys() & other.keys())
    ours, theirs = names
    lowest, highest = f"{sizes[0]:,}", f"{sizes[-1]:,}"
    found = crossings(one, other)
    if not found and one[sizes[0]] > other[sizes[0]]:
        return f"{ours} outperforms {theirs} from {lowest} to {highest} labels."
    if not found:
        return f"{ours} does not pass {theirs} up to {highest} labels."
    if len(found) == 1:
        size, above = found[0]
        if above:
            return f"{ours} passes {theirs} at about {rounded(size)} labels."
        return (
            f"{ours} outperforms {theirs} up to about {rounded(size)} labels, and underperforms it "
            f"from there to {highest}."
        )
    last, above = found[-1]
    most = max(abs(one[size] - other[size]) for size in sizes if size < last)
    return (
        f"{ours} and {theirs} differ by at most {most:.1f} points up to about {rounded(last)} "
        f"labels, where they cross for the last of {len(found)} times; from there to {highest} "
        f"{ours} {'outperforms' if above else 'underperforms'} {theirs}."
    )


def worth(
    names: tuple[str, str], one: Mapping[int, float], other: Mapping[int, float], size: int
) -> str | None:
    """Return in a sentence how many labels a model needs to match another one with `size`.

    None if the other curve does not pass that accuracy between its sizes.
    """
    level = dict.fromkeys(other, one.get(size, 0.0))
    found = [labels for labels, above in crossings(other, level) if above]
    if not found:
        return None
    ours, theirs = names
    return (
        f"With {size:,} labels {ours} is as accurate ({one[size]:.1f}%) as {theirs} with about "
        f"{rounded(found[-1])}."
    )


def medians(groups: Mapping[str, Mapping[int, Sequence[float]]]) -> dict[str, dict[int, float]]:
    return {
        name: {size: median(found) for size, found in own.items()} for name, own in groups.items()
    }


def conclusions(runs: list[Run]) -> list[str]:
    """Return in words where the curves of one data set cross."""
    groups = report.grouped(runs, lambda run: run["contender"])
    middles = medians(report.accuracies(groups))
    found = []
    for one, other in COMPARED:
        ours, theirs = middles.get(one, {}), middles.get(other, {})
        if len(ours.keys() & theirs.keys()) > 1:
            names = (CONTENDERS[one].title, CONTENDERS[other].title)
            found += [in_words(names, ours, theirs), worth(names, ours, theirs, LIKENED)]
    return [sentence for sentence in found if sentence]


def table(runs: list[Run]) -> str:
    """Return a row for each number of labels, a column for each model: accuracy in percent."""
    columns = {
        contender.title: lambda group, name=name: report.spread("accuracy", 2, 100)(
            [run for run in group if run["contender"] == name]
        )
        for name, contender in CONTENDERS.items()
        if any(run["contender"] == name for run in runs)
    }
    groups = {f"{size:,}": group for size, group in report.by_labels(runs).items()}
    return report.table(groups, columns, "labels")


def costs(runs: list[Run]) -> str:
    """Return the seconds and the memory of each model, with few and with many labels."""
    sizes = list(report.by_labels(runs))
    columns = {}

    def at(size: int, column: report.Column) -> report.Column:
        return lambda group: column(report.by_labels(group).get(size, []))

    for size in dict.fromkeys((sizes[0], sizes[-1])):
        columns[f"fit at {size:,}, CPU s"] = at(size, report.took("seconds.fit"))
    columns["predict, CPU s"] = report.took("seconds.predict")
    for size in dict.fromkeys((sizes[0], sizes[-1])):
        columns[f"peak memory at {size:,}, MB"] = at(size, report.middle("memory_mb.peak", 0))
    return report.table(report.by_contender(runs, CONTENDERS), columns)


def sections(runs: list[Run]) -> str:
    texts = []
    for name, group in report.by_data(runs, SIZES).items():
        listed = "\n".join(f"- {line}" for line in conclusions(group))
        test = f"Accuracy in % on {group[0]['n_test']:,} test texts. {report.draws(group)}"
        shown = [f"### {TITLES[name]}", test, table(group), listed, costs(group)]
        texts += [text for text in shown if text]
    return "\n\n".join([*texts, notes(runs)])


def notes(runs: list[Run]) -> str:
    """Return what a reader of the tables has to know."""
    took = {run["contender"]: run["seconds_learned"] for run in runs if "seconds_learned" in run}
    whats = {"vectors": "word vectors", "doc2vec": "Doc2Vec", "language-model": "language model"}
    once = "; ".join(f"{whats[name]}: {seconds:,.0f} s" for name, seconds in took.items())
    reviews = "the 25,000 training and 50,000 unlabelled reviews"
    elsewhere = any(run["data"]["name"] != "imdb" for run in runs)
    sources = ["as it comes from the texts that have a label"] * elsewhere
    sources += [f"on IMDB from {reviews}"] * ("doc2vec" in took)
    texts = [
        "Every model gets the same draws, in which each class has its fraction, and nothing is "
        "chosen on test data.",
        "Where curves cross is computed from the medians, between two sizes on a line over the "
        "logarithm of the size, and rounded to two digits.",
        "TF-IDF + LR: words and pairs of words, `sublinear_tf`, `min_df=2`, `C=10`.",
        "NB-SVM: words and pairs of words, as it comes.",
        f"Doc2Vec + LR: C chosen on folds of the labels; Doc2Vec has learned "
        f"{' and '.join(sources)}.",
        "LSTMs: `make_pipeline(SequenceTokenizer(), LSTMClassifier())`; with word vectors "
        "`embeddings=WordVectors().fit(texts), freeze_embeddings=True`, and with a language model "
        "`encoder=FrozenEstimator(LSTMLanguageModel(...).fit(texts))` (`benchmarks/pretrain.py`), "
        f"where texts are {reviews} of IMDB.",
        f"What is learned without labels is learned once ({once})." if once else "",
        "Times are seconds of the processor with one thread, taken on a busy machine. Peak memory "
        "is that of the whole process, its data included.",
    ]
    return " ".join(text for text in texts if text)


def page(runs: list[Run], args: argparse.Namespace) -> str:
    return "\n\n".join([sections(runs), "\n".join(report.surroundings(runs)), report.loads(runs)])


def plots(runs: list[Run], args: argparse.Namespace, folder: Path) -> list[Path]:
    """Draw the curves, a panel for each data set."""
    groups, path = report.by_data(runs, SIZES), folder / PICTURE
    lstms = [name for name in CONTENDERS if name not in BASELINES]
    titles = [CONTENDERS[name].title for name in (*lstms, *reversed(BASELINES))]
    # The baseline to be passed comes last, in grey.
    colours = dict(zip(titles, (*report.COLOURS[: len(titles) - 1], report.GREY), strict=True))
    dashed = titles[len(lstms) :]
    size = {"figsize": (9, 4.2 * len(groups)), "squeeze": False}
    with report.figure(path, len(groups), 1, **size) as panels:
        for ax, (name, group) in zip(panels[:, 0], groups.items(), strict=True):
            found = report.accuracies(report.by_contender(group, CONTENDERS))
            report.curves(ax, found, colours, dashed)
            ax.set_title(TITLES[name])
            ax.set_ylabel(f"accuracy on {group[0]['n_test']:,} test texts, %")
        panels[-1, 0].set_xlabel("labelled texts to train on (log scale)")
    return [path]


STUDY = Study(
    name="learning_curves",
    title="Learning curves",
    about=__doc__,
    contenders=CONTENDERS,
    tasks=tasks,
    page=page,
    guide="docs/benchmarks.md",
    shown=lambda runs: f"{SHOWN}\n\n{sections(runs)}",
    plots=plots,
    options={
        "--data": {"nargs": "+", "choices": list(SIZES), "default": list(SIZES)},
        "--labels": {"nargs": "+", "type": int, "metavar": "N", "help": "only so many labels"},
    },
)

if __name__ == "__main__":
    STUDY.run()
