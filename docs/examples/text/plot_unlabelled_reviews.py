"""
Learning from unlabelled reviews
================================

Ten labelled reviews contain a part of the adjectives that praise or blame. Reviews without a label
contain all of them, and show which ones occur together: praise beside praise. Word vectors and a
language model learn that without labels, and an LSTM that starts from either of them can judge
reviews whose adjectives are in none of the labelled ones.
"""

from functools import partial

import numpy as np
from matplotlib import pyplot as plt
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import SelfTrainingClassifier

from sklstm import LSTMClassifier, LSTMLanguageModel, SequenceTokenizer, WordVectors

praise = (
    "superb charming gripping moving brilliant elegant witty tender splendid fresh lively honest "
    "subtle graceful warm clever thrilling touching dazzling inspired radiant joyful sharp bold "
    "vivid poetic lovely masterly exquisite polished sincere magical rich wise humane sublime "
    "refined delightful engaging captivating haunting stirring wonderful excellent marvellous "
    "admirable flawless rousing uplifting enchanting sparkling stunning absorbing assured crisp "
    "intelligent original inventive imaginative playful"
).split()
blame = (
    "dull clumsy tedious stale wooden shallow sloppy dreary noisy awkward lifeless bland muddled "
    "hollow vulgar cheap tiresome feeble messy pointless flat crude silly boring lazy forced "
    "incoherent contrived murky grating ugly soulless plodding trite inept dismal abysmal absurd "
    "amateurish annoying appalling atrocious banal bloated careless confused cynical dated "
    "derivative disjointed dreadful drab empty erratic excruciating exhausting formulaic gloomy "
    "heavy horrible"
).split()
rng = np.random.default_rng(0)


def opinion(positive):
    """Return three adjectives, of which one in ten contradicts the opinion."""
    contradicts = rng.random(3) < 0.1
    words = [rng.choice(praise if positive != other else blame) for other in contradicts]
    return f"{words[0]}, {words[1]} and {words[2]}"


y, others = rng.integers(2, size=(2, 3_000))
texts = [
    f"others found it {opinion(other)}; I found it {opinion(label)}"
    for other, label in zip(others, y, strict=True)
]
train, test, y_train, y_test = texts[:2_000], texts[2_000:], y[:2_000], y[2_000:]
print(*train[3:6], sep="\n")

# %%
# The label is the opinion of the reviewer. That of the others is independent of it, and differs in
# half of the reviews, which then hold as much praise as blame: a classifier that ignores the order
# of the words reaches an accuracy of about 75% at most. With one adjective in ten that contradicts
# the opinion, none can reach more than about 97%.
#
# The 2,000 reviews for training are first read without labels. Latent semantic analysis, a singular
# value decomposition of word counts, is the classical way of doing so.

counts = TfidfVectorizer().fit(train)
semantic = make_pipeline(TfidfVectorizer(), TruncatedSVD(2, random_state=0)).fit(train)
tokenizer = SequenceTokenizer().fit(train)
vectors = WordVectors(20, window=15, min_count=1, epochs=30, spread=0.3, random_state=0).fit(train)
language_model = LSTMLanguageModel(
    64,
    embedding_dim=32,
    dropout=0.0,
    input_dropout=0.0,
    learning_rate=1e-2,
    batch_size=16,
    max_epochs=20,
    random_state=0,
)
_ = language_model.fit(tokenizer.transform(train))

# %%
# Words with vectors close to that of "superb", and words that the language model expects after it:

print(*[word for word, _ in vectors.most_similar("superb", 6)])
prompt = tokenizer.transform(["others found it dull, stale and crude; I found it superb,"])
print(*language_model.predict(prompt, top_k=6)[0])

# %%
# Then ten of the reviews get their labels; they are drawn three times. `FrozenEstimator` keeps the
# language model fitted where scikit-learn would clone it; the classifier trains a copy of its
# layers. Unlabelled reviews can also take part in the training of the classifier, marked by -1: two
# of the LSTMs get 500 of them, and the self-training classifier gets all.

from_vectors = {"embeddings": vectors, "freeze_embeddings": True}
from_model = {"encoder": FrozenEstimator(language_model)}
marked = {"unlabeled_label": -1, "max_epochs": 6}
linear = LogisticRegression(C=10, class_weight="balanced")

scores = {}
for draw in range(3):
    ten, rest = train_test_split(
        np.arange(2_000), train_size=10, stratify=y_train, random_state=draw
    )
    y_some = np.full(2_000, -1)
    y_some[ten] = y_train[ten]
    some, every = np.r_[ten, rest[:500]], np.r_[ten, rest]
    lstm = partial(LSTMClassifier, random_state=draw)
    self_training = SelfTrainingClassifier(linear, max_iter=None)
    for name, transformer, model, rows in [
        ("word counts", counts, linear, ten),
        ("word counts, self-training", counts, self_training, every),
        ("latent semantic analysis", semantic, linear, ten),
        ("LSTM", tokenizer, lstm(), ten),
        ("LSTM, word vectors", tokenizer, lstm(**from_vectors), ten),
        ("LSTM, word vectors,\nunlabelled rows", tokenizer, lstm(**from_vectors, **marked), some),
        ("LSTM, language model", tokenizer, lstm(**from_model), ten),
        ("LSTM, language model,\nunlabelled rows", tokenizer, lstm(**from_model, **marked), some),
    ]:
        model.fit(transformer.transform(train)[rows], y_some[rows])
        scores.setdefault(name, []).append(model.predict(transformer.transform(test)) == y_test)

agree = (y == others)[2_000:]
for name in ("latent semantic analysis", "LSTM, language model"):
    right = np.mean(scores[name], axis=0)
    print(
        f"{name}: {right[agree].mean():.0%} where opinions agree, else {right[~agree].mean():.0%}"
    )

# %%
# In orange the models of scikit-learn, in blue the LSTMs. Word counts, and an LSTM without the
# unlabelled reviews, know fewer than half of the adjectives. Latent semantic analysis places
# nearly all of them: where both opinions agree, so that order does not matter, it outperforms the
# LSTMs, and takes a fraction of a second. Where they differ, it can only guess. The LSTMs that
# start from word vectors or from a language model know the adjectives, and ten labels teach them
# which of the opinions counts. Unlabelled rows in their training add a little. Self-training helps
# word counts on average, but not reliably, as it takes its own predictions for labels, mistakes
# included.

fig, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
colors = ["C1"] * 3 + ["C0"] * 5
bars = ax.barh(list(scores), [100 * np.mean(right) for right in scores.values()], color=colors)
ax.bar_label(bars, fmt="%.1f", padding=-30, color="white")
for limit, name in [(75, "limit without word order"), (97.2, "best possible")]:
    ax.axvline(limit, color="grey", linestyle=":", zorder=0)
    ax.annotate(name, (limit, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom")
ax.invert_yaxis()
ax.set_xlim(50, 101)
ax.set_xlabel("accuracy on 1,000 reviews, %; mean of three draws of ten labels")
