"""
A long table and static columns together
========================================

One row for each patient and day, one for each patient: `frame_to_sequences` makes a series of the
first for each patient, and a column transformer joins what is known once.
"""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, frame_to_sequences

rng = np.random.default_rng(0)
rows = []
for patient in range(200):
    age, ill = rng.normal(60, 10), rng.random() < 0.5
    age += 12 * ill
    n_days = rng.integers(6, 15)
    fever = 37 + rng.normal(0, 0.4, n_days)
    start = rng.integers(1, n_days - 3)
    # The ill have fever for two days in a row, the others on two days apart; sometimes unclear.
    days = [start, start + 1] if ill else [0, min(start + 2, n_days - 1)]
    fever[days] += 1.5
    rows += [(patient, day, t, age, ill) for day, t in enumerate(fever)]
frame = pd.DataFrame(rows, columns=["patient", "day", "temperature", "age", "ill"])
print(frame.head(3))

# %%
# `table` has one row for each patient, with a series in a cell. Such a frame can be
# cross-validated.

visits = frame_to_sequences(
    frame, id="patient", time="day", columns=["temperature"], static=["age"], y="ill"
)
print(visits.table.head(3))

# %%
# A model for each part: the LSTM reads the column of series, logistic regression the age.
# Stacking weighs both by predictions for patients that they have not seen. Where the series
# decides nearly all, as here, the age adds little.

series = make_pipeline(
    make_column_transformer(("passthrough", ["temperature"])),
    LSTMClassifier(16, fcn_filters=None, max_epochs=30, random_state=0),
)
age = make_pipeline(make_column_transformer((StandardScaler(), ["age"])), LogisticRegression())
both = StackingClassifier([("series", series), ("age", age)], cv=3)
models = {"age": age, "series": series, "both": both}
scores = {
    name: cross_val_score(model, visits.table, visits.y, cv=4) for name, model in models.items()
}

figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.barh(list(scores), [values.mean() for values in scores.values()], color="lightsteelblue")
for name, values in scores.items():
    ax.plot(values, [name] * len(values), "k.")
ax.set(xlabel="accuracy of four folds, and their mean", xlim=(0.4, 1))
