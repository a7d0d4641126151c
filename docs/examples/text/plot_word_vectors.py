"""
Word vectors where labels are few
=================================

Forty labelled texts hold a part of the words that later texts use. `WordVectors` learns from a
thousand texts without labels which words occur in the same places, and the LSTM reads new words
by their neighbours.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, SequenceTokenizer, WordVectors

rng = np.random.default_rng(0)
animals = [f"animal{i}" for i in range(40)]
verbs = [f"moves{i}" for i in range(40)]
adjectives = [f"very{i}" for i in range(40)]


def sentence(animal_first):
    """Return a sentence that begins with the animal, or with the verb."""
    animal, verb = rng.choice(animals), rng.choice(verbs)
    pair = [f"the {animal}", f"there {verb}"]
    return " ".join([*(pair if animal_first else pair[::-1]), "quite", rng.choice(adjectives)])


unlabelled = [sentence(rng.random() < 0.5) for _ in range(1000)]
y_test = rng.integers(2, size=500)
X_test = [sentence(label) for label in y_test]
print(X_test[:2])

# %%
# The function words "the" and "there" reveal the class. To see what vectors are worth, they are
# left out of the texts that are classified, not of those that the vectors are learned from.


def bare(texts):
    """Return the texts without function words."""
    return [" ".join(w for w in text.split() if w[-1].isdigit()) for text in texts]


vectors = WordVectors(
    vector_size=20, window=2, min_count=1, epochs=30, spread=0.3, random_state=0
)  # fmt: skip
vectors.fit(unlabelled)
sizes = [20, 40, 80, 160, 320]
scores = {"LSTM": [], "LSTM with word vectors": []}
for size in sizes:
    y = np.arange(size) % 2
    X = bare([sentence(label) for label in y])
    for name, options in zip(
        scores, [{}, {"embeddings": vectors, "freeze_embeddings": True}], strict=True
    ):
        lstm = LSTMClassifier(16, linear_path=False, random_state=0, **options)
        model = make_pipeline(SequenceTokenizer(), lstm).fit(X, y)
        scores[name].append(model.score(bare(X_test), y_test))

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for name, values in scores.items():
    ax.plot(sizes, values, "o-", label=name)
ax.set(xscale="log", xlabel="labelled texts", ylabel="accuracy")
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.legend()
