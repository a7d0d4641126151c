"""
The probability after each word
===============================

A model that reads forward only can be asked after every word. Where the probability moves is
where the model has read something that matters to it.
"""

import itertools

import numpy as np
from matplotlib import pyplot as plt
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, SequenceTokenizer
from sklstm.inspection import StepwiseProbaDisplay

# %%
# Sentences in which "not" or "never" reverses the verdict:

rng = np.random.default_rng(0)
openings = ["the film is", "i found the story", "the acting was", "her second book is"]
words = {"positive": ["good", "moving", "brilliant"], "negative": ["bad", "dull", "tedious"]}
texts, y = [], []
for opening, negated, verdict in itertools.product(openings, [False, True], words):
    for word in words[verdict]:
        for degree in ["", "very ", "really "]:
            negation = rng.choice(["not ", "never "]) if negated else ""
            texts.append(f"{opening} {negation}{degree}{word}")
            y.append(
                {"positive": "negative", "negative": "positive"}[verdict] if negated else verdict
            )
print(len(texts), "sentences, such as:", *rng.choice(texts, 3), sep="\n  ")

# %%
# ``bidirectional=False`` makes the state after a word depend on the words up to it. Without word
# counts beside it (``linear_path=False``) what is drawn is the LSTM alone. ``embedding_dropout``
# leaves out whole words in training; where one word reverses the meaning, that hurts.

lstm = LSTMClassifier(
    32, bidirectional=False, linear_path=False, dropout=0.2, embedding_dropout=0.0,
    learning_rate=0.005, max_epochs=60, random_state=0,
)  # fmt: skip
model = make_pipeline(SequenceTokenizer(), lstm).fit(texts, y)

figure, axes = plt.subplots(2, figsize=(7, 6), layout="constrained")
for ax, text in zip(
    axes,
    ["her second book is brilliant",
     "her second book is not very brilliant"],
    strict=True,
):  # fmt: skip
    StepwiseProbaDisplay.from_estimator(model, text, ax=ax)

# %%
# The numbers are those of `predict_proba_steps`, here after the words "not", "very" and
# "brilliant":

tokens = model[:-1].transform(["her second book is not very brilliant"])
print(model[-1].classes_)
print(model[-1].predict_proba_steps(tokens)[0][-3:].round(2))
