r"""
Gates and states of one unit
============================

A unit of an LSTM has a **cell state** c, a number that it carries from step to step, and three
**gates**: numbers between 0 and 1 that are computed at each step from the input x and the hidden
states h of all units of the previous step.

- The *forget gate* f says how much of the cell state is kept.
- The *input gate* i says how much of the new candidate g is added.
- The *output gate* o says how much of the cell state is shown to the outside, as the **hidden
  state** h.

In numbers, for each unit: ``c = f * c + i * g`` and ``h = o * tanh(c)``.
"""

import numpy as np
from matplotlib import pyplot as plt


def sigmoid(a):
    """Return values between 0 and 1."""
    return 1 / (1 + np.exp(-a))


# %%
# One unit with weights set by hand so that it remembers: a value x[0] arrives at each step, and
# x[1] says "store it now". The input gate opens where x[1] is 1, and the forget gate closes
# there, which discards the old value.

n_steps = 40
rng = np.random.default_rng(0)
value, store = rng.uniform(-1, 1, n_steps), np.zeros(n_steps)
store[[5, 18, 30]] = 1
c, rows = 0.0, []
for x, s in zip(value, store, strict=True):
    i, f, o = sigmoid(12 * s - 6), sigmoid(6 - 12 * s), sigmoid(6.0)
    g = np.tanh(x)
    c = f * c + i * g
    rows.append((x, i, f, c, o * np.tanh(c)))
value, i, f, c, h = np.transpose(rows)

figure, axes = plt.subplots(3, sharex=True, figsize=(9, 6), layout="constrained")
axes[0].plot(value, ".-", color="gray", label="input x[0]")
axes[0].plot(
    np.flatnonzero(store), value[store == 1], "o", color="tab:red", label='"store" (x[1] is 1)'
)
axes[1].plot(i, label="input gate i")
axes[1].plot(f, label="forget gate f")
axes[2].step(range(n_steps), c, where="post", label="cell state c")
axes[2].step(range(n_steps), h, where="post", label="hidden state h")
for ax in axes:
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
axes[2].set_xlabel("time step")

# %%
# Between the red points the value is carried over a dozen steps almost unchanged, because f is
# close to 1. A plain recurrent network multiplies its state by the same weights at every step
# instead, and the old value fades, or grows without bound. With f a little below 1 the memory
# fades: half of it is left after log(0.5) / log(f) steps.

figure, ax = plt.subplots(figsize=(8, 3.5), layout="constrained")
for forget in [0.5, 0.9, 0.97, 0.99]:
    ax.plot(
        forget ** np.arange(100),
        label=f"f = {forget}: half after {np.log(0.5) / np.log(forget):.0f} steps",
    )
ax.set(xlabel="steps later", ylabel="what is left of a value")
ax.legend()
