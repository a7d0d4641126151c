"""Time the first training epoch of the tutorial's network in several engines.

The network is an embedding of 5,000 words in 32 numbers, an LSTM of 100 units and one sigmoid
output; the data are the 25,000 IMDB training reviews, their last 500 words, in batches of 64.
Engines that are compared start from the same weights: Keras' initial ones, whose forget gates
begin open, or torch's own, with which gradients vanish into denormal numbers, as they do for
whoever writes the plain loop. Each run is a process of its own, the engines take turns, and
medians are reported; rounds add to those of an earlier call, unless ``--fresh``. An engine that
needs over a second a step runs 20 steps, from which the epoch is extrapolated and marked so;
plain torch also runs the whole epoch, once, since its forget gates open as it learns and fewer
gradients vanish.

    python benchmarks/speed.py --keras-python PATH/TO/python

Keras runs in an environment of its own (``pip install keras==3.15.0 tensorflow-cpu==2.21.0``);
without ``--keras-python`` it is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import _report

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
ENGINES = {
    "sklstm": "sklstm, LSTMClassifier.fit",
    "torch": "plain torch nn.LSTM, padded to 500 in front as in the tutorial",
    "torch-behind": "plain torch nn.LSTM, padded to 500 behind as torch's pad_sequence does",
    "keras": "Keras on TensorFlow, padded to 500 as in the tutorial",
    "keras-buckets": "Keras on TensorFlow, fed sklstm's batches of like length",
    "sklstm-torch-init": "sklstm, from torch's initial weights",
    "torch-torch-init": "plain torch nn.LSTM, from torch's initial weights",
    "torch-whole-torch-init": "the same, however long it takes",
}


def prepare(folder: Path) -> None:
    """Write the reviews as token ids, with the weights that engines start from."""
    from sklstm.datasets import fetch_imdb
    from sklstm.preprocessing import SequenceTokenizer

    shared = ROOT.parent / "shared" / "data"
    if "SKLSTM_DATA" not in os.environ and shared.is_dir():
        os.environ["SKLSTM_DATA"] = str(shared)
    train = fetch_imdb(subset="train")
    tokenizer = SequenceTokenizer(
        max_features=5000, max_length=500, token_pattern=r"(?u)\b\w+\b", truncation="pre"
    )
    sequences = tokenizer.fit_transform(train.data)
    lengths = [len(s) for s in sequences]
    data = {"ids": np.concatenate(sequences), "lengths": lengths, "y": train.target}
    for name, weights in initial_weights(tokenizer.vocabulary_.n_ids).items():
        np.savez(folder / f"{name}.npz", **data, **weights)


def initial_weights(n_ids: int) -> dict[str, dict[str, np.ndarray]]:
    """Return the weights that Keras (and sklstm) begins with, and those of torch."""
    import torch

    from sklstm.nn import RecurrentLayer, TokenEmbedding

    torch.manual_seed(0)
    ours, theirs = RecurrentLayer(32, 100).rnn, torch.nn.LSTM(32, 100)
    sets = {
        "keras": (TokenEmbedding(n_ids, 32).weight, ours, torch.empty(1, 100)),
        "torch": (torch.nn.Embedding(n_ids, 32).weight, theirs, torch.nn.Linear(100, 1).weight),
    }
    torch.nn.init.xavier_uniform_(sets["keras"][2])
    return {
        name: {
            "embedding": embedding.detach().numpy(),
            "kernel": rnn.weight_ih_l0.detach().numpy(),
            "recurrent": rnn.weight_hh_l0.detach().numpy(),
            # The two are only ever added up.
            "bias": (rnn.bias_ih_l0 + rnn.bias_hh_l0).detach().numpy(),
            "output": output.detach().numpy(),
        }
        for name, (embedding, rnn, output) in sets.items()
    }


def run_once(engine: str, folder: Path, python: str) -> dict[str, Any]:
    """Run one engine in a fresh process and return what it measured."""
    data = folder / ("torch.npz" if engine.endswith("-torch-init") else "keras.npz")
    script = ROOT / "benchmarks" / "_speed_engines.py"
    command = [python, str(script), engine.removesuffix("-torch-init"), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{engine} failed:\n{done.stderr[-2000:]}")
    measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


def summarize(runs: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return one row per engine: medians, and how many times sklstm is faster."""
    rows: list[dict[str, Any]] = []
    for engine, measured in runs.items():
        epoch = [run["epoch_s"] for run in measured]
        rows.append(
            {
                "engine": engine,
                "name": ENGINES[engine],
                "epoch_s": statistics.median(epoch),
                "epoch_s_all": epoch,
                "step_ms": statistics.median(run["step_ms"] for run in measured),
                "predict_s": statistics.median(run["predict_s"] for run in measured),
                "extrapolated": any(run["extrapolated"] for run in measured),
            }
        )
    seconds = {row["engine"]: row["epoch_s"] for row in rows}
    for row in rows:
        own = row["engine"].endswith("-torch-init")
        ours = seconds.get("sklstm-torch-init" if own else "sklstm", float("nan"))
        row["times_sklstm"] = row["epoch_s"] / ours
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| engine | first epoch, s | ms a step | times sklstm | predict 2,560 reviews, s |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        mark = " (from 20 steps)" if row["extrapolated"] else ""
        lines.append(
            f"| {row['name']} | {row['epoch_s']:.1f}{mark} | {row['step_ms']:.0f} "
            f"| {row['times_sklstm']:.1f} | {row['predict_s']:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run the engines in turn and write ``results/speed.json`` and ``results/speed.md``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keras-python", help="interpreter that has keras and tensorflow")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fresh", action="store_true", help="forget the rounds of earlier calls")
    parser.add_argument("--only", nargs="+", choices=ENGINES, default=list(ENGINES))
    arguments = parser.parse_args()
    engines = [e for e in arguments.only if arguments.keras_python or not e.startswith("keras")]
    stored = RESULTS / "speed.json"
    runs: dict[str, list[dict[str, Any]]] = {engine: [] for engine in ENGINES}
    if stored.exists() and not arguments.fresh:
        runs |= json.loads(stored.read_text())["runs"]
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        for _ in range(arguments.rounds):
            for engine in engines:
                if engine.startswith("torch-whole") and runs[engine]:
                    continue
                keras = engine.startswith("keras")
                python = arguments.keras_python if keras else sys.executable
                runs[engine].append(run_once(engine, Path(folder), python))
                print(engine, runs[engine][-1], flush=True)
                write(runs)
    write(runs)  # without a round, from what is stored


def write(runs: dict[str, list[dict[str, Any]]]) -> None:
    """Write what there is so far; a run that is stopped leaves its part."""
    rows = summarize({engine: measured for engine, measured in runs.items() if measured})
    versions = sorted({run["version"] for measured in runs.values() for run in measured})
    counts = sorted({len(measured) for measured in runs.values() if measured})
    rounds = "One round" if counts == [1] else f"Medians of {counts[0]} to {counts[-1]} rounds"
    note = (
        f"{rounds}, the engines taking turns, each in a "
        f"process of its own with {os.cpu_count()} cores. {'; '.join(versions)}; Python "
        f"{platform.python_version()}. Command: `python benchmarks/speed.py --keras-python PATH`."
    )
    (RESULTS / "speed.json").write_text(json.dumps({"rows": rows, "runs": runs}, indent=1) + "\n")
    text = f"{table(rows)}\n\n{note}"
    (RESULTS / "speed.md").write_text(f"{text}\n")
    _report.fill_file(ROOT / "README.md", text, "speed")


if __name__ == "__main__":
    main()
