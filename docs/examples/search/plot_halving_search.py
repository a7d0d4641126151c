"""
A search in which epochs are the resource
=========================================

`search_space` returns distributions that suit the estimator and the data. `HalvingRandomSearchCV`
trains many candidates for few epochs, and the better ones for more.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV, cross_val_score

from sklstm import LSTMClassifier, search_space

rng = np.random.default_rng(0)
X = rng.normal(size=(160, 15, 2)).cumsum(axis=1)
y = (X[:, -1, 0] * X[:, 7, 1] > 0).astype(int)  # a product of values at two times

model = LSTMClassifier(random_state=0)
space = search_space(model, X, y)
for name, values in sorted(space.items()):
    print(f"{name:15}", values if isinstance(values, list) else values.dist.name + str(values.args))

# %%
# Nine candidates for three epochs, three for nine, one for 27:

search = HalvingRandomSearchCV(
    model, space, resource="max_epochs", min_resources=3, max_resources=27, n_candidates=9,
    cv=3, random_state=0,
).fit(X, y)  # fmt: skip
results = search.cv_results_
print(search.best_params_)

# %%
# Each line is a candidate:

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
names = [str(params | {"max_epochs": None}) for params in results["params"]]
for name in dict.fromkeys(names):
    rows = [i for i, other in enumerate(names) if other == name]
    epochs = [results["params"][i]["max_epochs"] for i in rows]
    ax.plot(epochs, results["mean_test_score"][rows], "o-", alpha=0.8)
ax.set(xscale="log", xlabel="max_epochs", ylabel="mean accuracy")
ax.set_xticks([3, 9, 27], [3, 9, 27])
ax.minorticks_off()
default = cross_val_score(model, X, y, cv=3).mean()
ax.axhline(default, color="gray", linestyle=":", label="defaults, untouched")
ax.legend()

# %%
# The dotted line is the model as it comes, which trains for as many epochs as its data need
# (`max_epochs="auto"`): more than any candidate here, none of which reaches it. Give a search
# more epochs and candidates than this example, and evaluate what it finds on a held-out test set.
