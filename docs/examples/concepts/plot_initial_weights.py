"""
Why initial weights are random
==============================

Units that start with equal weights compute the same, receive the same gradient, and stay equal: 8
such units are one unit. Random weights make them differ from the start.
"""

import numpy as np
import torch
from matplotlib import pyplot as plt

from sklstm import LSTMClassifier

# %%
# The class is whether the larger of two bumps comes first.

rng = np.random.default_rng(0)
X = rng.normal(0, 0.1, size=(200, 20, 1))
y = rng.integers(2, size=200)
X[np.arange(200), 4 + rng.integers(3, size=200), 0] += np.where(y, 2.0, 1.0)
X[np.arange(200), 14 + rng.integers(3, size=200), 0] += np.where(y, 1.0, 2.0)


class EqualWeights(LSTMClassifier):
    """An LSTM whose units all start with the weights of the first one."""

    def _build_module(self):
        module = super()._build_module()
        with torch.no_grad():
            for name, weight in module.recurrent.named_parameters():
                gates = weight.view(4, -1, *weight.shape[1:])  # (gate, unit, ...)
                gates[:] = gates[:, :1]
                if "weight_hh" in name:  # each unit reads all units alike
                    gates[:] = gates[..., :1]
            for name, weight in module.named_parameters():
                if "recurrent" not in name and weight.ndim == 2:
                    weight[:] = weight[:, :1]
        return module


options = {
    "hidden_size": 8, "bidirectional": False, "fcn_filters": None, "dropout": 0.0, "max_epochs": 40,
    "random_state": 0,
}  # fmt: skip
models = {
    "equal weights": EqualWeights(**options).fit(X, y),
    "random weights": LSTMClassifier(**options).fit(X, y),
}

# %%
# Input weights of the eight units after training, one column each. Equal units have stayed equal.

figure, axes = plt.subplots(1, 2, figsize=(9, 5), sharey=True, layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    recurrent = dict(model.module_.recurrent.named_parameters())
    incoming = next(w for key, w in recurrent.items() if "weight_ih" in key).detach().numpy()
    ax.imshow(incoming.reshape(4, 8), cmap="RdBu", vmin=-2, vmax=2, aspect="auto")
    ax.set(xlabel="unit", yticks=range(4), yticklabels=["i", "f", "g", "o"],
           title=f"{name}: training loss {model.loss_curve_[-1]:.3f}")  # fmt: skip
axes[0].set_ylabel("input weights of the gates")
