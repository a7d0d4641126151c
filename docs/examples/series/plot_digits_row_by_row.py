"""
Samples, time steps, features: digits row by row
================================================

1,797 images of 8 rows and 8 columns are 1,797 samples of 8 time steps with 8 features: the shape
(1797, 8, 8).
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split

from sklstm import LSTMClassifier
from sklstm.datasets import load_digit_sequences

X, y = load_digit_sequences(return_X_y=True)
print(X.shape)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

# %%
# The same numbers can be given shapes that mean other things. `(n, 64, 1)` is a sequence of 64
# single pixels, longer to read and harder to learn. `(n, 1, 64)` is one step: there is nothing to
# remember, and the LSTM becomes a dense layer with gates.

shapes = {"8 steps of 8": (8, 8), "64 steps of 1": (64, 1), "1 step of 64": (1, 64)}
scores = {}
for name, shape in shapes.items():
    model = LSTMClassifier(32, fcn_filters=None, max_epochs=15, random_state=0)
    model.fit(X_train.reshape(-1, *shape), y_train)
    scores[name] = model.score(X_test.reshape(-1, *shape), y_test)
    print(f"{name:14} accuracy {scores[name]:.3f}")

# %%
# Images have no order of reading, so that one step is best here is no surprise. Series have one.
#
# The defaults on rows as they are, and which digits they confuse:

model = LSTMClassifier(random_state=0).fit(X_train, y_train)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
left.imshow(np.hstack(X_test[:3]), cmap="gray_r")
left.set(xticks=[], ylabel="time step", title="three samples")
ConfusionMatrixDisplay.from_estimator(model, X_test, y_test, ax=right, colorbar=False)
right.set_title(f"accuracy {model.score(X_test, y_test):.3f}")
