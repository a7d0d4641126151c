"""Compare the untouched defaults with classical baselines on every kind of data.

Texts beside TF-IDF and logistic regression, series beside 1-NN DTW and MiniRocket, numbers beside
the mean and ridge regression, tags beside a CRF; the split of each data set's authors, each run in
a separate process::

    python benchmarks/defaults.py --peers-python PATH/TO/python

The peers are those of aeon and sklearn-crfsuite, in a separate environment (``pip install
aeon==1.6.0 sklearn-crfsuite==0.5.0``); without ``--peers-python`` they are left out. A run that
was stopped resumes where it was, and one seed of everything comes first. Defaults are chosen on a
part of the training data, by ``--validate``, which leaves the test data alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import contenders, harness, imdb, regression, report, tagging, ucr
from benchmarks.data import SMS, TITLES, DataSpec
from benchmarks.harness import Contender, Run, Study, Task

N_SEEDS, MORE_SEEDS = 3, 5
PARTS = ("X_train", "y_train", "X_test", "y_test")
RMSE = "scores.root mean squared error"
# Accuracy of LSTM-FCN in percent, as its authors report it (Karim et al. 2018).
PUBLISHED = {"OSULeaf": 99, "GunPoint": 100, "Coffee": 100, "Trace": 100}
EQUAL = 1e-9


@dataclass(frozen=True)
class DataSet:
    """What is trained and scored on: its parts, in how many runs, and the score that decides."""

    title: str
    names: tuple[str, ...]  # of `data.LOADERS`; of several, folds, the scores are pooled
    n_train: int | None = None
    n_test: int | None = None
    n_seeds: int = N_SEEDS
    score: str = "accuracy"
    folds: bool = False  # validate on five folds of the training data in turn
    read: Callable[[Any], Any] | None = None  # what all models get in place of X

    def specs(self, validate: bool) -> list[DataSpec]:
        """Return the parts; in validation those of the first fold only.

        What is tested in the other folds is training data there, so that the scores of folds are
        not as independent of what validation chose as those of a test set.
        """
        names = self.names[:1] if validate else self.names
        return [DataSpec(name, self.n_train, self.n_test, validate) for name in names]

    def seeds(self, contender: Contender, args: argparse.Namespace) -> range:
        """Return the seeds of a contender, which in validation may be folds, too."""
        if args.validate and self.folds:
            return range(args.seeds or self.n_seeds)
        return contender.seeds(args.seeds, self.n_seeds)

    def holds(self, run: Run, validate: bool) -> bool:
        """Return True if a run was made on this data set."""
        return any(run["data"] == asdict(spec) for spec in self.specs(validate))


@dataclass(frozen=True)
class Kind:
    """A kind of data: its sets, and who is compared with whom."""

    title: str
    sets: Mapping[str, DataSet]
    contenders: Mapping[str, Contender]
    ours: tuple[str, ...]
    baselines: tuple[str, ...]  # what ours are compared with
    task: Callable[..., Task]
    score: Callable[[Any, Any, Any, Any], Run] | None = None


# ------------------------------------------------------------------------------------------
# What is measured


def alone(seed: int, estimator: str) -> Any:
    """Return an estimator of sklstm as it comes."""
    import sklstm

    return make_pipeline(getattr(sklstm, estimator)(random_state=seed))


def tagger(seed: int) -> Any:
    """Return both classes as they come; the tokenizer is told that texts are lists of words."""
    from sklstm import LSTMTagger, SequenceTokenizer

    return make_pipeline(SequenceTokenizer(analyzer=list), LSTMTagger(random_state=seed))


def text_task(
    kind: str, name: str, dataset: DataSet, spec: DataSpec, seed: int, peers_python: str | None
) -> Task:
    return imdb.task(name, spec, seed)


def task(
    kind: str, name: str, dataset: DataSet, spec: DataSpec, seed: int, peers_python: str | None
) -> Task:
    """Return one contender on one data set with one seed."""
    contender = KINDS[kind].contenders[name]
    fold = seed % ucr.N_FOLDS if spec.validate and dataset.folds else None
    job = {"kind": kind, "contender": name, "params": contender.params, "seed": seed}

    def run(folder: Path) -> Run:
        data = harness.stage(folder / f"{fold}-{spec.file}", lambda: parts(dataset, spec, fold))
        if not contender.peer:
            return harness.apart(measure, {**job, "data": data})
        if kind == "tags":
            return crf(unpacked(data), contender.params, peers_python)
        return harness.apart(ucr.measure, {**job, "data": data}, peers_python)

    params = contender.params if contender.peer else harness.parameters(contender.build(seed))
    identity = harness.identify(name, asdict(spec), seed, params)
    seeded = f", seed {seed}" if contender.n_seeds != 0 or fold is not None else ""
    return Task(f"{contender.title} on {TITLES[spec.name]}{seeded}", identity, run)


def parts(dataset: DataSet, spec: DataSpec, fold: int | None) -> dict[str, Any]:
    """Return the parts of a data set in a form that can be staged, as all models read them."""
    found = list(ucr.parts(spec, fold))
    if dataset.read:
        found[::2] = map(dataset.read, found[::2])
    if isinstance(found[0][0], list):  # sentences
        found = [["\t".join(words) for words in part] for part in found]
    return dict(zip(PARTS, found, strict=True))


def unpacked(path: str) -> list[Any]:
    """Return what `parts` staged."""
    staged = harness.staged(path)
    found = [staged[name] for name in PARTS]
    sentences = isinstance(found[0], list) and isinstance(found[0][0], str)
    return [[text.split("\t") for text in part] for part in found] if sentences else found


def measure(job: Run) -> Run:
    """Fit and score a contender in this process, of a job as `task` makes it."""
    kind = KINDS[job["kind"]]
    model, data = kind.contenders[job["contender"]].build(job["seed"]), unpacked(job["data"])
    harness.forget_peak_memory()
    return harness.measure(model, data, kind.score)


def crf(data: list[Any], params: Mapping[str, Any], python: str | None) -> Run:
    """Measure a CRF in its own environment, and score it in this one."""
    words, tags, asked, y = data
    job = {"words": words, "tags": tags, "asked": asked, "params": params}
    measured = harness.apart(tagging.measure_crf, job, python)
    scores = tag_scores(None, asked, y, measured.pop("predicted"))
    return {**measured, **scores, "n_train": len(words), "n_test": len(asked), "warnings": []}


def number_scores(model: Any, X: Any, y: Any, predicted: Any) -> Run:
    return {"scores": harness.number_scores(y, predicted)}


def tag_scores(model: Any, X: Any, y: Any, predicted: Any) -> Run:
    """Return accuracy, and F1 of the spans if tags mark spans."""
    from sklstm.metrics import span_f1_score, token_accuracy_score

    scores = {"accuracy": float(token_accuracy_score(y, predicted))}
    if all(tag == "O" or tag[:2] in ("B-", "I-") for tags in y for tag in tags):
        scores["span_f1"] = float(span_f1_score(y, predicted, zero_division=0.0))
    return scores


# ------------------------------------------------------------------------------------------
# What is run


def texts() -> dict[str, DataSet]:
    found = {name: DataSet(TITLES[name], (name,)) for name in ("subj", "trec", "snips", "r52")}
    found["sms"] = DataSet("SMS spam: five folds", SMS)
    found["newsgroups"] = DataSet(TITLES["newsgroups"], ("newsgroups",))
    found["imdb-2000"] = DataSet("IMDB, 2,000 film reviews to train on", ("imdb",), 2000)
    found["imdb"] = DataSet("IMDB, 25,000 film reviews to train on", ("imdb",))
    return found


def chosen(names: Iterable[str], found: Mapping[str, Contender]) -> dict[str, Contender]:
    return {name: found[name] for name in names}


TEXTS = texts()
SERIES = {
    name: DataSet(TITLES[name], (name,), n_seeds=MORE_SEEDS, folds=True)
    for name in (
        "GunPoint", "ItalyPowerDemand", "Coffee", "JapaneseVowels", "Trace", "OSULeaf",
        "PickupGestureWiimoteZ", "ACSF1", "PLAID",
    )
}  # fmt: skip
NUMBERS = {
    "Covid3Month": DataSet(
        TITLES["Covid3Month"], ("Covid3Month",), n_seeds=MORE_SEEDS, score=RMSE, folds=True,
        read=regression.log_counts,
    ),
    "Tecator": DataSet(TITLES["Tecator"], ("Tecator",), n_seeds=MORE_SEEDS, score=RMSE, folds=True),
    "adding": DataSet(TITLES["adding"], ("adding",), score=RMSE),
}  # fmt: skip
TAGS = {
    "lines": DataSet(TITLES["lines"], ("lines",)),
    "snips-slots": DataSet(TITLES["snips-slots"], ("snips-slots",), score="span_f1"),
}

OF_TEXTS = chosen(("defaults", "tfidf", "tfidf-tuned"), contenders.CONTENDERS)
OF_VECTORS = chosen(("defaults-glove", "tfidf-glove"), contenders.CONTENDERS)
OF_SERIES = {
    "defaults": Contender("LSTMClassifier, defaults", partial(alone, estimator="LSTMClassifier")),
    **chosen(("dtw", "dtw-window", "minirocket"), ucr.CONTENDERS),
}
OF_NUMBERS = {
    "defaults": Contender("LSTMRegressor, defaults", partial(alone, estimator="LSTMRegressor")),
    **chosen(("mean", "ridge"), regression.contenders([], {})),
    **ucr.NUMBERS,
}
OF_TAGS = {
    "defaults": Contender("LSTMTagger, defaults", tagger),
    "defaults-crf": Contender(
        "LSTMTagger, CRF layer and characters", partial(tagging.tagger, output_layer="crf")
    ),
    "crf": Contender("CRF, features made by hand", params=tagging.CRF, n_seeds=0, peer=True),
}
KINDS = {
    "texts": Kind("Texts", TEXTS, OF_TEXTS, ("defaults",), ("tfidf", "tfidf-tuned"), text_task),
    "vectors": Kind(
        "Texts, with general word vectors", chosen(("subj", "trec"), TEXTS), OF_VECTORS,
        ("defaults-glove",), ("tfidf-glove",), text_task,
    ),
    "series": Kind(
        "Series", SERIES, OF_SERIES, ("defaults",), ("dtw", "dtw-window", "minirocket"), task,
        imdb.score,
    ),
    "numbers": Kind(
        "Numbers", NUMBERS, OF_NUMBERS, ("defaults",), ("mean", "ridge"), task, number_scores,
    ),
    "tags": Kind("Tags", TAGS, OF_TAGS, ("defaults", "defaults-crf"), ("crf",), task, tag_scores),
}  # fmt: skip
DATA = tuple(dict.fromkeys(name for kind in KINDS.values() for name in kind.sets))
NAMES = tuple(dict.fromkeys(name for kind in KINDS.values() for name in kind.contenders))


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return the first run of everything, then the second."""
    harness.limit_threads(args.threads)
    return [
        kind.task(key, name, dataset, spec, seed, args.peers_python)
        for seed in range(max(MORE_SEEDS, args.seeds or 0))
        for key, kind in KINDS.items()
        for set_name, dataset in kind.sets.items()
        if set_name in args.data
        for name, contender in harness.chosen(args, kind.contenders).items()
        if seed in dataset.seeds(contender, args)
        for spec in dataset.specs(args.validate)
    ]


# ------------------------------------------------------------------------------------------
# What is shown

Found = dict[str, dict[str, dict[str, list[Run]]]]  # by kind, set and contender


def found(runs: list[Run], validate: bool) -> Found:
    """Return the runs in the order of the tables; folds are pooled to one run for each seed."""
    groups: Found = {}
    for key, kind in KINDS.items():
        for set_name, dataset in kind.sets.items():
            own = [run for run in runs if dataset.holds(run, validate)]
            n_folds = len(dataset.specs(validate))
            for name, group in report.by_contender(own, list(kind.contenders)).items():
                by_seed = report.grouped(group, lambda run: run["seed"]).values()
                if whole := [pooled(folds) for folds in by_seed if len(folds) == n_folds]:
                    groups.setdefault(key, {}).setdefault(set_name, {})[name] = whole
    return groups


def pooled(folds: list[Run]) -> Run:
    """Return one run of those of all folds: the scores of all samples, the seconds of a fold."""
    if len(folds) == 1:
        return folds[0]
    sizes = [run["n_test"] for run in folds]
    scores = {
        name: float(np.average([run[name] for run in folds], weights=sizes))
        for name in ("accuracy", "log_loss")
    }
    seconds = {part: mean(report.values(folds, f"seconds.{part}")) for part in ("fit", "predict")}
    peak = max(report.values(folds, "memory_mb.peak"))
    together = {"seconds": seconds, "memory_mb": {"peak": peak}, "n_test": sum(sizes)}
    return {**folds[0], **scores, **together}


@dataclass(frozen=True)
class Difference:
    """An LSTM on a data set, less a baseline; positive if the LSTM is the better one."""

    dataset: DataSet
    ours: list[float]
    baseline: float
    titles: tuple[str, str]

    def of(self, score: float) -> float:
        """Return the difference of a score: points, or how many percent lower an error is."""
        if self.dataset.score == RMSE:
            return 100 * (1 - score / self.baseline)
        return 100 * (score - self.baseline)

    @property
    def middle(self) -> float:
        """The difference of the median."""
        return self.of(median(self.ours))


def differences(
    kind: Kind, groups: Mapping[str, dict[str, list[Run]]], name: str, baselines: Iterable[str]
) -> Iterator[Difference]:
    """Yield the difference of one of ours to the best of the baselines, for each data set.

    A data set on which one of the baselines is missing is left out.
    """
    baselines = tuple(baselines)
    for set_name, own in groups.items():
        dataset = kind.sets[set_name]
        if name not in own or any(other not in own for other in baselines):
            continue
        scores = {other: median(report.values(own[other], dataset.score)) for other in baselines}
        best = (min if dataset.score == RMSE else max)(scores, key=scores.__getitem__)
        titles = kind.contenders[name].title, kind.contenders[best].title
        yield Difference(dataset, report.values(own[name], dataset.score), scores[best], titles)


def to_the_best(
    kind: Kind, groups: Mapping[str, dict[str, list[Run]]], name: str
) -> list[Difference]:
    """Return the difference to the best of the baselines of a kind, without those never run."""
    present = [other for other in kind.baselines if any(other in own for own in groups.values())]
    return list(differences(kind, groups, name, present)) if present else []


def page(runs: list[Run], args: argparse.Namespace) -> str:
    """Return counts of wins and losses, then for each kind an overview and a table for each set."""
    groups = found(runs, args.validate)
    shown = [run for by_set in groups.values() for run in flat(by_set)]
    if not shown:
        return "Nothing has been measured here."
    texts = [counts(groups), "![Differences to the best baseline](defaults.png)"]
    for key, by_set in groups.items():
        kind = KINDS[key]
        texts.append(f"## {kind.title}\n\n{ABOUT[key]}\n\n{overview(key, by_set)}")
        for set_name, own in by_set.items():
            texts.append(f"**{kind.sets[set_name].title}.** {details(key, own, args.validate)}")
    warned = [f"{line}." for line in report.warned(shown)]
    listed = [*NOTES, *report.surroundings(shown), *dict.fromkeys(warned)]
    return "\n\n".join([*texts, "## Notes", "\n".join(f"- {note}" for note in listed)])


def shown(runs: list[Run]) -> str:
    """Return what the page of benchmarks shows: the overview of each kind."""
    texts = [
        f"### {KINDS[key].title}\n\n{ABOUT[key]}\n\n{overview(key, by_set)}"
        for key, by_set in found(runs, validate=False).items()
    ]
    return "\n\n".join(texts)


def flat(by_set: Mapping[str, dict[str, list[Run]]]) -> list[Run]:
    return [run for own in by_set.values() for group in own.values() for run in group]


def counts(groups: Found) -> str:
    """Return a table of wins and losses, with a row for each baseline and for the best of them."""
    rows = []
    for key, by_set in groups.items():
        kind = KINDS[key]
        others = [name for name in kind.contenders if name not in kind.ours]
        choices = {kind.contenders[name].title: (name,) for name in others}
        if len(kind.baselines) > 1:
            names = ", ".join(kind.contenders[name].title for name in kind.baselines)
            choices[f"the best of: {names}"] = kind.baselines
        for name in kind.ours:
            for title, baselines in choices.items():
                all_found = differences(kind, by_set, name, baselines)
                if middles := [each.middle for each in all_found]:
                    unit = " %" if key == "numbers" else ""
                    rows.append([
                        kind.title, kind.contenders[name].title, title,
                        *(str(number) for number in won(middles)),
                        *(f"{value(middles):+.2f}{unit}" for value in (mean, min, max)),
                    ])  # fmt: skip
    heads = (
        "kind", "LSTM", "baseline", "better", "equal", "worse", "mean difference", "least", "most",
    )  # fmt: skip
    if not rows:
        return "No data set has been run with both an LSTM and a baseline."
    columns = dict(zip(heads, zip(*rows, strict=True), strict=True))
    return report.markdown(columns, "lllrrrrrr")


def won(middles: list[float]) -> tuple[int, int, int]:
    """Return how many differences are positive, zero and negative."""
    better = sum(each > EQUAL for each in middles)
    worse = sum(each < -EQUAL for each in middles)
    return better, len(middles) - better - worse, worse


def overview(key: str, by_set: Mapping[str, dict[str, list[Run]]]) -> str:
    """Return a table of medians: a row for each data set, a column for each contender."""
    kind = KINDS[key]
    names = [name for name in kind.contenders if any(name in own for own in by_set.values())]

    def cell(set_name: str, name: str) -> float | None:
        scores = report.values(by_set[set_name].get(name, []), kind.sets[set_name].score)
        return median(scores) if scores else None

    def text(score: float | None) -> str:
        if score is None:
            return report.MISSING
        return f"{score:.4f}" if key == "numbers" else f"{100 * score:.2f}"

    heads = [kind.sets[set_name].title for set_name in by_set]
    columns = {
        kind.contenders[name].title: [text(cell(set_name, name)) for set_name in by_set]
        for name in names
    }
    if key == "series":
        shown = [PUBLISHED.get(name, report.MISSING) for name in by_set]
        columns["LSTM-FCN, published (r)"] = list(map(str, shown))
    for name in kind.ours:
        titled = {each.dataset.title: each for each in to_the_best(kind, by_set, name)}
        less = [f"{titled[h].middle:+.2f}" if h in titled else report.MISSING for h in heads]
        what = "RMSE below the best, %" if key == "numbers" else "less the best"
        several = f"{kind.contenders[name].title}, " if len(kind.ours) > 1 else ""
        columns[f"{several}{what}"] = less
    whole = [name for name in by_set if all(cell(name, other) is not None for other in names)]
    if key in ("texts", "series") and len(whole) > 1:
        heads.append(f"mean of {'all' if len(whole) == len(by_set) else 'those run by all'}")
        for title, cells in columns.items():
            own = [name for name in names if kind.contenders[name].title == title]
            cells.append(text(mean(cell(s, own[0]) for s in whole)) if own else report.MISSING)
    return report.markdown({"data": heads, **columns})


def details(key: str, own: Mapping[str, list[Run]], validate: bool) -> str:
    """Return sizes, and a row for each contender on one data set."""
    runs = [run for group in own.values() for run in group]
    accuracy = {"accuracy, %": report.spread("accuracy", 2, 100)}
    scores: dict[str, report.Column] = {
        "texts": {**accuracy, "log loss": report.spread("log_loss", 3)},
        "vectors": {**accuracy, "log loss": report.spread("log_loss", 3)},
        "series": {**accuracy, "log loss": report.spread("log_loss", 3)},
        "numbers": {
            "RMSE": report.spread(RMSE, 4),
            "R2": report.spread("scores.R2", 3),
        },
        "tags": {
            **accuracy,
            **({"span F1, %": report.spread("span_f1", 2, 100)} if _spans(runs) else {}),
        },
    }[key]
    columns = {
        **scores,
        "fit, s": report.took("seconds.fit"),
        "predict, s": report.took("seconds.predict"),
        "peak memory, MB": report.middle("memory_mb.peak", 0),
    }
    titled = {KINDS[key].contenders[name].title: group for name, group in own.items()}
    n_train, n_test = max((run["n_train"], run["n_test"]) for run in runs)
    of = "held out of the training data" if validate else "to test"
    return f"{n_train:,} samples to train on, {n_test:,} {of}.\n\n{report.table(titled, columns)}"


def _spans(runs: list[Run]) -> bool:
    return bool(report.values(runs, "span_f1"))


ABOUT = {
    "texts": "Accuracy in percent, medians over the seeds. `make_pipeline(SequenceTokenizer(), "
    "LSTMClassifier())` beside TF-IDF + logistic regression (LR), as they come and tuned: words "
    "and pairs of words, `sublinear_tf`, `min_df=2`, `C=10`. SUBJ has no split of its own: of a "
    "fixed random order, the last tenth is scored on. SMS spam is scored on five stratified folds "
    "together, and its seconds are those of one fold. The 2,000 reviews are a balanced draw.",
    "vectors": "Accuracy in percent, medians over the seeds. Both get the same vectors, GloVe's "
    'of 50 dimensions: `LSTMClassifier(embeddings="glove-6b-50d")`, and LR on the tuned TF-IDF '
    "beside the mean of the vectors of a text's words, standardised and divided by the root of "
    "50, so that both parts of a row are of about the same length.",
    "series": "Accuracy in percent, medians over the seeds. `LSTMClassifier()` alone, which "
    "standardises the values itself. 1-NN DTW takes the series as they are; MiniRocket is aeon's, "
    "with a ridge classifier, on series padded with zeros to the length of the longest training "
    "series, longer ones cut. Published: LSTM-FCN as its authors report it (r), not run here.",
    "numbers": "Root mean squared error (RMSE), medians over the seeds; the difference is that to "
    "the better of the mean and ridge. `LSTMRegressor()` alone beside the mean of the training "
    "numbers, ridge regression on the standardised values (alpha chosen by leaving one out), and "
    "aeon's MiniRocket with ridge regression. On Covid3Month every model reads the logarithm of "
    "the counts.",
    "tags": "Percent, medians over the seeds: accuracy of the words' tags for parts of speech, "
    "F1 of spans (as conlleval and seqeval count them) for slots. LSTMTagger as it comes, and "
    'with `output_layer="crf"` after `SequenceTokenizer(characters=20, min_df=2)`, beside the '
    "CRF of sklearn-crfsuite with the features and penalties that `benchmarks/tagging.py` chose "
    "on LinES.",
}
NOTES = (
    "Differences are the median of the LSTM less that of the baseline, in points of percent; for "
    "numbers by how many percent the RMSE is lower. Better, equal and worse count data sets on "
    "which all of the row's baselines have been run.",
    "With more than one seed: the median, in brackets the lowest and highest. TF-IDF, DTW, the "
    "mean, ridge and the CRF draw nothing.",
    "Each run is a separate process; fitting and predicting include splitting texts into words. "
    "Peak memory is that of the process from fitting on. aeon's models are fitted to a few series "
    "beforehand, so no seconds are those of numba compiling; they use all cores, the others the "
    "threads that `--threads` gives.",
)


# ------------------------------------------------------------------------------------------
# What is drawn


def plots(runs: list[Run], args: argparse.Namespace, folder: Path) -> list[Path]:
    """Draw the differences to the best baseline as bars, a panel per kind, sorted."""
    panels: dict[str, list[Difference]] = {}
    for key, by_set in found(runs, args.validate).items():
        kind = KINDS[key]
        own = [each for name in kind.ours for each in to_the_best(kind, by_set, name)]
        if own:
            panels[key] = sorted(own, key=lambda each: each.middle)
    if not panels:
        return []
    path, heights = folder / "defaults.png", [len(bars) + 1 for bars in panels.values()]
    size = {"figsize": (10.5, 0.6 + 0.36 * sum(heights)), "squeeze": False}
    with report.figure(path, len(panels), height_ratios=heights, **size) as axes:
        for ax, (key, bars) in zip(axes[:, 0], panels.items(), strict=True):
            draw(ax, key, bars)
    return [path]


def draw(ax: Any, key: str, bars: list[Difference]) -> None:
    """Draw one panel."""
    several = len(KINDS[key].ours) > 1
    ends = [[each.of(score) for score in each.ours] for each in bars]
    middles = [each.middle for each in bars]
    low, high = min(0, *map(min, ends)), max(0, *map(max, ends))
    span = (high - low) or 1
    colours = [report.COLOURS[0] if middle >= -EQUAL else report.COLOURS[1] for middle in middles]
    ax.barh(range(len(bars)), middles, color=colours, height=0.7)
    for place, (each, own, middle) in enumerate(zip(bars, ends, middles, strict=True)):
        if len(own) > 1:
            ax.plot([min(own), max(own)], [place, place], color="black", lw=1)
        scores = [median(each.ours), each.baseline]
        shown = [f"{s:.3g}" if key == "numbers" else f"{100 * s:.1f}" for s in scores]
        unit = "%" if key == "numbers" else ""
        beside = {
            "xycoords": ax.get_yaxis_transform(), "textcoords": "offset points", "va": "center",
            "fontsize": 8.5, "annotation_clip": False,
        }  # fmt: skip
        ax.annotate(f"{middle:+.1f}{unit}", (1, place), (6, 0), color=colours[place], **beside)
        ax.annotate(f"LSTM {shown[0]}; {each.titles[1]} {shown[1]}", (1, place), (50, 0), **beside)
    labels = [
        each.dataset.title.split(":")[0].removesuffix(" to train on")
        + (f"\n{each.titles[0]}" if several else "")
        for each in bars
    ]
    ax.set_yticks(range(len(bars)), labels, fontsize=7.5 if several else 9)
    ax.set_xlim(low - 0.05 * span, high + 0.05 * span)
    ax.set_ylim(-0.6, len(bars) - 0.4)
    ax.axvline(0, color="black", lw=0.8)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    what = {
        "numbers": "how far its RMSE is below that of the better of mean and ridge, %",
        "tags": "accuracy or F1 less that of the CRF, points",
    }.get(key, "accuracy less that of the best baseline, points")
    ax.set_title(f"{KINDS[key].title}, LSTM: {what}", fontsize=10)


STUDY = Study(
    name="defaults",
    title="The defaults beside classical baselines",
    about=__doc__,
    contenders=NAMES,
    tasks=tasks,
    page=page,
    guide="docs/benchmarks.md",
    shown=shown,
    plots=plots,
    options={
        **harness.VALIDATE,
        **harness.THREADS,
        **harness.peers_python("aeon and sklearn-crfsuite"),
        "--data": {"nargs": "+", "choices": DATA, "default": DATA, "help": "default: all"},
    },
    command="defaults.py --peers-python PATH",
)

if __name__ == "__main__":
    STUDY.run()
