"""One engine of ``speed.py``, run as a process; prints what it measured as JSON."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

BATCH_SIZE, N_STEPS, MAX_LENGTH = 64, 20, 500
N_PREDICTED = 2_560
LEARNING_RATE = 1e-3

Result = dict[str, Any]


def result(seconds: float, steps: int, n: int, predict_s: float, version: str) -> Result:
    """Scale `steps` timed steps up to an epoch of `n` samples."""
    epoch_steps = math.ceil(n / BATCH_SIZE)
    return {
        "epoch_s": seconds / steps * epoch_steps,
        "step_ms": seconds / steps * 1000,
        "predict_s": predict_s,
        "extrapolated": steps < epoch_steps,
        "version": version,
    }


def padded(data: Any, behind: bool = False) -> np.ndarray:
    """Return (n, 500) ids, zeros in front as the tutorial feeds them, or behind."""
    rows = np.zeros((len(data["lengths"]), MAX_LENGTH), dtype=np.int64)
    ends = np.cumsum(data["lengths"])
    for row, end, length in zip(rows, ends, data["lengths"], strict=True):
        start = 0 if behind else MAX_LENGTH - length
        row[start : start + length] = data["ids"][end - length : end]
    return rows


def run_sklstm(data: Any) -> Result:
    """Time a whole call of ``LSTMClassifier.fit``."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import torch

    from sklstm import LSTMClassifier

    class FromWeights(LSTMClassifier):
        def _build_module(self) -> Any:
            module = super()._build_module()
            layer = module.recurrent.forward_layers[0].rnn
            with torch.no_grad():
                module.embedding.weight.copy_(torch.from_numpy(data["embedding"]))
                module.embedding.weight[0] = 0.0
                layer.weight_ih_l0.copy_(torch.from_numpy(data["kernel"]))
                layer.weight_hh_l0.copy_(torch.from_numpy(data["recurrent"]))
                layer.bias_ih_l0.copy_(torch.from_numpy(data["bias"]))
                module.output.weight.copy_(torch.from_numpy(data["output"]))
            return module

    ends = np.cumsum(data["lengths"])[:-1]
    X = np.array(np.split(data["ids"], ends), dtype=object)
    model = FromWeights(
        100,
        embedding_dim=32,
        bidirectional=False,
        pooling="last",
        dropout=0.0,
        embedding_dropout=0.0,
        optimizer="adam",
        learning_rate=LEARNING_RATE,
        weight_decay=0.0,
        gradient_clip=None,
        lr_schedule="constant",
        batch_size=BATCH_SIZE,
        max_epochs=1,
        early_stopping=False,
        input_type="tokens",
        random_state=0,
    )
    start = time.perf_counter()
    model.fit(X, data["y"])
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    model.predict_proba(X[:N_PREDICTED])
    predict_s = time.perf_counter() - start
    return result(
        seconds,
        math.ceil(len(X) / BATCH_SIZE),
        len(X),
        predict_s,
        f"torch {torch.__version__.partition('+')[0]}",
    )


def run_torch(data: Any, behind: bool = False, whole: bool = False) -> Result:
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

    X, y = torch.from_numpy(padded(data, behind)), torch.from_numpy(data["y"]).float()
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
    start = time.perf_counter()
    with torch.inference_mode():
        for rows in torch.arange(N_PREDICTED).split(256):
            model(X[rows])
    predict_s = time.perf_counter() - start
    version = f"torch {torch.__version__.partition('+')[0]}"
    return result(seconds, steps, len(X), predict_s, version)


def timed(step: Callable[[Any], None], batches: list[Any], whole: bool) -> tuple[float, int]:
    """Run all batches, or only the first 20 where those take over a second each."""
    start = time.perf_counter()
    for done, batch in enumerate(batches, start=1):
        step(batch)
        seconds = time.perf_counter() - start
        if done == N_STEPS and seconds > N_STEPS and not whole:
            return seconds, done
    return seconds, len(batches)


def keras_model(data: Any) -> Any:
    """Build the tutorial's network from the shared weights."""
    import keras

    def gates(array: np.ndarray) -> np.ndarray:
        """Return the gates in Keras' order, which is also torch's, in columns."""
        return np.ascontiguousarray(array.T)

    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(*data["embedding"].shape),
            keras.layers.LSTM(100),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.set_weights(
        [
            data["embedding"],
            gates(data["kernel"]),
            gates(data["recurrent"]),
            data["bias"],
            gates(data["output"]),
            np.zeros(1, dtype=np.float32),
        ]
    )
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
    start = time.perf_counter()
    if buckets:
        model.fit(batches, epochs=1, verbose=0)
    else:
        model.fit(X, y, batch_size=BATCH_SIZE, epochs=1, verbose=0)
    seconds = time.perf_counter() - start
    model.predict(X[:256], batch_size=256, verbose=0)
    start = time.perf_counter()
    model.predict(X[:N_PREDICTED], batch_size=256, verbose=0)
    predict_s = time.perf_counter() - start
    version = f"keras {keras.__version__} on tensorflow {tf.__version__}"
    return result(seconds, math.ceil(len(X) / BATCH_SIZE), len(X), predict_s, version)


def bucketed(data: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches of like length, padded in front to their longest, as sklstm makes them."""
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


def main() -> None:
    """Run the engine named on the command line."""
    engine, path = sys.argv[1:]
    data = dict(np.load(path))
    engines: dict[str, Callable[[], Result]] = {
        "sklstm": lambda: run_sklstm(data),
        "torch": lambda: run_torch(data),
        "torch-whole": lambda: run_torch(data, whole=True),
        "torch-behind": lambda: run_torch(data, behind=True),
        "keras": lambda: run_keras(data, buckets=False),
        "keras-buckets": lambda: run_keras(data, buckets=True),
    }
    print(json.dumps(engines[engine]()))


if __name__ == "__main__":
    main()
