"""
Learning from unlabelled reviews
================================

A hundred labels and thousands of texts without any: a language model learns from all texts which
word comes next, and a classifier that starts from it needs fewer labels. Here the texts are the
last 60 words of film reviews. The figures on whole reviews, with 50,000 unlabelled ones, are in the
:ref:`user guide <write-like-shakespeare>`.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMLanguageModel, SequenceTokenizer
from sklstm.datasets import fetch_imdb

rng = np.random.default_rng(0)
reviews = fetch_imdb()
rows = rng.permutation(len(reviews.data))
texts = [" ".join(reviews.data[i].split()[-60:]) for i in rows[:7_000]]
y = reviews.target[rows[:7_000]]

# %%
# The first 100 reviews have a label, the next 5,900 have none, and the last 1,000 are to test on.
# All tokens come from one tokenizer, so that all models know the same words.

labelled, unlabelled, test = slice(0, 100), slice(100, 6_000), slice(6_000, None)
tokenizer = SequenceTokenizer(max_features=8_000).fit(texts[:6_000])
X = tokenizer.transform(texts)

language_model = LSTMLanguageModel(
    hidden_size=128,
    embedding_dim=64,
    dropout=0.1,
    input_dropout=0.1,
    recurrent_dropout=0.0,
    learning_rate=4e-3,
    max_epochs=3,
    random_state=0,
)
language_model.fit(X[:6_000])
print(f"perplexity on other reviews: {language_model.perplexity(X[test]):.0f}")

# %%
# Three ways to learn from a hundred labels. `FrozenEstimator` keeps the language model fitted where
# scikit-learn would clone it; the classifier trains a copy of its layers.

scores = {}
counts = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10))
scores["word counts"] = counts.fit(texts[labelled], y[labelled]).score(texts[test], y[test])

options = {"linear_path": False, "random_state": 0}
alone = LSTMClassifier(128, bidirectional=False, conv_filters=None, max_epochs=15, **options)
scores["LSTM"] = alone.fit(X[labelled], y[labelled]).score(X[test], y[test])

started = LSTMClassifier(
    encoder=FrozenEstimator(language_model), pooling="concat", max_epochs=15, **options
)
started.fit(X[labelled], y[labelled])
scores["LSTM, started from\na language model"] = started.score(X[test], y[test])

# %%
# And with the unlabelled reviews in the training set of the classifier, too, marked by -1: its
# predictions for them shall be certain, and not change where words change a little.

marked = np.where(np.arange(6_000) < 100, y[:6_000], -1)
together = LSTMClassifier(
    encoder=FrozenEstimator(language_model),
    pooling="concat",
    unlabeled_label=-1,
    max_epochs=4,
    **options,
)
few = np.r_[0:100, 100:1_600]
together.fit(X[few], marked[few])
scores["and from\nunlabelled rows"] = together.score(X[test], y[test])

fig, ax = plt.subplots(figsize=(7, 2.8), layout="constrained")
bars = ax.barh(list(scores), [100 * score for score in scores.values()], color="C0")
ax.bar_label(bars, fmt="%.1f", padding=3)
ax.invert_yaxis()
ax.set_xlim(50, 100)
ax.set_xlabel("accuracy on 1,000 reviews, %, with 100 labels")
