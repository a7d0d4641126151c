"""
Steps that arrive one at a time
===============================

A model trained on whole sequences reads new ones step by step: a stream carries the state,
computes the new step only, and gives the same answers as one call with the whole sequence.
Neither `stateful=True` nor a fixed batch size is needed.
"""

import time

import numpy as np
from matplotlib import pyplot as plt

from sklstm import LSTMClassifier

# %%
# A machine runs normally, or its vibrations grow slowly. Which of the two, and how early can it
# be told?

rng = np.random.default_rng(0)
growth = np.where(rng.random(300) < 0.5, 0.0, 0.02)
X = rng.normal(size=(300, 100, 1)) * (1 + growth[:, None] * np.arange(100))[:, :, None]
y = np.where(growth > 0, "wears out", "normal")

model = LSTMClassifier(16, bidirectional=False, fcn_filters=None, random_state=0)
model.fit(X[:200], y[:200])
print("accuracy on whole sequences", model.score(X[200:], y[200:]))

# %%
# One machine that wears out, read as its measurements arrive:

machine = X[200:][y[200:] == "wears out"][0]
probabilities, seconds = [], []
with model.stream(response_method="predict_proba") as stream:
    for step in machine:
        start = time.perf_counter()
        probabilities.append(stream.step(step)[1])
        seconds.append(time.perf_counter() - start)
whole = model.predict_proba(machine[None])[0, 1]
print(f"median of {np.median(seconds) * 1e3:.2f} ms a step")
print(f"after the last step {probabilities[-1]:.5f}, in one call {whole:.5f}")

# %%
# Accuracy increases with the number of steps:

after = np.array([model.score(X[200:, :n], y[200:]) for n in range(5, 101, 5)])
figure, (top, bottom) = plt.subplots(2, sharex=True, figsize=(8, 5), layout="constrained")
top.plot(machine[:, 0], "gray", linewidth=0.8)
top.twinx().plot(probabilities, color="tab:red")
top.set(ylabel="vibration", title="one machine: probability of wearing out (red)")
bottom.plot(range(5, 101, 5), after, "o-")
bottom.set(xlabel="steps read", ylabel="accuracy", title="100 machines")
