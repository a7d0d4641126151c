"""
What the state of an LSTM looks like
====================================

A network that has learned to copy one number keeps it in its cell state. At one step of each
series a marker says "remember this value"; the target is that value, some steps later.
"""

import numpy as np
from matplotlib import pyplot as plt

from sklstm import LSTMRegressor
from sklstm.inspection import StateDisplay

rng = np.random.default_rng(0)
n_samples, n_steps = 1500, 25
X = np.zeros((n_samples, n_steps, 2))
X[:, :, 0] = rng.uniform(-1, 1, (n_samples, n_steps))
marked = rng.integers(3, 15, n_samples)
X[np.arange(n_samples), marked, 1] = 1
y = X[np.arange(n_samples), marked, 0]

model = LSTMRegressor(
    8,
    bidirectional=False,
    pooling="last",
    fcn_filters=None,
    linear_path=False,
    dropout=0.0,
    learning_rate=0.01,
    max_epochs=30,
    random_state=0,
).fit(X[:1300], y[:1300])
print(f"R2 on new series: {model.score(X[1300:], y[1300:]):.3f}")

# %%
# Cell states of all units while two series are read. All of them change at the marked step, and
# some keep what they got there until the end, where it is read.

figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for ax, i in zip(axes, [1300, 1305], strict=True):
    StateDisplay.from_estimator(model, X[i], states="cell", ax=ax)
    ax.axvline(marked[i] + 1, color="black", linestyle=":")  # steps are counted from 1
    ax.set_title(f"marked: {y[i]:.2f} at step {marked[i] + 1}")
