"""
Several labels for each text
============================

A text may have several labels, or none: y is an indicator matrix, and each label gets a sigmoid
of its own. The labels here depend on order: who writes *to* whom.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer

from sklstm import LSTMClassifier, SequenceTokenizer

rng = np.random.default_rng(0)
people = ["ann", "bob", "cleo", "dan"]
texts, labels = [], []
for _ in range(400):
    sender, *receivers = rng.permutation(people)[: rng.integers(2, 5)]
    texts.append(f"{sender} writes to {' and '.join(receivers)}")
    labels.append(receivers)
binarizer = MultiLabelBinarizer()
Y = binarizer.fit_transform(labels)  # (n_texts, n_labels), zeros and ones
print(texts[0], "->", Y[0], binarizer.classes_)

# %%
# `predict` returns such a matrix, and `predict_proba` a probability for each label.

X_train, X_test, Y_train, Y_test = train_test_split(texts, Y, random_state=0)
model = make_pipeline(SequenceTokenizer(), LSTMClassifier(32, max_epochs=30, random_state=0))
model.fit(X_train, Y_train)
for label, score in zip(
    binarizer.classes_, f1_score(Y_test, model.predict(X_test), average=None), strict=True
):
    print(f"{label:5} F1 = {score:.2f}")

# %%
# Every name occurs in both roles, so its place decides:

asked = ["ann writes to bob", "bob writes to ann", "dan writes to ann and bob and cleo"]
figure, ax = plt.subplots(figsize=(8.5, 3), layout="constrained")
image = ax.imshow(model.predict_proba(asked), vmin=0, vmax=1, cmap="Blues")
ax.set_xticks(range(4), binarizer.classes_)
ax.set_yticks(range(3), asked)
figure.colorbar(image, label="probability of the label")
