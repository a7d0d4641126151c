"""Compare LSTMs with TF-IDF and logistic regression on the IMDB film reviews.

The four networks of a well-known tutorial, the best LSTM found, the untouched defaults and two
classical baselines, each in a process of its own, on all 25,000 + 25,000 reviews::

    python benchmarks/imdb.py

A run that was stopped goes on where it was. ``--quick`` is the demo: 2,000 reviews and a few
models, in minutes, on small data that comes with the dependencies if IMDB cannot be had.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import _cli, _report
from benchmarks._contenders import CONTENDERS, QUICK_EPOCHS
from benchmarks._data import ROOT, TITLES, DataSpec, load, look_beside_the_repository
from benchmarks._runner import Results, Task, plan, run_all

FULL = (
    "lstm", "lstm-steadied", "lstm-dropout", "lstm-recurrent-dropout", "cnn-lstm",
    "best", "defaults", "tfidf-5000", "tfidf-tuned",
)  # fmt: skip
QUICK = ("lstm-quick", "defaults-quick", "tfidf-5000", "tfidf-tuned")
BUNDLED = {
    "digits": ("digits-lstm", "digits-logistic"),
    "polarity": ("defaults", "tfidf"),
}
QUICK_SIZE = 2000
NAMES = list(dict.fromkeys((*FULL, *QUICK, *BUNDLED["digits"], *BUNDLED["polarity"])))
COMMAND = "python benchmarks/imdb.py"
FEW = f"""\
The tutorial trains for 3 epochs on 25,000 reviews; on few reviews that is too short, and as long as
LSTMClassifier trains by default is too long for a demo: both get {QUICK_EPOCHS} epochs, all else
unchanged. Few reviews favour TF-IDF. `{COMMAND}` compares on all of them.
"""
PUBLISHED = """\
Published: the accuracy that the tutorial printed for its network, made with Keras 1. Its third
network dropped inputs and states inside the LSTM; here dropout is in front of the LSTM and behind
it, and recurrent dropout drops recurrent weights, one draw per batch.
"""


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    look_beside_the_repository()
    folder = _cli.folder(args, kind="quick" if args.quick else None)
    results = Results(folder / "imdb.json")
    complete = True
    if not args.report:
        tasks = chosen(args)
        if args.quick:
            results.runs = []  # a demo shows what it does, not what an earlier one did
        complete = run_all(tasks, results, fresh=args.fresh)
    if not results.runs:
        print("Nothing has been measured yet.")
        return 1
    write(results, folder, args)
    return 0 if complete else 1


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = _cli.options(__doc__.splitlines()[0], NAMES)
    parser.add_argument(
        "--quick", action="store_true", help="a few models on 2,000 reviews, in minutes"
    )
    parser.add_argument(
        "--data",
        choices=("auto", "imdb", "bundled"),
        default="auto",
        help="with --quick: IMDB, what comes with the dependencies, or IMDB if it can be had",
    )
    args = parser.parse_args(argv)
    if args.data == "bundled" and not args.quick:
        parser.error("--data bundled needs --quick")
    return args


def chosen(args: argparse.Namespace) -> list[Task]:
    """Return what to run, after saying on which data."""
    size = QUICK_SIZE if args.quick else None
    imdb = DataSpec("imdb", args.n_train or size, args.n_test or size, args.validate)
    if args.data == "bundled" or (args.quick and args.data == "auto" and not _there(imdb)):
        groups = {
            DataSpec(name, args.n_train, args.n_test, args.validate): names
            for name, names in BUNDLED.items()
        }
    else:
        groups = {imdb: QUICK if args.quick else FULL}
    _say_which(groups, args)
    return [
        task
        for data, names in groups.items()
        for task in plan(_contenders(names, args.only), data, args.seeds, args.epochs)
    ]


def _contenders(names: tuple[str, ...], only: list[str] | None) -> list:
    return [CONTENDERS[name] for name in names if not only or name in only]


def _there(spec: DataSpec) -> bool:
    """Whether the data can be had, by a download if need be; say so if not."""
    try:
        load(spec)
    except OSError as error:
        print(f"IMDB cannot be had: {str(error).splitlines()[0]}", file=sys.stderr)
        return False
    return True


def _say_which(groups: dict[DataSpec, tuple[str, ...]], args: argparse.Namespace) -> None:
    names = [spec.name for spec in groups]
    if names != ["imdb"]:
        titles = " and ".join(TITLES[name] for name in names)
        print(f"Data: what comes with scikit-learn and gensim: {titles}.")
        return
    (spec,) = groups
    if spec.n_train is None:
        part = "all 25,000 + 25,000" if not spec.validate else "a validation split of the 25,000"
    else:
        part = f"a balanced slice of {spec.n_train:,} + {spec.n_test or 25_000:,}"
    print(f"Data: {TITLES['imdb']}, {part}, to train on + to score on.", flush=True)


def write(results: Results, folder: Path, args: argparse.Namespace) -> None:
    """Write the table and the plots, and print the table."""
    from benchmarks import _plots

    quick = args.quick or _cli.is_trial(args)
    reviews = _report.by_data(results.runs).get("imdb", [])
    text = _report.sections(results.runs, published=not quick)
    if reviews and args.quick:
        text += f"\n\n{FEW.strip()}"
    elif not quick:
        text += f"\n\n{PUBLISHED.strip()}"
    print(f"\n{text}\n")
    page = folder / "imdb.md"
    made = f"Made by `{COMMAND}{' --quick' if args.quick else ''}`."
    title = "# LSTMs beside TF-IDF + logistic regression (LR)"
    page.write_text(f"{title}\n\n{text}\n\n{made}\n", encoding="utf-8")
    paths = [page, _plots.learning_curves(results.runs, folder / "imdb_learning_curves.png")]
    if reviews:
        rows = _report.summarize(reviews)
        title = f"{TITLES['imdb']}: {reviews[0]['n_train']:,} to train on"
        paths.append(_plots.accuracy_time(rows, title, folder / "imdb_accuracy_time.png"))
    if folder == _cli.RESULTS:
        _fill_readme(results)
        paths.append(ROOT / "README.md")
    _cli.say_where(paths)


def _fill_readme(results: Results) -> None:
    rows = _report.summarize(results.runs)
    listed = [*_report.notes(results.runs), *_report.surroundings(results.runs)]
    bullets = "\n".join(f"- {note}" for note in (*listed, " ".join(PUBLISHED.split())))
    content = f"{_report.table(rows, published=True)}\n\nMeasured by `{COMMAND}`:\n\n{bullets}"
    try:
        _report.fill_file(ROOT / "README.md", content, "imdb")
    except ValueError as error:
        print(f"README.md is left as it is: {error}.", file=sys.stderr)


if __name__ == "__main__":
    _cli.run(main)
