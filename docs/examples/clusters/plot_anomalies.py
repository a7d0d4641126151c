"""
Unusual sequences, by reconstruction error
==========================================

An autoencoder that has seen normal sequences reconstructs them well, and others badly.
`score_samples` is the negative reconstruction error, as in scikit-learn's detectors.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.metrics import RocCurveDisplay

from sklstm import AutoencoderClusterer

rng = np.random.default_rng(0)


def beats(n, fault):
    """Return regular waves, of random phases; faulty ones are faster for eight steps."""
    speed = np.ones((n, 60))
    if fault:
        for row, start in zip(speed, rng.integers(10, 40, n), strict=True):
            row[start : start + 8] = 2.5
    phase = speed.cumsum(axis=1) + rng.uniform(0, 15, (n, 1))
    return np.sin(2 * np.pi * phase / 15) + rng.normal(0, 0.1, (n, 60))


normal, faulty = beats(300, False), beats(50, True)
X_train, X_test = normal[:250], np.concatenate([normal[250:], faulty])
is_normal = np.repeat([True, False], 50)

model = AutoencoderClusterer(1, hidden_size=32, max_epochs=150, learning_rate=0.005, random_state=0)
model.fit(X_train[:, :, None])
scores = model.score_samples(X_test[:, :, None])

# %%
# The baseline is the distance to the mean of the training series. It does not know what a wave
# is, and the faulty ones are as large as the normal ones. An autoencoder has to be trained for
# long enough to know: after 60 epochs at the default learning rate, this one reconstructs both
# badly, and its curve is no better.

distance = np.linalg.norm(X_test - X_train.mean(axis=0), axis=1)

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
left.plot(X_test[0], label="normal")
left.plot(X_test[60] - 2.5, label="faulty")
left.set(yticks=[], xlabel="step")
left.legend()
bins = np.linspace(scores.min(), scores.max(), 25)
middle.hist(scores[is_normal], bins, alpha=0.7, label="normal")
middle.hist(scores[~is_normal], bins, alpha=0.7, label="faulty")
middle.set(xlabel="score_samples")
middle.legend()
RocCurveDisplay.from_predictions(is_normal, scores, ax=right, name="LSTM autoencoder")
RocCurveDisplay.from_predictions(is_normal, -distance, ax=right, name="distance to the mean")
