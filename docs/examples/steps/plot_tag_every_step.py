"""
A label for every step
======================

`LSTMTagger` reads a whole sequence and labels each of its steps. Here: where in a noisy signal is
an event, and of which kind? Single values overlap between the kinds, so neighbouring steps have
to be read together.
"""

import numpy as np
from matplotlib import pyplot as plt

from sklstm import LSTMTagger
from sklstm.metrics import token_accuracy_score

rng = np.random.default_rng(0)


def signal():
    """Return a signal of 60 to 120 steps, and the label of each step."""
    n_steps = rng.integers(60, 120)
    x, labels = rng.normal(0, 0.3, n_steps), np.full(n_steps, "rest", dtype="<U4")
    for start in rng.choice(np.arange(0, n_steps - 20, 22), 2, replace=False):
        steps = np.arange(start, start + 18)
        kind, period = [("slow", 18), ("fast", 6)][rng.integers(2)]
        x[steps] += np.sin(2 * np.pi * np.arange(18) / period)
        labels[steps] = kind
    return x, labels


X, y = zip(*(signal() for _ in range(120)), strict=True)
model = LSTMTagger(random_state=0).fit(X[:90], y[:90])
predicted = model.predict(X[90:])
print(f"accuracy per step {token_accuracy_score(y[90:], predicted):.3f}")

# %%
# Three signals that the model has not seen. The coloured band above is the truth, that below the
# prediction.

colors = {"rest": "lightgray", "slow": "tab:blue", "fast": "tab:orange"}
figure, axes = plt.subplots(3, figsize=(9, 6), layout="constrained")
for ax, x, truth, tags in zip(axes, X[100:], y[100:], predicted[10:], strict=False):
    ax.plot(x, "k", linewidth=0.8)
    ax.scatter(range(len(x)), np.full(len(x), 2.4), c=[colors[t] for t in truth], marker="s", s=14)
    ax.scatter(range(len(x)), np.full(len(x), -2.4), c=[colors[t] for t in tags], marker="s", s=14)
    ax.set(ylim=(-3, 3), yticks=[-2.4, 2.4], yticklabels=["predicted", "true"])
for name, color in colors.items():
    axes[-1].scatter([], [], c=color, marker="s", label=name)
axes[-1].set_xlabel("step")
figure.legend(ncols=3, loc="outside lower center")
