"""Time the first training epoch of the tutorial's network in several engines.

The network is an embedding of 5,000 words in 32 numbers, an LSTM of 100 units and one sigmoid
output; the data are the 25,000 IMDB training reviews, their last 500 words, in batches of 64.
All engines start from the same weights. Each run is a process of its own, the engines take
turns, and medians are reported. An engine that needs over a second a step runs 20 steps, from
which the epoch is extrapolated and marked so.

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

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
ENGINES = {
    "sklstm": "sklstm, LSTMClassifier.fit",
    "torch": "plain torch nn.LSTM, padded to 500",
    "keras": "Keras on TensorFlow, padded to 500 as in the tutorial",
    "keras-buckets": "Keras on TensorFlow, fed sklstm's batches of like length",
}
BATCH_SIZE = 64


def prepare(path: Path) -> None:
    """Write the reviews as token ids, and the weights that every engine starts from."""
    sys.path.insert(0, str(ROOT))
    import torch

    from sklstm.datasets import fetch_imdb
    from sklstm.nn import RecurrentLayer, TokenEmbedding
    from sklstm.preprocessing import SequenceTokenizer

    shared = ROOT.parent / "shared" / "data"
    if "SKLSTM_DATA" not in os.environ and shared.is_dir():
        os.environ["SKLSTM_DATA"] = str(shared)
    train = fetch_imdb(subset="train")
    tokenizer = SequenceTokenizer(
        max_features=5000, max_length=500, token_pattern=r"(?u)\b\w+\b", truncation="pre"
    )
    sequences = tokenizer.fit_transform(train.data)
    torch.manual_seed(0)
    layer = RecurrentLayer(32, 100)
    np.savez(
        path,
        ids=np.concatenate(sequences),
        lengths=[len(s) for s in sequences],
        y=train.target,
        embedding=TokenEmbedding(tokenizer.vocabulary_.n_ids, 32).weight.detach().numpy(),
        kernel=layer.rnn.weight_ih_l0.detach().numpy(),
        recurrent=layer.rnn.weight_hh_l0.detach().numpy(),
        bias=layer.rnn.bias_ih_l0.detach().numpy(),
        output=torch.nn.init.xavier_uniform_(torch.empty(1, 100)).numpy(),
    )


def run_once(engine: str, data: Path, python: str) -> dict[str, Any]:
    """Run one engine in a fresh process and return what it measured."""
    script = ROOT / "benchmarks" / "_speed_engines.py"
    command = [python, str(script), engine, str(data)]
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
    ours = rows[0]["epoch_s"]
    for row in rows:
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
    arguments = parser.parse_args()
    engines = [e for e in ENGINES if arguments.keras_python or not e.startswith("keras")]
    runs: dict[str, list[dict[str, Any]]] = {engine: [] for engine in engines}
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "imdb.npz"
        prepare(data)
        for _ in range(arguments.rounds):
            for engine in engines:
                keras = engine.startswith("keras")
                python = arguments.keras_python if keras else sys.executable
                runs[engine].append(run_once(engine, data, python))
                print(engine, runs[engine][-1], flush=True)
                write(runs)


def write(runs: dict[str, list[dict[str, Any]]]) -> None:
    """Write what there is so far; a run that is stopped leaves its part."""
    rows = summarize({engine: measured for engine, measured in runs.items() if measured})
    versions = sorted({run["version"] for measured in runs.values() for run in measured})
    note = (
        f"Medians of {min(len(m) for m in runs.values())} rounds, the engines taking turns, each "
        f"in a process of its own with {os.cpu_count()} cores. {'; '.join(versions)}; Python "
        f"{platform.python_version()}. Command: `python benchmarks/speed.py --keras-python PATH`."
    )
    (RESULTS / "speed.json").write_text(json.dumps({"rows": rows, "runs": runs}, indent=1) + "\n")
    (RESULTS / "speed.md").write_text(f"{table(rows)}\n\n{note}\n")


if __name__ == "__main__":
    main()
