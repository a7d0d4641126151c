"""
Series of unequal length
========================

A list of arrays goes in as it is: nothing is padded, and no prediction depends on the other
series. The classes here differ in the order of two events, at times that differ from series to
series.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.model_selection import train_test_split

from sklstm import LSTMClassifier
from sklstm.baselines import compare

rng = np.random.default_rng(0)


def series(up_first):
    """Return a noisy series of 30 to 80 steps with a rise and a dip, in either order."""
    x = rng.normal(0, 0.3, rng.integers(30, 80))
    first, second = np.sort(rng.choice(np.arange(3, len(x) - 5, 6), 2, replace=False))
    x[first : first + 5] += 2 if up_first else -2
    x[second : second + 5] += -2 if up_first else 2
    return x


y = np.where(rng.random(150) < 0.5, "rise first", "dip first")
X = [series(label == "rise first") for label in y]

figure, axes = plt.subplots(2, 3, sharey=True, figsize=(9, 4), layout="constrained")
for ax, x, label in zip(axes.flat, X, y, strict=False):
    ax.plot(x)
    ax.set_title(f"{label}, {len(x)} steps", fontsize="medium")

# %%
# A prediction is the same whether a series comes alone or with others:

X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = LSTMClassifier(max_epochs=25, random_state=0).fit(X_train, y_train)
alone = np.concatenate([model.predict_proba([x]) for x in X_test])
print("accuracy", model.score(X_test, y_test))
print("largest difference", np.abs(alone - model.predict_proba(X_test)).max())

# %%
# Statistics of a series, such as its mean and extremes, do not contain the order. Random
# convolutions find it as well as the LSTM does, in less time: for such series they are the better
# choice.

result = compare(LSTMClassifier(max_epochs=25, random_state=0), X, y, cv=3, random_state=0)
result.plot()
result
