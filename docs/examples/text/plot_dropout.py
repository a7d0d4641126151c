"""
Three kinds of dropout, seen in the validation loss
===================================================

A hundred sentences and many words: a network memorises the training sentences. `dropout` sets
numbers to zero between layers, `embedding_dropout` leaves out whole words, and
`recurrent_dropout` weights of the connections from step to step. `TrainingHistoryDisplay` draws
the losses of several models.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.model_selection import train_test_split

from sklstm import LSTMClassifier, SequenceTokenizer
from sklstm.datasets import load_polarity
from sklstm.inspection import TrainingHistoryDisplay

texts, y = load_polarity(return_X_y=True)  # sentences from film reviews
texts, texts_val, y, y_val = train_test_split(texts, y, test_size=100, random_state=0)
tokenizer = SequenceTokenizer().fit(texts)
X, X_val = tokenizer.transform(texts), tokenizer.transform(texts_val)

none = {"dropout": 0.0, "embedding_dropout": 0.0, "rare_word_dropout": 0.0}
settings = {
    "none": none,
    "dropout=0.5": {**none, "dropout": 0.5},
    "all three": {**none, "dropout": 0.5, "embedding_dropout": 0.3, "recurrent_dropout": 0.5},
}
models = {
    name: LSTMClassifier(32, max_epochs=25, linear_path=False, random_state=0, **setting).fit(
        X, y, X_val=X_val, y_val=y_val
    )
    for name, setting in settings.items()
}

# %%
# With `X_val` and `y_val` the loss on them is recorded after each epoch.

figure, ax = plt.subplots(figsize=(8, 5), layout="constrained")
TrainingHistoryDisplay.from_estimator(models, ax=ax)

# %%
# Without dropout the training loss goes to zero while the validation loss rises: the network
# becomes sure of what is wrong. One kind of dropout delays that a little; all three prevent it,
# and the network fits the training sentences far less. `early_stopping=True` would stop early in
# each case. None of this teaches the network words that it has never seen: a hundred sentences
# are too few, and no validation loss falls below log(2) = 0.693, that of a coin.
# :ref:`sphx_glr_auto_examples_text_plot_word_vectors.py` shows what helps.

for name, model in models.items():
    losses = [epoch["valid_loss"] for epoch in model.history_]
    best = int(np.argmin(losses))
    print(f"{name:12} best {losses[best]:.3f} in epoch {best + 1}, last {losses[-1]:.3f}")
