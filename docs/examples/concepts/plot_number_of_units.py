"""
Why more units, or more layers, can be worse
============================================

More units, or more layers, fit the training samples more closely. With few samples and noise they
fit the noise. `validation_curve` of scikit-learn shows it.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.model_selection import validation_curve

from sklstm import LSTMClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 15, 2))
y = (X[:, :5, 0].sum(axis=1) - X[:, 10:, 1].sum(axis=1) + rng.normal(0, 1.5, 150) > 0).astype(int)

# %%
# Accuracy on training and held-out data; bands are from the lowest to the highest of three folds.

model = LSTMClassifier(
    fcn_filters=None, dropout=0.0, max_epochs=25, learning_rate=0.01, random_state=0
)
figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
for ax, name, values in zip(
    axes, ["hidden_size", "num_layers"], [[1, 2, 4, 8, 16, 32, 64], [1, 2, 3]], strict=True
):
    train, test = validation_curve(
        model.set_params(hidden_size=8), X, y, param_name=name, param_range=values, cv=3
    )
    places = np.arange(len(values))
    for scores, label in [(train, "training"), (test, "held out")]:
        ax.plot(places, scores.mean(axis=1), "o-", label=label)
        ax.fill_between(places, scores.min(axis=1), scores.max(axis=1), alpha=0.2)
    ax.set_xticks(places, values)
    ax.set_xlabel(name)
axes[0].set_ylabel("accuracy")
axes[0].legend()
