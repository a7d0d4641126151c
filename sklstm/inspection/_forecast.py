"""ForecastDisplay: the past of series, their forecasts, and how certain these are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import _safe_indexing
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklstm.inspection._colors import COLOURS
from sklstm.inspection._figure import (
    FONT_SIZE,
    axes_of,
    given_axes,
    mark_every_whole,
    place_legend,
    room,
    root_of,
    write_title,
)
from sklstm.inspection._reading import feature_names_of, fitted_last, read_steps

MOST_PANELS = 60
HORIZONS_BEFORE = 5  # steps of the past that are drawn by default, in horizons
NO_FORECASTS = "predict, so it forecasts nothing; pass a forecaster, such as LSTMForecaster"
OF_BACKTEST = ("X", "origins", "forecasts", "lower", "upper")
DAY = np.timedelta64(1, "D")


class ForecastDisplay:
    """Forecasts of series, beside their past and what has come true.

    Create it with `from_estimator` from a fitted forecaster, with `from_backtest` from the result
    of a backtest, or with `from_forecasts` from arrays. All parameters are stored as attributes.

    Parameters
    ----------
    past : list of array of shape (T_i,) or (T_i, n_outputs), or array of shape (n_series, T) or \
            (n_series, T, n_outputs)
        The values of each series before the forecast; with `origins`, the whole series. NaN, None
        and pandas' NA are missing values, gaps in the line.
    forecast : array of shape (n_series, horizon) or (n_series, horizon, n_outputs)
        The forecasts of the steps after the past. With `origins` there is an axis more, after that
        of the series: (n_series, n_origins, horizon) or (n_series, n_origins, horizon, n_outputs).
    truth : array of shape (n_series, horizon) or (n_series, horizon, n_outputs), default=None
        The true values of the steps that are forecast. None where they are not known, and with
        `origins`, where they are part of the series.
    intervals : dict of float to array, default=None
        By the coverage of each interval, such as 0.9, the lower and upper bounds: an array like
        `forecast` with a last axis of two more. A key of None is a coverage that is not known.
    paths : array, default=None
        Possible courses of the future: an array like `forecast` with an axis more, before that of
        the steps: (n_series, n_paths, horizon), or with `origins` (n_series, n_origins, n_paths,
        horizon).
    origins : array of shape (n_series, n_origins), default=None
        Number of steps of each series before each of several forecasts. None: there is one
        forecast, which begins after the past.
    times : array of shape (n_steps,), or sequence of such arrays, default=None
        The times of the steps, those of the past alone or of past and forecast: dates in the forms
        of NumPy and pandas, or numbers, increasing. An array for each series, or one for all
        series if these are equally long. Those of the forecast, if not given, continue the past by
        the `freq` of an index of pandas, by months where the times are first or last days of
        months, and otherwise by the last difference. None numbers the steps from 1.
    names : sequence of str, default=None
        The name of each series, for titles. None numbers several series from 0.
    output_names : sequence of str, default=None
        The name of each value of a step. None numbers them from 0.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the first panel, which is the only one of one series with one value per step.
    axes_ : ndarray of matplotlib Axes of shape (n_panels,)
        The axes of all panels: the values per step of the first series, of the second, and so on.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    lines_ : dict of str to list of matplotlib Line2D
        The lines of each kind that is drawn: "past", "truth", "forecast", "path" and "origin", in
        the order of panels, within these of origins, and within these of paths.
    bands_ : dict of float to list of matplotlib collection
        The band of each coverage, in the same order.
    legend_ : matplotlib Legend or None
        The legend.

    See Also
    --------
    sklstm.metrics.mean_absolute_scaled_error : How large the errors of forecasts are.
    sklstm.metrics.interval_coverage : How often intervals contain the true values.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.inspection import ForecastDisplay
    >>> hours = np.arange(96)
    >>> load = 10 + np.sin(hours * 2 * np.pi / 24)
    >>> past, truth = load[:72], load[72:]
    >>> display = ForecastDisplay.from_forecasts(
    ...     [past],
    ...     [past[-24:]],  # the same as on the day before
    ...     truth=[truth],
    ...     intervals={0.9: [np.column_stack([past[-24:] - 1, past[-24:] + 1])]},
    ...     times=np.datetime64("2026-03-01T00") + hours,
    ...     names=["substation A"],
    ... )
    >>> sorted(display.lines_)
    ['forecast', 'origin', 'past', 'truth']
    >>> [text.get_text() for text in display.legend_.get_texts()]
    ['past', 'truth', 'forecast', '90% interval']
    >>> import matplotlib.pyplot as plt
    >>> plt.close("all")
    """

    ax_: Any
    axes_: np.ndarray
    figure_: Any
    lines_: dict[str, list[Any]]
    bands_: dict[float | None, list[Any]]
    legend_: Any

    def __init__(
        self,
        past: Any,
        forecast: Any,
        *,
        truth: Any = None,
        intervals: Mapping[Any, Any] | None = None,
        paths: Any = None,
        origins: Any = None,
        times: Any = None,
        names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
    ):
        self.past = past
        self.forecast = forecast
        self.truth = truth
        self.intervals = intervals
        self.paths = paths
        self.origins = origins
        self.times = times
        self.names = names
        self.output_names = output_names

    def plot(
        self,
        ax: Any = None,
        *,
        series: Any = None,
        output: Any = None,
        n_past: int | None = None,
        n_cols: int | None = None,
        legend: bool = True,
        past_kw: Mapping[str, Any] | None = None,
        truth_kw: Mapping[str, Any] | None = None,
        forecast_kw: Mapping[str, Any] | None = None,
        interval_kw: Mapping[str, Any] | None = None,
        path_kw: Mapping[str, Any] | None = None,
        origin_kw: Mapping[str, Any] | None = None,
    ) -> ForecastDisplay:
        """Draw the forecasts; each call draws them again.

        Parameters
        ----------
        ax : matplotlib Axes, or sequence of Axes, default=None
            Axes to draw on, one for each panel. None draws on a new figure.
        series : int or sequence of int, default=None
            The series to draw, each in a panel. None draws all.
        output : int or sequence of int, default=None
            Of several values per step, those to draw, each in a panel. None draws all.
        n_past : int, default=None
            Number of steps to draw before the forecast, or before the first one. None draws five
            horizons, and with `origins` two, or all steps if there are fewer.
        n_cols : int, default=None
            Number of columns of the panels on a new figure. None draws the values of one series
            below each other, up to three values of several series in a row for each series, and
            anything else in two columns.
        legend : bool, default=True
            Whether to draw a legend, one for all panels.
        past_kw, truth_kw, forecast_kw, path_kw, origin_kw : dict, default=None
            Arguments of :class:`~matplotlib.lines.Line2D` for the lines of each kind.
        interval_kw : dict, default=None
            Arguments of :meth:`~matplotlib.axes.Axes.fill_between` for the intervals. "color" is
            the colour that is mixed with that of the background, the less of it the wider the
            interval; by default that of the forecast.

        Returns
        -------
        self : ForecastDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If a parameter is of another type.
        ValueError
            If the shapes of the arrays do not fit each other, bounds cross, there is no such
            series or value, or there are more than 60 panels.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        data = self._checked()
        n_series, n_outputs = len(data.past), data.forecast.shape[-1]
        shown = [
            (i, k)
            for i in _indices(series, "series", n_series, "series")
            for k in _indices(output, "output", n_outputs, "values per step")
        ]
        if len(shown) > MOST_PANELS:
            raise ValueError(
                f"there are {len(shown)} panels to draw, of {n_series} series with {n_outputs} "
                f"values per step; accepted are up to {MOST_PANELS}. Choose by `series` and "
                "`output`."
            )
        n_past, n_cols = _count(n_past, "n_past"), _count(n_cols, "n_cols")
        styles = _styles(
            past=past_kw, truth=truth_kw, forecast=forecast_kw, path=path_kw, origin=origin_kw,
            interval=interval_kw,
        )  # fmt: skip
        several = len({i for i, _ in shown}) > 1
        axes, below = _panels(ax, shown, n_cols)
        self.axes_ = np.empty(len(axes), dtype=object)
        self.axes_[:] = axes
        self.ax_, self.figure_ = axes[0], axes[0].figure
        self.lines_, self.bands_, self.legend_ = {}, {}, None
        for own, (i, k) in zip(axes, shown, strict=True):
            self._draw(own, data, i, k, n_past, styles)
        if data.dates:
            _mark_dates(axes, data.tz)
        for j, (own, (_, k)) in enumerate(zip(axes, shown, strict=True)):
            if n_outputs > 1:
                own.set_ylabel(_name(self.output_names, k, "output"))
            elif ax is not None or own.get_subplotspec().is_first_col():
                own.set_ylabel("value")
            own.set_xlabel("" if below[j] or data.dates else "time" if data.times else "step")
        titles = [
            _name(self.names, i, "series") if several or self.names is not None else None
            for i, _ in shown
        ]
        # Once for a row of values of the same series, or a column of them.
        titles = [t if j == 0 or t != titles[j - 1] else None for j, t in enumerate(titles)]
        pad = None
        if legend and (len(axes) == 1 or set(self.figure_.axes) > set(axes)):
            self.legend_, pad = _legend_above(self.ax_, titled=titles[0] is not None)
        elif legend:
            self.legend_ = _legend_of_figure(self.ax_)
        for own, title in zip(axes, titles, strict=True):
            if title is not None:
                write_title(own, title, pad if own is self.ax_ else None)
        if ax is None:
            self.figure_.align_ylabels(axes)
        return self

    def _draw(
        self, ax: Any, data: _Checked, i: int, k: int, n_past: int | None, styles: dict[str, Any]
    ) -> None:
        """Draw the panel of a value of a series."""
        origins, horizon = data.origins[i], data.forecast.shape[-2]
        x = data.places(i)
        given = data.past[i][:, k]
        default = horizon * (HORIZONS_BEFORE if self.origins is None else 2)
        first = max(0, int(origins.min()) - (default if n_past is None else n_past))

        def line(kind: str, where: slice, values: np.ndarray, label: str = "") -> None:
            # Values between missing ones have no line, so they are marked; so is the begin of each
            # of several forecasts, which may overlap.
            marked = [0] if kind == "forecast" and len(origins) > 1 else _alone(values)
            style = {"marker": "o", "markersize": 3, "markevery": marked} if marked else {}
            (drawn,) = ax.plot(x[where], values, label=label or "_", **{**style, **styles[kind]})
            self.lines_.setdefault(kind, []).append(drawn)

        ink, paper = ax.xaxis.label.get_color(), ax.get_facecolor()
        for kind, colour in {
            "past": _mixed(ink, paper, 0.7),
            "forecast": _mixed(COLOURS[0], ink, 0.7),  # distinct from the bands and paths
        }.items():
            styles = {**styles, kind: {"color": colour, **styles[kind]}}
        whole = self.origins is not None
        line("past", slice(first, len(given)), given[first:], "observed" if whole else "past")
        futures = [slice(origin, origin + horizon) for origin in origins.tolist()]
        if data.truth is not None:
            line("truth", futures[0], data.truth[i, :, k], "truth")
        for j, future in enumerate(futures):
            line("forecast", future, data.forecast[i, j, :, k], "" if j else "forecast")
            for p in range(0 if data.paths is None else data.paths.shape[2]):
                label = "" if j or p else "sample paths"
                line("path", future, data.paths[i, j, p, :, k], label)  # type: ignore[index]
            middle = x[future.start - 1] + (x[future.start] - x[future.start - 1]) / 2
            self.lines_.setdefault("origin", []).append(
                ax.axvline(middle, label="_", **styles["origin"])
            )
        style = dict(styles["interval"])
        colour = style.pop("facecolor")
        # The narrow ones lie above the wide ones.
        for rank, (coverage, bounds) in enumerate(data.intervals.items()):
            width = (rank + 1) / len(data.intervals)  # relative to the others
            shade = _mixed(colour, paper, 0.6 - 0.38 * width)
            for j, future in enumerate(futures):
                self.bands_.setdefault(coverage, []).append(
                    ax.fill_between(
                        *_widened(x, future, bounds[i, j, :, k]),
                        facecolor=shade,
                        label="_" if j else _interval_name(coverage),
                        **{"zorder": 1 - 0.01 * rank, **style},
                    )
                )
        ax.margins(x=0.01)
        ax.grid(alpha=0.3)
        if x.dtype.kind == "i":
            mark_every_whole(ax.xaxis)

    def _checked(self) -> _Checked:
        """Return the arrays in one form each, after checking that they fit each other."""
        past = _read_series(self.past, "past")
        n_series, n_outputs = len(past), past[0].shape[1]
        lengths = np.array([len(values) for values in past])
        if self.origins is None:
            origins, lead = lengths[:, None], {"n_series": n_series}
        else:
            origins = _read_origins(self.origins, lengths)
            lead = {"n_series": n_series, "n_origins": origins.shape[1]}
        future = {**lead, "horizon": None}
        forecast = _shaped(self.forecast, "forecast", future, n_outputs)
        horizon = future["horizon"] = forecast.shape[len(lead)]
        forecast = forecast.reshape(n_series, -1, horizon, n_outputs)
        if self.truth is not None and self.origins is not None:
            raise ValueError(
                "truth must be None with origins: the true values are those of the series."
            )
        truth = None
        if self.truth is not None:
            truth = _shaped(self.truth, "truth", future, n_outputs)
        paths = None
        if self.paths is not None:
            paths = _shaped(
                self.paths, "paths", {**lead, "n_paths": None, "horizon": horizon}, n_outputs
            )
            paths = paths.reshape(n_series, origins.shape[1], -1, horizon, n_outputs)
        intervals = {
            coverage: bounds.reshape(n_series, -1, horizon, n_outputs, 2)
            for coverage, bounds in _read_intervals(self.intervals, future, n_outputs).items()
        }
        _check_names(self.names, "names", n_series, "series")
        _check_names(self.output_names, "output_names", n_outputs, "values per step")
        times, tz = None, None
        if self.times is not None:
            ends = np.maximum(lengths, origins.max(axis=1) + horizon)
            times, tz = _read_times(self.times, lengths, ends)
        return _Checked(past, forecast, truth, intervals, paths, origins, times, tz)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        covariates: Any = None,
        static: Any = None,
        series: Any = 0,
        coverage: Any = (0.5, 0.9),
        n_past: int | None = None,
        times: Any = None,
        names: Sequence[str] | None = None,
        paths: int = 0,
        random_state: Any = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> ForecastDisplay:
        """Draw the forecasts of a fitted model.

        Parameters
        ----------
        estimator : forecaster, Pipeline or search
            A fitted forecaster, a pipeline that ends in one, whose series are drawn as the last
            step gets them, or a fitted search, whose `best_estimator_` is drawn. The model
            forecasts only the series that are drawn.
        X : list, object array or array of series
            The past of each series, as `predict` takes it. If these are Series or data frames of
            pandas with dates as their index, the dates are the `times`, and the names of the
            columns the names of the values.
        y : array of shape (n_series, horizon) or (n_series, horizon, n_outputs), default=None
            The true values of the steps that are forecast, for each series of X. None draws none.
        covariates, static : array-like, default=None
            What else `predict` takes, for each series of X. They are passed on only where given.
        series : int or sequence of int, default=0
            The series of X to draw, each in a panel.
        coverage : float, sequence of float or None, default=(0.5, 0.9)
            Coverages of the intervals that `predict_interval` returns. None draws no intervals, and
            so does a model without `predict_interval`.
        n_past : int, default=None
            Number of steps to draw of the past. None draws five horizons, or all if there are
            fewer.
        times : array of shape (n_steps,), or sequence of such arrays, default=None
            As in `ForecastDisplay`, for each series of X or for all of them.
        names : sequence of str, default=None
            A name for each series of X, or for each that is drawn.
        paths : int, default=0
            Number of paths to draw, by `sample_paths`.
        random_state : int, RandomState instance or None, default=None
            Seed of the paths. Pass an int for the same plot each time.
        ax : matplotlib Axes, or sequence of Axes, default=None
            Axes to draw on, one for each panel. None draws on a new figure.
        **kwargs : dict
            `output` and the other arguments of `plot`.

        Returns
        -------
        display : ForecastDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it has no `predict`, or, for paths, no `sample_paths`.
        ValueError
            If there is no such series, a coverage is not between 0 and 1, or the shapes of `y`,
            `times` or of what the model predicts do not fit X.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        last = fitted_last(estimator, "predict", NO_FORECASTS)
        items = _items(X, "X")
        chosen = _indices(series, "series", len(items), "series")
        if coverage is not None:
            coverage = [coverage] if isinstance(coverage, Real) else list(coverage)
            for one in coverage:
                _check_coverage(one, "coverage")
        paths = 0 if paths is None else _count(paths, "paths", least=0)
        if paths and not hasattr(last, "sample_paths"):
            raise TypeError(f"{type(last).__name__} has no sample_paths; draw none, by paths=0.")
        options = {
            name: _safe_indexing(_per_series(given, name, len(items)), chosen)
            for name, given in {"covariates": covariates, "static": static}.items()
            if given is not None
        }
        read = read_steps(estimator, _safe_indexing(X, chosen))
        past = _read_series(read.X, "X")
        forecast = last.predict(read.X, **options)
        intervals = None
        if coverage is not None and hasattr(last, "predict_interval"):
            intervals = {
                one: last.predict_interval(read.X, coverage=one, **options) for one in coverage
            }
        drawn = None
        if paths:
            drawn = last.sample_paths(read.X, n_paths=paths, random_state=random_state, **options)
        truth = None
        if y is not None:
            truth = _checked_truth(y, len(items), forecast, past)[chosen]
        if times is None:
            times = _index_of(_safe_indexing(X, chosen))
        elif _is_by_series(times):
            times = [_per_series(times, "times", len(items))[i] for i in chosen]
        if names is not None and len(names) == len(items) and not isinstance(names, str):
            names = [names[i] for i in chosen]
        elif names is None and len(chosen) > 1:
            names = [f"series {i}" for i in chosen]
        output_names = _columns_of(items[0])
        if output_names is None:
            output_names = feature_names_of(estimator, past[0].shape[1:])
        return cls(
            past,
            forecast,
            truth=truth,
            intervals=intervals,
            paths=drawn,
            times=times,
            names=names,
            output_names=output_names,
        ).plot(ax, n_past=n_past, **kwargs)

    @classmethod
    def from_forecasts(
        cls,
        past: Any,
        forecast: Any,
        *,
        truth: Any = None,
        intervals: Mapping[Any, Any] | None = None,
        paths: Any = None,
        origins: Any = None,
        times: Any = None,
        names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> ForecastDisplay:
        """Draw forecasts of any origin.

        Parameters
        ----------
        past, forecast, truth, intervals, paths, origins, times, names, output_names
            As in `ForecastDisplay`.
        ax : matplotlib Axes, or sequence of Axes, default=None
            Axes to draw on, one for each panel. None draws on a new figure.
        **kwargs : dict
            `series`, `output`, `n_past` and the other arguments of `plot`.

        Returns
        -------
        display : ForecastDisplay

        Raises
        ------
        ImportError, TypeError, ValueError
            As in `plot`.
        """
        return cls(
            past,
            forecast,
            truth=truth,
            intervals=intervals,
            paths=paths,
            origins=origins,
            times=times,
            names=names,
            output_names=output_names,
        ).plot(ax, **kwargs)

    @classmethod
    def from_backtest(
        cls,
        result: Any,
        series: Any = 0,
        *,
        times: Any = None,
        names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> ForecastDisplay:
        """Draw the forecasts of all origins of a backtest over the series.

        Parameters
        ----------
        result : BacktestResult
            What `backtest` returns. Its `lower` and `upper` bounds are drawn if it has some.
        series : int or sequence of int, default=0
            The series to draw, each in a panel. None draws all.
        times : array of shape (n_steps,), or sequence of such arrays, default=None
            The times of all steps, for each series or for all of them.
        names, output_names : sequence of str, default=None
            As in `ForecastDisplay`.
        ax : matplotlib Axes, or sequence of Axes, default=None
            Axes to draw on, one for each panel. None draws on a new figure.
        **kwargs : dict
            `output`, `n_past` and the other arguments of `plot`.

        Returns
        -------
        display : ForecastDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `result` is none of a backtest.
        ValueError
            As in `plot`.
        """
        lacking = [name for name in OF_BACKTEST if not hasattr(result, name)]
        if lacking:
            raise TypeError(
                f"result must be what backtest returns; got a {type(result).__name__} without "
                f"{', '.join(lacking)}."
            )
        forecast, origins = (  # (n_series, n_origins, ...)
            np.stack([np.asarray(split) for split in splits], axis=1)
            for splits in (result.forecasts, result.origins)
        )
        intervals = None
        if result.lower is not None and result.upper is not None:
            bounds = [
                np.stack([np.asarray(low), np.asarray(high)], axis=-1)
                for low, high in zip(result.lower, result.upper, strict=True)
            ]
            intervals = {getattr(result, "coverage", None): np.stack(bounds, axis=1)}
        return cls(
            result.X,
            forecast,
            intervals=intervals,
            origins=origins,
            times=times,
            names=names,
            output_names=output_names,
        ).plot(ax, series=series, **kwargs)


class _Checked(NamedTuple):
    """What a display draws.

    Attributes
    ----------
    past : list of ndarray of shape (T_i, n_outputs)
        The series, up to their end or to the forecast.
    forecast : ndarray of shape (n_series, n_origins, horizon, n_outputs)
        The forecasts of each origin.
    truth : ndarray of shape (n_series, horizon, n_outputs) or None
        The true values.
    intervals : dict of float to ndarray of shape (n_series, n_origins, horizon, n_outputs, 2)
        The bounds by coverage, the narrow ones first.
    paths : ndarray of shape (n_series, n_origins, n_paths, horizon, n_outputs) or None
        The sample paths.
    origins : ndarray of shape (n_series, n_origins)
        Number of steps before each forecast.
    times : list of ndarray or None
        Times of all steps, up to the last that is forecast.
    tz : tzinfo or None
        The time zone of dates, which are in UTC.
    """

    past: list[np.ndarray]
    forecast: np.ndarray
    truth: np.ndarray | None
    intervals: dict[Any, np.ndarray]
    paths: np.ndarray | None
    origins: np.ndarray
    times: list[np.ndarray] | None
    tz: Any

    @property
    def dates(self) -> bool:
        """Whether times are dates."""
        return self.times is not None and self.times[0].dtype.kind == "M"

    def places(self, i: int) -> np.ndarray:
        """Return where the steps of a series are on the horizontal axis."""
        if self.times is not None:
            return self.times[i]
        end = max(len(self.past[i]), int(self.origins[i].max()) + self.forecast.shape[2])
        return np.arange(1, end + 1)


# Reading arrays


def _items(X: Any, name: str) -> Any:
    """Return a collection of series as a list or an array of two or more dimensions."""
    if isinstance(X, str | Mapping) or not hasattr(X, "__len__"):
        raise TypeError(
            f"{name} must be a list with an array for each series; got {type(X).__name__} "
            f"{X!r:.60}."
        )
    items = np.asarray(X) if hasattr(X, "columns") else X
    if not isinstance(items, np.ndarray) or items.ndim < 2:
        items = list(items)
    if not len(items):
        raise ValueError(f"{name} holds no series.")
    if all(isinstance(item, Real) or item is None for item in items):
        raise ValueError(
            f"{name} holds numbers, where an array for each series is needed; of one series pass "
            f"[{name}]."
        )
    return items


def _read_series(X: Any, name: str) -> list[np.ndarray]:
    """Return series as arrays of shape (T_i, n_outputs)."""
    found = [_floats(item, f"{name}[{i}]") for i, item in enumerate(_items(X, name))]
    for i, values in enumerate(found):
        if values.ndim not in (1, 2):
            raise ValueError(
                f"{name}[{i}] has shape {values.shape}; accepted is (n_steps,), or (n_steps, "
                "n_outputs)."
            )
        if not len(values):
            raise ValueError(f"{name}[{i}] has no steps.")
        found[i] = values.reshape(len(values), -1)
        if found[i].shape[1] != found[0].shape[1]:
            raise ValueError(
                f"{name}[{i}] has {found[i].shape[1]} values per step, but {name}[0] has "
                f"{found[0].shape[1]}."
            )
    return found


def _floats(values: Any, name: str) -> np.ndarray:
    """Return numbers as float64; missing ones as NaN."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of numbers: {error}") from error
    if array.dtype.kind in "biuf":
        return array.astype(np.float64)
    if array.dtype.kind in "US":  # also where only one of them was a string
        array = np.array(values, dtype=object)
    numbers = np.full(array.shape, np.nan)
    for index, entry in np.ndenumerate(array):
        if isinstance(entry, Real):
            numbers[index] = float(entry)
        elif not (entry is None or is_pandas_na(entry)):
            where = name + "".join(f"[{i}]" for i in index)
            shown = entry.item() if isinstance(entry, np.generic) else entry
            raise TypeError(f"{where} is {shown!r:.60}, not a number.")
    return numbers


def _shaped(
    values: Any,
    name: str,
    lead: Mapping[str, int | None],
    n_outputs: int,
    tail: tuple[int, ...] = (),
) -> np.ndarray:
    """Return an array whose axes are those of `lead`, the outputs, and those of `tail`.

    A size of None is any but 0. One output needs no axis.
    """
    array = _floats(values, name)
    if n_outputs == 1 and array.ndim == len(lead) + len(tail):
        array = np.expand_dims(array, len(lead))
    sizes = (*lead.values(), n_outputs, *tail)
    if array.ndim == len(sizes) and all(
        size == wanted or (wanted is None and size > 0)
        for size, wanted in zip(array.shape, sizes, strict=True)
    ):
        return array
    axes = {**lead, **({"n_outputs": n_outputs} if n_outputs > 1 else {})}
    axes |= {"lower and upper bound": 2} if tail else {}
    accepted = ", ".join(axis if size is None else str(size) for axis, size in axes.items())
    raise ValueError(
        f"{name} has shape {np.shape(values)}; accepted is ({accepted}): ({', '.join(axes)})."
    )


def _checked_truth(y: Any, n_series: int, forecast: Any, past: list[np.ndarray]) -> np.ndarray:
    """Return the true values of all series, of whose forecasts there may be only some."""
    n_outputs = past[0].shape[1]
    horizon = _shaped(
        forecast, "what predict returns", {"n_series": len(past), "horizon": None}, n_outputs
    ).shape[1]
    return _shaped(y, "y", {"n_series": n_series, "horizon": horizon}, n_outputs)


def _read_origins(origins: Any, lengths: np.ndarray) -> np.ndarray:
    array = np.asarray(origins)
    if array.ndim != 2 or len(array) != len(lengths) or not array.shape[1]:
        raise ValueError(
            f"origins has shape {array.shape}; accepted is ({len(lengths)}, n_origins), a row for "
            "each series."
        )
    if array.dtype.kind not in "iu":
        raise TypeError(f"origins must be whole numbers; got {array.dtype}.")
    wrong = np.argwhere((array < 1) | (array > lengths[:, None]))
    if len(wrong):
        i, j = wrong[0].tolist()
        raise ValueError(
            f"origins[{i}][{j}] is {array[i, j]}; accepted are numbers of steps from 1 to the "
            f"{lengths[i]} of the series."
        )
    return array.astype(np.int64)


def _read_intervals(
    intervals: Any, future: Mapping[str, int | None], n_outputs: int
) -> dict[Any, np.ndarray]:
    """Return the bounds by coverage, the narrow ones first, after checking them."""
    if intervals is None:
        return {}
    if not isinstance(intervals, Mapping):
        raise TypeError(
            "intervals must be a dict from coverages to bounds, such as {0.9: bounds}; got a "
            f"{type(intervals).__name__}."
        )
    for coverage in intervals:
        if coverage is not None:
            _check_coverage(coverage, "a key of intervals")
    found = {}
    for coverage in sorted(intervals, key=lambda key: 1.0 if key is None else float(key)):
        name = f"intervals[{coverage!r}]"
        bounds = _shaped(intervals[coverage], name, future, n_outputs, (2,))
        crossed = np.argwhere(bounds[..., 0] > bounds[..., 1])
        if len(crossed):
            place = tuple(crossed[0].tolist())
            low, high = bounds[place].tolist()
            where = "".join(f"[{i}]" for i in (place if n_outputs > 1 else place[:-1]))
            raise ValueError(f"{name}{where} has the lower bound {low:g} above the upper {high:g}.")
        found[coverage] = bounds
    return found


def _check_coverage(coverage: Any, name: str) -> None:
    if not isinstance(coverage, Real) or isinstance(coverage, bool) or not 0 < float(coverage) < 1:
        raise ValueError(
            f"{name} is {coverage!r}; accepted are numbers above 0 and below 1, the probability "
            "that the true value is inside."
        )


def _indices(given: Any, name: str, n_items: int, what: str) -> list[int]:
    """Return indices, of which negative ones count from the end; None are all."""
    if given is None:
        return list(range(n_items))
    listed = isinstance(given, list | tuple | range | np.ndarray) and np.ndim(given) == 1
    numbers = list(given) if listed else [given]
    if not numbers:
        raise ValueError(f"{name} is empty, so there is nothing to draw.")
    for i, number in enumerate(numbers):
        place = f"{name}[{i}]" if listed else name
        if not isinstance(number, Integral) or isinstance(number, bool):
            raise TypeError(
                f"{name} must be an index or a list of indices; {place} is {number!r:.60}."
            )
        if not -n_items <= int(number) < n_items:
            raise ValueError(
                f"{place} is {number}, but there are {n_items} {what}; accepted are "
                f"{-n_items} to {n_items - 1}."
            )
    return [int(number) % n_items for number in numbers]


def _count(given: Any, name: str, least: int = 1) -> Any:
    """Return a whole number, or None, after checking it."""
    whole = isinstance(given, Integral) and not isinstance(given, bool)
    if given is not None and not (whole and int(given) >= least):
        raise ValueError(f"{name} must be a whole number from {least}; got {given!r:.60}.")
    return None if given is None else int(given)


def _per_series(given: Any, name: str, n_series: int) -> Any:
    n_given = len(given) if hasattr(given, "__len__") else None
    if n_given != n_series:
        raise ValueError(
            f"{name} must hold an item for each of the {n_series} series of X; it holds {n_given}."
        )
    return given


def _check_names(names: Any, name: str, n_items: int, what: str) -> None:
    if names is None:
        return
    if isinstance(names, str) or not hasattr(names, "__len__"):
        raise TypeError(
            f"{name} must be a list of names, one for each of the {what}; got {names!r}."
        )
    if len(names) != n_items:
        raise ValueError(f"{name} holds {len(names)} names, but there are {n_items} {what}.")


def _columns_of(item: Any) -> list[str] | None:
    """Return the names of the columns of a data frame."""
    return [str(name) for name in item.columns] if hasattr(item, "columns") else None


# Reading times


def _is_by_series(times: Any) -> bool:
    """Return True for an array of times for each series, False for one array."""
    if isinstance(times, str | Mapping) or not hasattr(times, "__len__") or not len(times):
        return False
    first = times.iloc[0] if hasattr(times, "iloc") else times[0]
    return hasattr(first, "__len__") and not isinstance(first, str)


def _index_of(X: Any) -> list[Any] | None:
    """Return the dates in the index of series, if all are of pandas and have increasing dates."""
    if not isinstance(X, list | tuple | np.ndarray):
        return None
    found: list[Any] = [getattr(item, "index", None) for item in X]
    dates = all(
        type(index).__name__ in ("DatetimeIndex", "PeriodIndex")
        and index.is_monotonic_increasing
        and index.is_unique
        and not index.hasnans
        for index in found
    )
    return found if dates else None


def _read_times(times: Any, lengths: np.ndarray, ends: np.ndarray) -> tuple[list[np.ndarray], Any]:
    """Return the times of all steps of each series, and the time zone of dates."""
    if isinstance(times, str | Mapping) or not hasattr(times, "__len__"):
        raise TypeError(f"times must be an array of dates or numbers; got {times!r:.60}.")
    by_series = _is_by_series(times)
    if by_series and len(times) != len(lengths):
        raise ValueError(f"times holds {len(times)} arrays, but there are {len(lengths)} series.")
    found, zones = [], []
    for i, (n_past, n_all) in enumerate(zip(lengths.tolist(), ends.tolist(), strict=True)):
        given = times
        if by_series:
            given = times.iloc[i] if hasattr(times, "iloc") else times[i]
        name = f"times[{i}]" if by_series else "times"
        if len(given) not in (n_past, n_all):
            or_all = f", or {n_all} with those of the forecast" if n_all > n_past else ""
            hint = "" if by_series or len(lengths) == 1 else " Pass an array for each series."
            raise ValueError(
                f"{name} holds {len(given)} times, but accepted are {n_past}, those of the steps "
                f"of series {i}{or_all}.{hint}"
            )
        stamps, zone = _stamps(given, name, n_all - len(given))
        found.append(stamps)
        zones.append(zone)
    if len({stamps.dtype.kind == "M" for stamps in found}) > 1:
        raise TypeError("times mixes dates and numbers; use one of them for all series.")
    return found, zones[0]


def _stamps(given: Any, name: str, n_more: int) -> tuple[np.ndarray, Any]:
    """Return times as numbers or as dates in UTC, with so many more, and their time zone."""
    freq = zone = None
    if type(given).__module__.partition(".")[0] == "pandas":
        import pandas as pd

        given = pd.Index(given)
        freq = getattr(given, "freq", None)
        if freq is not None and len(given):
            given = given.append(type(given)([given[-1] + freq * k for k in range(1, n_more + 1)]))
            n_more = 0
        if isinstance(given, pd.PeriodIndex):
            given = given.to_timestamp()
        if isinstance(given, pd.DatetimeIndex) and given.tz is not None:
            zone, given = given.tz, given.tz_convert("UTC").tz_localize(None)
    array = np.asarray(given)
    if array.dtype.kind == "O" and all(hasattr(entry, "isoformat") for entry in array.flat):
        zone = getattr(array.flat[0], "tzinfo", None)
        if zone is not None:
            array = np.array([t.astimezone(UTC).replace(tzinfo=None) for t in array.flat])
        array = array.astype("M8[us]")
    if array.ndim != 1 or array.dtype.kind not in "iufM":
        strings = array.dtype.kind == "U" or any(isinstance(entry, str) for entry in array.flat)
        hint = " Convert strings, such as by pandas.to_datetime." if strings else ""
        raise TypeError(
            f"{name} must be a 1-D array of dates, as datetime64 or in pandas' types, or of "
            f"numbers; got {array.dtype} of shape {array.shape}.{hint}"
        )
    if array.dtype.kind in "iu":
        array = array.astype(np.int64)
    wrong = np.flatnonzero(np.isnat(array) if array.dtype.kind == "M" else ~np.isfinite(array))
    if len(wrong):
        raise ValueError(f"{name}[{wrong[0]}] is {array[wrong[0]]}; every step needs a time.")
    late = np.flatnonzero(array[1:] <= array[:-1])
    if len(late):
        i = int(late[0]) + 1
        raise ValueError(
            f"{name}[{i}] is {array[i]}, not after {array[i - 1]} of the step before; times have "
            "to increase."
        )
    if n_more:
        array = np.concatenate([array, _continued(array, name, n_more)])
    return (array.astype("M8[us]") if array.dtype.kind == "M" else array), zone


def _continued(times: np.ndarray, name: str, n_more: int) -> np.ndarray:
    """Return the times that follow."""
    if len(times) < 2:
        raise ValueError(
            f"{name} holds one time, which has no difference to continue by; pass the times of the "
            "forecast, too."
        )
    ahead = np.arange(1, n_more + 1)
    if times.dtype.kind == "M" and np.datetime_data(times.dtype)[0] not in "YM":
        for shift in (0 * DAY, DAY):  # the same day of every month, or the last
            moved = times[-12:] + shift
            months = moved.astype("M8[M]")
            within = moved - months.astype(moved.dtype)
            if months[-1] > months[-2] and (within == within[0]).all():
                following = months[-1] + ahead * (months[-1] - months[-2])
                return following.astype(moved.dtype) + within[0] - shift
    return times[-1] + ahead * (times[-1] - times[-2])


# Drawing


def _styles(**given: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    """Return the arguments of the lines and bands, those of the user before our own."""
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.collections import PolyCollection
    from matplotlib.lines import Line2D

    own: dict[str, dict[str, Any]] = {}
    for kind, kwargs in given.items():
        if kwargs is not None and not isinstance(kwargs, Mapping):
            raise TypeError(
                f"{kind}_kw must be a dict of arguments of matplotlib, or None; got "
                f"{type(kwargs).__name__} {kwargs!r:.60}."
            )
        artist = PolyCollection if kind == "interval" else Line2D
        own[kind] = normalize_kwargs(dict(kwargs or {}), artist)
    colour = own["forecast"].get("color", COLOURS[0])
    band = own["interval"]
    band.setdefault("facecolor", band.pop("color", colour))
    defaults: dict[str, dict[str, Any]] = {
        "past": {"linewidth": 1.2, "zorder": 2.5},
        "truth": {"color": COLOURS[2], "linewidth": 1.2, "zorder": 2.6},
        "forecast": {"linewidth": 1.8, "zorder": 2.7},
        "path": {"color": colour, "linewidth": 0.7, "alpha": 0.5, "zorder": 1.9},
        "origin": {"color": "0.5", "linewidth": 0.8, "linestyle": ":", "zorder": 1.8},
        "interval": {"linewidth": 0},
    }
    return {kind: {**defaults[kind], **own[kind]} for kind in given}


def _alone(values: np.ndarray) -> list[int]:
    """Return the places of values without a neighbour to draw a line to."""
    there = np.concatenate([[False], np.isfinite(values), [False]])
    return np.flatnonzero(there[1:-1] & ~there[:-2] & ~there[2:]).tolist()


def _widened(x: np.ndarray, future: slice, bounds: np.ndarray) -> tuple[Any, Any, Any]:
    """Return the outline of a band, of a single step as wide as a part of it."""
    low, high = bounds.T
    if len(bounds) > 1:
        return x[future], low, high
    at, gap = x[future.start], x[future.start] - x[future.start - 1]
    return np.array([at - 0.3 * gap, at + 0.3 * gap]), low.repeat(2), high.repeat(2)


def _mixed(colour: Any, background: Any, share: float) -> Any:
    """Return a colour mixed with the background, opaque so that a legend shows the same."""
    from matplotlib.colors import to_rgb

    return tuple(share * np.array(to_rgb(colour)) + (1 - share) * np.array(to_rgb(background)))


def _interval_name(coverage: float | None) -> str:
    return "interval" if coverage is None else f"{round(100 * coverage, 6):g}% interval"


def _name(names: Sequence[str] | None, i: int, what: str) -> str:
    return f"{what} {i}" if names is None else str(names[i])


def _mark_dates(axes: Sequence[Any], zone: Any) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    room(axes[0])  # lays out the figure, so that all have their width
    for ax in axes:
        width = ax.get_window_extent().width / ax.figure.dpi * 72
        n_most = max(4, int(width / 36) + 1)  # a label is up to 36 points wide
        locator: Any = AutoDateLocator(tz=zone, minticks=2, maxticks=n_most)  # type: ignore[no-untyped-call]
        formatter: Any = ConciseDateFormatter(locator, tz=zone)  # type: ignore[no-untyped-call]
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(formatter)


def _panels(
    ax: Any, shown: list[tuple[int, int]], n_cols: int | None
) -> tuple[list[Any], list[bool]]:
    """Return the axes of the panels, and for each whether another one lies below it."""
    n_panels = len(shown)
    if ax is not None:
        return given_axes(ax, n_panels, "panel"), [False] * n_panels
    if n_panels == 1:
        return [axes_of(None, width=8.0, height=3.6)], [False]
    from matplotlib import pyplot as plt

    n_series, n_outputs = len({i for i, _ in shown}), len({k for _, k in shown})
    if n_cols is None:
        n_cols = 1 if n_series == 1 else n_outputs if 1 < n_outputs <= 3 else 2
    n_cols = min(n_cols, n_panels)
    n_rows = math.ceil(n_panels / n_cols)
    # The values of one series have the same times.
    axes = plt.subplots(
        n_rows, n_cols, squeeze=False, sharex=n_series == 1, layout="constrained",
        figsize=(8.0 if n_cols == 1 else 4.8 * n_cols, 0.6 + 2.2 * n_rows),
    )[1].ravel()  # fmt: skip
    for spare in axes[n_panels:]:
        spare.remove()
    return list(axes[:n_panels]), [j + n_cols < n_panels for j in range(n_panels)]


def _columns(n_entries: int) -> list[int]:
    """Return the numbers of columns of a legend of one row, of two, and so on."""
    return [-(-n_entries // n_rows) for n_rows in range(1, n_entries + 1)]


def _legend_above(ax: Any, titled: bool) -> tuple[Any, float | None]:
    """Draw a legend above axes, where it covers no line; return it and its height in points.

    It is inside the axes where there is no room above it for a title, nor a layout to make some.
    """
    width, _ = room(ax)
    # The power of ten of large numbers is written in the corner.
    width *= 0.85 if ax.yaxis.get_offset_text().get_text() else 1.0
    point = ax.figure.dpi / 72
    for n_columns in _columns(len(ax.get_legend_handles_labels()[0])):
        legend = place_legend(
            ax, outside=False, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.1,
            frameon=False, ncols=n_columns, columnspacing=1.2, fontsize="small",
        )  # fmt: skip
        box = legend.get_window_extent()
        if n_columns == 1 or box.width / point <= width:
            break
        legend.remove()  # too wide to leave the axes their room
    root = root_of(ax)
    free = (root.bbox.y1 - box.y1) / point
    if root.get_layout_engine() is None and free < (1.7 * FONT_SIZE if titled else 0):
        legend.remove()
        return place_legend(ax, outside=False, fontsize="small"), None
    return legend, box.height / point + 5


def _legend_of_figure(ax: Any) -> Any:
    """Draw a legend for all panels of a figure, above them."""
    figure = ax.figure
    handles, _ = ax.get_legend_handles_labels()
    for n_columns in _columns(len(handles)):
        legend = figure.legend(
            handles=handles, loc="outside upper center", frameon=False, ncols=n_columns,
            columnspacing=1.2, fontsize="small",
        )  # fmt: skip
        if n_columns == 1 or legend.get_window_extent().width <= figure.bbox.width:
            break
        legend.remove()
    return legend
