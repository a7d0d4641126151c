"""
Learning from unlabelled reviews
================================

Ten labelled reviews hold a part of the words that praise or blame. Reviews without a label hold
them all, in company: praise stands beside praise. A language model of all reviews learns that to
guess the next word, and a classifier that starts from it knows words that no labelled review has.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMLanguageModel, SequenceTokenizer

rng = np.random.default_rng(0)
praise = (
    "superb charming gripping moving brilliant elegant witty tender splendid fresh lively honest "
    "subtle graceful warm clever thrilling touching dazzling inspired radiant joyful sharp bold "
    "vivid poetic lovely masterly exquisite polished sincere magical rich wise humane sublime"
).split()
blame = (
    "dull clumsy tedious stale wooden shallow sloppy dreary noisy awkward lifeless bland muddled "
    "hollow vulgar cheap tiresome feeble messy pointless flat crude silly boring lazy forced "
    "incoherent contrived murky grating ugly soulless plodding trite inept dismal"
).split()
parts = ["acting", "plot", "music", "ending", "dialogue", "camera"]


def review(label):
    """Return a review of three parts of a film, all praised or all blamed."""
    words = rng.choice(praise if label else blame, size=3)
    chosen = rng.choice(parts, size=3, replace=False)
    return ", ".join(f"the {part} was {word}" for part, word in zip(chosen, words, strict=True))


y = rng.integers(2, size=2_010)
y[:10] = [0, 1] * 5
texts = [review(label) for label in y]
print(texts[0], texts[1], sep="\n")
labelled, unlabelled, test = slice(0, 10), slice(10, 1_510), slice(1_510, None)

# %%
# The language model reads all reviews but those to test on; it needs no labels.

tokenizer = SequenceTokenizer().fit(texts[:1_510])
X = tokenizer.transform(texts)
language_model = LSTMLanguageModel(
    hidden_size=48, embedding_dim=24, learning_rate=5e-3, max_epochs=8, random_state=0
)
language_model.fit(X[:1_510])
print("superb is followed by praise, if the model has learned it:")
print(language_model.generate("the acting was superb, the plot was", n_tokens=1, temperature=0))

# %%
# Word counts, an LSTM, the same LSTM started from the language model, and that one with 500 of the
# unlabelled reviews, marked by -1, in its training set. `FrozenEstimator` keeps the language model
# fitted where scikit-learn would clone it; the classifier trains a copy of its layers.

options = {"linear_path": False, "random_state": 0}
started = {"encoder": FrozenEstimator(language_model), "pooling": "concat", **options}
started |= {
    "learning_rate": 1e-2,
    "embedding_dropout": 0.0,
}  # of ULMFiT; for layers that know words
scores = {}

counts = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10))
scores["word counts"] = counts.fit(texts[labelled], y[labelled]).score(texts[test], y[test])

alone = LSTMClassifier(48, bidirectional=False, **options).fit(X[labelled], y[labelled])
scores["LSTM"] = alone.score(X[test], y[test])

model = LSTMClassifier(**started).fit(X[labelled], y[labelled])
scores["LSTM, started from\na language model"] = model.score(X[test], y[test])

marked = np.where(np.arange(510) < 10, y[:510], -1)
model = LSTMClassifier(unlabeled_label=-1, **started).fit(X[:510], marked)
scores["and unlabelled rows"] = model.score(X[test], y[test])

fig, ax = plt.subplots(figsize=(7, 2.8), layout="constrained")
bars = ax.barh(list(scores), [100 * score for score in scores.values()], color="C0")
ax.bar_label(bars, fmt="%.1f", padding=3)
ax.invert_yaxis()
ax.set_xlim(50, 105)
ax.set_xlabel("accuracy on 500 reviews, %, with 10 labels")
