"""Time the first training epoch of the tutorial's network in several engines.

The network is an embedding of 5,000 words in 32 numbers, an LSTM of 100 units and one sigmoid
output; the data are the 25,000 IMDB training reviews, their last 500 words, in batches of 64.
Engines that are compared start from the same weights: Keras' initial ones, whose forget gates
begin open, or torch's own, with which gradients vanish into denormal numbers, as they do for
whoever writes the plain loop. Each run is a separate process, the engines take turns, and
medians are reported. An engine that needs over a second a step runs 20 steps, from which the epoch
is extrapolated and marked so; plain torch also runs the whole epoch, once, since its forget gates
open as it learns and fewer gradients vanish.

    python benchmarks/speed.py --keras-python PATH/TO/python

Keras runs in a separate environment (``pip install keras==3.15.0 tensorflow-cpu==2.21.0``);
without ``--keras-python`` it is left out.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.harness import Contender, Laps, Run, Study, Task

ROUNDS = 3
BATCH_SIZE, N_STEPS, MAX_LENGTH = 64, 20, 500
N_PREDICTED = 2_560
LEARNING_RATE = 1e-3
OWN_WEIGHTS = "-torch-init"  # ends the names of what starts from torch's weights

Result = dict[str, Any]


# ------------------------------------------------------------------------------------------
# What the engines are given


def reviews() -> Run:
    """Return the training reviews as token ids."""
    from sklstm import SequenceTokenizer
    from sklstm.datasets import fetch_imdb

    train = fetch_imdb(subset="train")
    tokenizer = SequenceTokenizer(
        max_features=5000, max_length=500, token_pattern=r"(?u)\b\w+\b", truncation="pre"
    )
    sequences = tokenizer.fit_transform(train.data)
    n_ids = np.array(tokenizer.vocabulary_.n_ids)
    return {"ids": list(sequences), "y": train.target, "n_ids": n_ids}


def initial_weights(n_ids: int, *, own: bool) -> dict[str, np.ndarray]:
    """Return the weights that Keras and sklstm begin with, or torch's own."""
    import torch

    from sklstm.nn import RecurrentLayer, TokenEmbedding

    torch.manual_seed(0)
    if own:
        embedding, rnn = torch.nn.Embedding(n_ids, 32).weight, torch.nn.LSTM(32, 100)
        output = torch.nn.Linear(100, 1).weight
    else:
        embedding, rnn = TokenEmbedding(n_ids, 32).weight, RecurrentLayer(32, 100).rnn
        output = torch.nn.init.xavier_uniform_(torch.empty(1, 100))
    return {
        "embedding": embedding.detach().numpy(),
        "kernel": rnn.weight_ih_l0.detach().numpy(),
        "recurrent": rnn.weight_hh_l0.detach().numpy(),
        # The two are only ever added up.
        "bias": (rnn.bias_ih_l0 + rnn.bias_hh_l0).detach().numpy(),
        "output": output.detach().numpy(),
    }


# ------------------------------------------------------------------------------------------
# Engines


def result(seconds: float, steps: int, n: int, laps: Laps, version: str) -> Result:
    """Scale `steps` timed steps up to an epoch of `n` samples."""
    epoch_steps = math.ceil(n / BATCH_SIZE)
    return {
        "epoch_s": seconds / steps * epoch_steps,
        "step_ms": seconds / steps * 1000,
        "predict_s": laps.seconds["predict"],
        "extrapolated": steps < epoch_steps,
        "version": version,
    }


def padded(data: Any, at_end: bool = False) -> np.ndarray:
    """Return (n, 500) ids, zeros at the start as in the tutorial, or at the end."""
    rows = np.zeros((len(data["lengths"]), MAX_LENGTH), dtype=np.int64)
    ends = np.cumsum(data["lengths"])
    for row, end, length in zip(rows, ends, data["lengths"], strict=True):
        start = 0 if at_end else MAX_LENGTH - length
        row[start : start + length] = data["ids"][end - length : end]
    return rows


def run_sklstm(data: Any) -> Result:
    """Time a whole call of ``LSTMClassifier.fit``."""
    import torch
    from skorch.callbacks import Callback

    from benchmarks.contenders import TUTORIAL_NETWORK
    from sklstm import LSTMClassifier

    class FromWeights(Callback):
        def on_train_begin(self, net: Any, **kwargs: Any) -> None:
            module = net.module_
            layer = module.recurrent.forward_layers[0].rnn
            with torch.no_grad():
                module.embedding.weight.copy_(torch.from_numpy(data["embedding"]))
                module.embedding.weight[0] = 0.0
                layer.weight_ih_l0.copy_(torch.from_numpy(data["kernel"]))
                layer.weight_hh_l0.copy_(torch.from_numpy(data["recurrent"]))
                layer.bias_ih_l0.copy_(torch.from_numpy(data["bias"]))
                module.output.weight.copy_(torch.from_numpy(data["output"]))

    ends = np.cumsum(data["lengths"])[:-1]
    X = np.array(np.split(data["ids"], ends), dtype=object)
    model = LSTMClassifier(
        **TUTORIAL_NETWORK,
        weight_decay=0.0,
        max_epochs=1,
        early_stopping=False,
        input_type="tokens",
        callbacks=[FromWeights()],
        random_state=0,
    )
    laps = Laps()
    model.fit(X, data["y"])
    laps.lap("fit")
    model.predict_proba(X[:N_PREDICTED])
    laps.lap("predict")
    version = f"torch {torch.__version__.partition('+')[0]}"
    return result(laps.seconds["fit"], math.ceil(len(X) / BATCH_SIZE), len(X), laps, version)


def run_torch(data: Any, at_end: bool = False, whole: bool = False) -> Result:
    """Time the loop that torch's own tutorials teach; 20 steps if it is slow, unless `whole`."""
    import torch
    from torch import nn

    class Tutorial(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(*data["embedding"].shape)
            self.lstm = nn.LSTM(32, 100, batch_first=True)
            self.output = nn.Linear(100, 1)

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            _, (hidden, _) = self.lstm(self.embedding(ids))
            return self.output(hidden[-1])[:, 0]

    X, y = torch.from_numpy(padded(data, at_end)), torch.from_numpy(data["y"]).float()
    model = Tutorial()
    with torch.no_grad():
        model.embedding.weight.copy_(torch.from_numpy(data["embedding"]))
        model.lstm.weight_ih_l0.copy_(torch.from_numpy(data["kernel"]))
        model.lstm.weight_hh_l0.copy_(torch.from_numpy(data["recurrent"]))
        model.lstm.bias_ih_l0.copy_(torch.from_numpy(data["bias"]))
        model.lstm.bias_hh_l0.zero_()
        model.output.weight.copy_(torch.from_numpy(data["output"]))
        model.output.bias.zero_()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    loss_function = nn.BCEWithLogitsLoss()
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(X)))

    def step(rows: torch.Tensor) -> None:
        optimizer.zero_grad()
        loss_function(model(X[rows]), y[rows]).backward()
        optimizer.step()

    seconds, steps = timed(step, list(order.split(BATCH_SIZE)), whole)
    model.eval()
    laps = Laps()
    with torch.inference_mode():
        for rows in torch.arange(N_PREDICTED).split(256):
            model(X[rows])
    laps.lap("predict")
    version = f"torch {torch.__version__.partition('+')[0]}"
    return result(seconds, steps, len(X), laps, version)


def timed(step: Callable[[Any], None], batches: list[Any], whole: bool) -> tuple[float, int]:
    """Run all batches, or only the first 20 where those take over a second each."""
    laps = Laps()
    for batch in batches[:N_STEPS]:
        step(batch)
    laps.lap("first")
    if laps.seconds["first"] > N_STEPS and not whole:
        return laps.seconds["first"], N_STEPS
    for batch in batches[N_STEPS:]:
        step(batch)
    laps.lap("rest")
    return sum(laps.seconds.values()), len(batches)


def keras_model(data: Any) -> Any:
    """Build the tutorial's network from the shared weights."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(*data["embedding"].shape),
            keras.layers.LSTM(100),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    # Keras has the gates in the order of torch, but in columns.
    kernel, recurrent, output = (
        np.ascontiguousarray(data[name].T) for name in ("kernel", "recurrent", "output")
    )
    zero = np.zeros(1, dtype=np.float32)
    model.set_weights([data["embedding"], kernel, recurrent, data["bias"], output, zero])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def run_keras(data: Any, buckets: bool) -> Result:
    """Time one epoch of ``Model.fit``, tracing (a few seconds, once) done beforehand."""
    import keras
    import tensorflow as tf

    X, y = padded(data).astype(np.int32), data["y"].astype(np.float32)
    model = keras_model(data)
    if buckets:
        signature = (tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None,), tf.float32))
        batches = tf.data.Dataset.from_generator(
            lambda: bucketed(data), output_signature=signature
        ).prefetch(2)
        model.fit(batches.take(2), epochs=1, verbose=0)
    else:
        model.fit(X[: 2 * BATCH_SIZE], y[: 2 * BATCH_SIZE], batch_size=BATCH_SIZE, verbose=0)
    laps = Laps()
    if buckets:
        model.fit(batches, epochs=1, verbose=0)
    else:
        model.fit(X, y, batch_size=BATCH_SIZE, epochs=1, verbose=0)
    laps.lap("fit")
    model.predict(X[:256], batch_size=256, verbose=0)
    laps.lap("first prediction")
    model.predict(X[:N_PREDICTED], batch_size=256, verbose=0)
    laps.lap("predict")
    version = f"keras {keras.__version__} on tensorflow {tf.__version__}"
    return result(laps.seconds["fit"], math.ceil(len(X) / BATCH_SIZE), len(X), laps, version)


def bucketed(data: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches of like length, padded at the start to their longest, as sklstm makes them."""
    lengths, y = data["lengths"], data["y"].astype(np.float32)
    starts = np.cumsum(lengths) - lengths
    ids, rng, batches = data["ids"], np.random.default_rng(0), []
    order = rng.permutation(len(lengths))
    for chunk in np.split(order, range(50 * BATCH_SIZE, len(order), 50 * BATCH_SIZE)):
        ranked = chunk[np.argsort(lengths[chunk], kind="stable")]
        batches += np.split(ranked, range(BATCH_SIZE, len(ranked), BATCH_SIZE))
    for i in rng.permutation(len(batches)):
        rows = batches[i]
        longest = lengths[rows].max()
        block = np.zeros((len(rows), longest), dtype=np.int32)
        for line, row in zip(block, rows, strict=True):
            line[longest - lengths[row] :] = ids[starts[row] : starts[row] + lengths[row]]
        yield block, y[rows]


CONTENDERS = {
    "sklstm": Contender("sklstm, LSTMClassifier.fit", run_sklstm),
    "torch": Contender(
        "plain torch nn.LSTM, padded to 500 at the start as in the tutorial", run_torch
    ),
    "torch-behind": Contender(
        "plain torch nn.LSTM, padded to 500 at the end as torch's pad_sequence does",
        partial(run_torch, at_end=True),
    ),
    "keras": Contender(
        "Keras on TensorFlow, padded to 500 as in the tutorial",
        partial(run_keras, buckets=False),
        peer=True,
    ),
    "keras-buckets": Contender(
        "Keras on TensorFlow, fed sklstm's batches of like length",
        partial(run_keras, buckets=True),
        peer=True,
    ),
    "sklstm-torch-init": Contender("sklstm, from torch's initial weights", run_sklstm),
    "torch-torch-init": Contender("plain torch nn.LSTM, from torch's initial weights", run_torch),
    "torch-whole-torch-init": Contender(
        "the same, however long it takes", partial(run_torch, whole=True), n_seeds=0
    ),
}


# ------------------------------------------------------------------------------------------
# What is run, and shown


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return the engines in turns."""
    contenders = harness.chosen(args, CONTENDERS)

    def run(name: str, folder: Path) -> Run:
        own = name.endswith(OWN_WEIGHTS)
        data = harness.stage(folder / "reviews.npz", reviews)
        weights = harness.stage(
            folder / f"weights-{own}.npz",
            lambda: initial_weights(int(harness.staged(data)["n_ids"]), own=own),
        )
        job = {"contender": name, "data": data, "weights": weights}
        return harness.apart(measure, job, args.peers_python if contenders[name].peer else None)

    # What draws no weights is measured once.
    found = harness.turns(args, ROUNDS, {name: {} for name in contenders}, run)
    return [
        task
        for task in found
        if task.identity["seed"] in contenders[task.identity["contender"]].seeds(args.seeds, ROUNDS)
    ]


def measure(job: Run) -> Run:
    """Run an engine in this process."""
    data = harness.staged(job["data"])
    lengths = np.array([len(ids) for ids in data["ids"]])
    flat = {"ids": np.concatenate(data["ids"]), "lengths": lengths, "y": data["y"]}
    measured = CONTENDERS[job["contender"]].build(flat | harness.staged(job["weights"]))
    return {**measured, "environment": harness.environment(("numpy",))}


def page(runs: list[Run]) -> str:
    groups = report.by_contender(runs, CONTENDERS)

    def times_sklstm(group: list[Run]) -> str:
        own = OWN_WEIGHTS if group[0]["contender"].endswith(OWN_WEIGHTS) else ""
        ours = report.values(groups.get(CONTENDERS[f"sklstm{own}"].title, []), "epoch_s")
        spent = median(report.values(group, "epoch_s"))
        return f"{spent / median(ours):.1f}" if ours else "nan"

    def epoch(group: list[Run]) -> str:
        mark = " (from 20 steps)" if any(run["extrapolated"] for run in group) else ""
        return f"{median(report.values(group, 'epoch_s')):.1f}{mark}"

    columns = {
        "first epoch, s": epoch,
        "ms a step": lambda group: f"{median(report.values(group, 'step_ms')):.0f}",
        "times sklstm": times_sklstm,
        "predict 2,560 reviews, s": report.middle("predict_s", 2),
    }
    counts = sorted({len(group) for group in groups.values()})
    rounds = "One round" if counts == [1] else f"Medians of {counts[0]} to {counts[-1]} rounds"
    versions = "; ".join(sorted(set(report.values(runs, "version"))))
    known = [run["environment"] for run in runs if "environment" in run][:1]
    where = "".join(f" {found['cpus']} CPU cores, Python {found['python']}." for found in known)
    return (
        f"{report.table(groups, columns, 'engine', 'lrrrr')}\n\n{rounds}, the engines taking "
        f"turns, each in a separate process. {versions}.{where}"
    )


PEERS = harness.peers_python("keras and tensorflow")
STUDY = Study(
    name="speed",
    title="The first epoch of the tutorial's LSTM",
    about=__doc__,
    contenders=CONTENDERS,
    tasks=tasks,
    page=lambda runs, args: page(runs),
    guide="docs/benchmarks.md",
    shown=lambda runs: f"{page(runs)} Command: `python benchmarks/speed.py --keras-python PATH`.",
    options={"--keras-python": {"dest": "peers_python", **PEERS["--peers-python"]}},
    command="speed.py --keras-python PATH",
    old=lambda content: harness.old_turns(content["runs"], {}),
)

if __name__ == "__main__":
    STUDY.run()
