"""
278 daily sales, and the next six weeks
=======================================

One short series with a weekly pattern. `backtest` compares forecasts that were made from several
days in the past with what came true, and shows whether a network pays at all.
"""

import numpy as np

from sklstm import LSTMForecaster, backtest
from sklstm.baselines import NaiveForecaster
from sklstm.inspection import ForecastDisplay

rng = np.random.default_rng(0)
days = np.arange(278)
week = np.array([10, 12, 11, 13, 20, 30, 6])
sales = 50 + 0.1 * days + week[days % 7] + rng.normal(0, 3, len(days)).cumsum() / 3

# %%
# A single series is passed in a list. Each forecaster gets what came before each of three origins,
# six weeks apart. The mean absolute scaled error (MASE) is relative to the error of the seasonal
# naive forecast in the training part, and the coverage is the fraction of days within the 90%
# interval.

forecasters = {
    "LSTM": LSTMForecaster(horizon=42, season_length=7, random_state=0),
    "a week ago": NaiveForecaster(horizon=42, season_length=7),
    "last value": NaiveForecaster(horizon=42, strategy="last"),
}
results = {}
for name, model in forecasters.items():
    results[name] = backtest(model, [sales], n_splits=3, metrics=("mase", "coverage"), coverage=0.9)
    scores = results[name].scores
    print(f"{name:10} MASE {scores['mase'].mean():.2f}, coverage {scores['coverage'].mean():.2f}")

# %%
# With one short series the LSTM has little to learn from. It is less accurate than the forecast of
# a week ago, which needs no training, and its intervals, learned from the same few days, are too
# narrow. `sklstm.baselines.compare` makes this comparison in one line, with more baselines and a
# verdict.
#
# What the LSTM had forecast from each origin, and what came true:

_ = ForecastDisplay.from_backtest(results["LSTM"])

# %%
# The next six weeks by the better forecast, with intervals for single days:

naive = forecasters["a week ago"].fit([sales])
_ = ForecastDisplay.from_estimator(naive, [sales], coverage=(0.5, 0.9))
