"""What the benchmark programs share besides measuring: options, and an orderly end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
CACHE = HERE / "cache"  # ignored by git


def options(description: str, names: list[str]) -> argparse.ArgumentParser:
    """Return a parser of the options that every program has."""
    parser = argparse.ArgumentParser(description=description)
    add = parser.add_argument
    add("--only", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    add("--seeds", type=positive, metavar="N", help="run whatever draws numbers with N seeds")
    add("--fresh", action="store_true", help="measure again what was measured before")
    add("--report", action="store_true", help="measure nothing, only write tables and plots")
    add(
        "--validate",
        action="store_true",
        help="score on a held-out fifth of the training data, for choosing parameters; "
        "writes to benchmarks/cache/",
    )
    add("--output", type=Path, metavar="DIR", help="write everything into this directory")
    # For trials and tests; results then go to benchmarks/cache/.
    add("--n-train", type=positive, help=argparse.SUPPRESS)
    add("--n-test", type=positive, help=argparse.SUPPRESS)
    add("--epochs", type=positive, help=argparse.SUPPRESS)
    return parser


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def is_trial(args: argparse.Namespace) -> bool:
    """Whether the results are no benchmark's, only someone's trial."""
    return bool(args.validate or args.n_train or args.n_test or args.epochs)


def folder(args: argparse.Namespace, *, kind: str | None = None) -> Path:
    """Return where to write: the results, or a folder of the cache for trials or this `kind`."""
    if args.output:
        return args.output
    if kind is None and is_trial(args):
        kind = "validation" if args.validate else "trial"
    return CACHE / kind if kind else RESULTS


def run(main: Callable[[list[str] | None], int]) -> None:
    """Run a program; on Ctrl-C say that nothing finished is lost."""
    try:
        sys.exit(main(None))
    except KeyboardInterrupt:
        print("\nStopped. What is finished is kept; the same command goes on from there.")
        sys.exit(130)


def say_where(paths: list[Path | None]) -> None:
    """Print the files that were written, as short as can be."""
    for path in filter(None, paths):
        here = Path.cwd()
        print(f"Written: {path.relative_to(here) if path.is_relative_to(here) else path}")
