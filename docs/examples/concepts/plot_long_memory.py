"""
Adding two numbers that are far apart
=====================================

The adding problem of Hochreiter and Schmidhuber (1997): each step has a random number and a
marker; the target is the sum of the two marked numbers. A linear model cannot choose by the
marker, and its error is close to that of the mean.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.linear_model import RidgeCV
from sklearn.metrics import root_mean_squared_error

from sklstm import LSTMRegressor
from sklstm.datasets import make_adding_problem

# %%
# The error of each on new sequences, by their length:

lengths = [10, 20, 40]
errors = {"LSTM": [], "ridge": [], "mean": []}
for n_steps in lengths:
    X, y = make_adding_problem(1000, n_steps=n_steps, random_state=0)
    X_test, y_test = make_adding_problem(300, n_steps=n_steps, random_state=1)
    lstm = LSTMRegressor(32, bidirectional=False, fcn_filters=None, dropout=0.0, max_epochs=20,
                         learning_rate=0.01, random_state=0).fit(X, y)  # fmt: skip
    ridge = RidgeCV().fit(X.reshape(len(X), -1), y)
    for name, predicted in [
        ("LSTM", lstm.predict(X_test)),
        ("ridge", ridge.predict(X_test.reshape(len(X_test), -1))),
        ("mean", np.full(len(y_test), y.mean())),
    ]:
        errors[name].append(root_mean_squared_error(y_test, predicted))

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for shift, (name, values) in enumerate(errors.items()):
    bars = ax.bar(np.arange(len(lengths)) + 0.28 * (shift - 1), values, width=0.26, label=name)
    ax.bar_label(bars, fmt="%.2f")
ax.set_xticks(range(len(lengths)), [f"{n} steps" for n in lengths])
ax.set_ylabel("root mean squared error")
figure.legend(loc="outside right upper")
