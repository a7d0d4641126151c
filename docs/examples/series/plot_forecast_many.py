"""
Many series: promotions, intervals, and a new shop
==================================================

Daily sales of 60 shops of different size in one long table, with a weekly pattern and promotions
that are known in advance. One `LSTMForecaster` learns from all of them, and forecasts a shop that
opened three weeks ago.
"""

import numpy as np
import pandas as pd

from sklstm import LSTMForecaster, forecasts_to_frame, frame_to_series
from sklstm.baselines import NaiveForecaster
from sklstm.inspection import ForecastDisplay
from sklstm.metrics import interval_coverage, mean_absolute_scaled_error

rng = np.random.default_rng(0)
week = np.array([0.8, 0.85, 0.9, 1.0, 1.3, 1.6, 0.55])


def shop(number, n_days, horizon=14):
    """Return the sales of a shop up to today, and its promotions, planned for two more weeks."""
    days = pd.date_range(end="2024-06-30", periods=n_days) + pd.Timedelta(days=horizon)
    days = days.union(days - pd.Timedelta(days=horizon))
    promotion = np.repeat(rng.random(len(days) // 4 + 1) < 0.25, 4)[: len(days)]
    level = np.exp(rng.normal(4, 1))
    sales = level * week[days.day_of_week] * (1 + 0.6 * promotion)
    sales *= np.exp(rng.normal(0, 0.08, len(days)))
    sales[-horizon:] = np.nan  # what is to be forecast
    return pd.DataFrame(
        {"unique_id": f"shop {number}", "ds": days, "y": sales, "promotion": promotion * 1.0}
    )


table = pd.concat([shop(i, 180 if i else 21) for i in range(60)], ignore_index=True)
table.tail(16)

# %%
# `frame_to_series` makes one series of each id. The rows after the last known sales hold the
# promotions of the future; they have to be exactly the next `horizon` days.

series = frame_to_series(table, covariates="promotion", freq="D", horizon=14)
print(series)

# %%
# To see how well it works, the last two weeks are held out.

past = [x[:-14] for x in series.X[1:]]
truth = np.stack([x[-14:] for x in series.X[1:]])
promotions = [c[:-14] for c in series.covariates[1:]]
model = LSTMForecaster(14, season_length=7, max_epochs=10, random_state=0)
model.fit(past, covariates=[c[:-14] for c in promotions])
forecasts = {
    "LSTM": model.predict(past, covariates=promotions),
    "a week ago": NaiveForecaster(14, season_length=7).fit(past).predict(past),
}
for name, forecast in forecasts.items():
    error = mean_absolute_scaled_error(truth, forecast, y_train=past, season=7)
    print(f"{name:10} MASE {error:.2f}")
lower, upper = np.moveaxis(model.predict_interval(past, 0.9, covariates=promotions), -1, 0)
print(f"within the 90% interval: {interval_coverage(truth, lower, upper):.0%}")

# %%
# Promotions explain most of what the forecast of a week ago misses.

_ = ForecastDisplay.from_estimator(
    model, past, truth, covariates=promotions, series=[0, 1, 2, 3], n_past=42, coverage=(0.5, 0.9)
)

# %%
# The new shop was not among the training series. Its forecast is made from its own three weeks, on
# their scale, by what was learned from the other shops.

new, planned = [series.X[0]], [series.covariates[0]]
_ = ForecastDisplay.from_estimator(model, new, covariates=planned, coverage=(0.5, 0.9))

# %%
# As a table again, with the days to come:

everything = model.predict(list(series.X), covariates=series.covariates)
forecasts_to_frame(everything, series).head()
