"""
Per-class metrics, log loss and a confusion matrix
==================================================

The metrics of scikit-learn take an LSTM as they take any classifier. Four kinds of requests, one
of them rare, and two of which share their words: only the order tells a request *from* A *to* B
from its reverse.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay, classification_report, log_loss
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, SequenceTokenizer

rng = np.random.default_rng(0)
places = ["paris", "rome", "oslo", "lima", "cairo", "delhi"]
polite = ["", "please , ", "hello , could you ", "i would like to "]


def request(kind):
    """Return a request of this kind."""
    home, away, start = "geneva", rng.choice(places), rng.choice(polite)
    return {
        "leaving": f"{start}travel from {home} to {away}",
        "returning": f"{start}travel from {away} to {home}",
        "weather": f"{start}tell me the weather in {away} , not in {home}",
        "complaint": f"{start}complain about the train to {away}",
    }[kind]


y = rng.choice(["leaving", "returning", "weather", "complaint"], 240, p=[0.4, 0.3, 0.25, 0.05])
texts = [request(kind) for kind in y]
y[rng.choice(240, 8, replace=False)] = "leaving"  # and a few are filed wrongly

# %%
# Predictions of each fifth by a model trained on the other four. The rare class counts as much as
# others in the macro average; `class_weight="balanced"` would give it more weight in training.

lstm = make_pipeline(SequenceTokenizer(), LSTMClassifier(32, random_state=0))
counts = make_pipeline(TfidfVectorizer(), LogisticRegression())
probabilities = {
    "LSTM": cross_val_predict(lstm, texts, y, method="predict_proba"),
    "TF-IDF + LR": cross_val_predict(counts, texts, y, method="predict_proba"),
}
classes = np.unique(y)
print(classification_report(y, classes[probabilities["LSTM"].argmax(axis=1)]))

# %%
# Log loss measures whether the probabilities mean what they say; lower is better.

figure, axes = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
for ax, (name, p) in zip(axes, probabilities.items(), strict=True):
    ConfusionMatrixDisplay.from_predictions(
        y, classes[p.argmax(axis=1)], ax=ax, colorbar=False, xticks_rotation=30
    )
    ax.set_title(f"{name}: log loss {log_loss(y, p):.3f}")
