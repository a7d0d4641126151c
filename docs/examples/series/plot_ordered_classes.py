"""
Ordered classes: ratings from 1 to 10
=====================================

Cross-entropy treats nine for ten as wrong as one for ten. `loss="ordinal"` takes the order of the
classes into account. Here are ten classes with 20 samples each.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay, mean_absolute_error
from sklearn.model_selection import cross_val_predict

from sklstm import LSTMClassifier


def ratings(seed):
    """Return series, and ratings that follow their mean, with noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(200, 12, 1)).cumsum(axis=1)
    quality = X.mean(axis=(1, 2)) + rng.normal(0, 0.6, 200)
    return X, 1 + np.searchsorted(np.quantile(quality, np.arange(1, 10) / 10), quality)


figure, axes = plt.subplots(1, 2, figsize=(10, 5.8), layout="constrained")
for loss, ax in zip(["cross_entropy", "ordinal"], axes, strict=True):
    model = LSTMClassifier(16, loss=loss, fcn_filters=None, max_epochs=30, random_state=0)
    errors = []
    for seed in range(3):
        X, y = ratings(seed)
        predicted = cross_val_predict(model, X, y, cv=3)
        errors.append(mean_absolute_error(y, predicted))
    ConfusionMatrixDisplay.from_predictions(y, predicted, ax=ax, colorbar=False)
    ax.set_title(f"{loss}: off by {np.mean(errors):.2f} on average")
    print(f"{loss:13} mean absolute error of three draws of the data:", np.round(errors, 2))

# %%
# The draws differ, so compare on your own data, by an error that knows the order, such as the
# mean absolute error.
