"""
278 days, and a forecast with an interval
=========================================

Daily sales with a weekly rhythm: `make_windows` cuts the past into windows, each with the value
of the next day, and `TimeSeriesSplit` keeps training days before test days. The naive forecasts
are the baseline.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.linear_model import RidgeCV
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import TimeSeriesSplit

from sklstm import LSTMRegressor, make_windows

rng = np.random.default_rng(0)
days = np.arange(278)
week = np.array([10, 12, 11, 13, 20, 30, 6])
sales = 50 + 0.1 * days + week[days % 7] + rng.normal(0, 3, len(days)).cumsum() / 3
window = 14
X, y, _ = make_windows(sales, sales, window=window, horizon=1)
print(X.shape, y.shape)

# %%
# The LSTM as it comes, ridge regression on the same windows, and two forecasts without a model:
# the value of yesterday, and that of a week ago.

split = TimeSeriesSplit(3, gap=window, test_size=40)
tests = [test for _, test in split.split(X)]


def in_time_order(model, X):
    """Return the predictions of each test part by a model of the days before it."""
    return np.concatenate(
        [model.fit(X[train], y[train]).predict(X[test]) for train, test in split.split(X)]
    )


test = np.concatenate(tests)
forecasts = {
    "LSTM": in_time_order(LSTMRegressor(random_state=0), X),
    "ridge": in_time_order(RidgeCV(np.logspace(-3, 3, 7)), X[:, :, 0]),
    "yesterday": X[test, -1, 0],
    "a week ago": X[test, -7, 0],
}
for name, forecast in forecasts.items():
    print(f"{name:11} RMSE {root_mean_squared_error(y[test], forecast):.2f}")

# %%
# Sales of a week ago explain nearly all, and ridge regression on 14 values is at least as good as
# the LSTM: 250 windows of a linear rhythm are no task for an LSTM.
#
# Quantiles give an interval. `predict_interval` returns its lower and upper bound. With so few
# windows the interval is learned from little, and fewer days than 90% may be inside.

train, last = np.arange(len(X) - 40 - window), np.arange(len(X) - 40, len(X))
model = LSTMRegressor(loss="quantile", quantiles=(0.05, 0.5, 0.95), random_state=0)
model.fit(X[train], y[train])
lower, upper = model.predict_interval(X[last]).T
inside = np.mean((lower <= y[last]) & (y[last] <= upper))

figure, ax = plt.subplots(figsize=(9, 4), layout="constrained")
ax.plot(days[window:][last], y[last], "k", label="sales")
ax.plot(days[window:][last], model.predict(X[last]), label="median")
ax.fill_between(days[window:][last], lower, upper, alpha=0.3, label="90% interval")
ax.set(xlabel="day", title=f"{inside:.0%} of the last 40 days are inside the 90% interval")
ax.legend()
