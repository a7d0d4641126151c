"""ForecastDisplay: what is drawn is what was given, forecast or measured, and where."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm.inspection import ForecastDisplay

plt = pytest.importorskip("matplotlib.pyplot")
colors = pytest.importorskip("matplotlib.colors")
dates = pytest.importorskip("matplotlib.dates")

HORIZON = 4
RNG = np.random.default_rng(0)
SERIES = [RNG.normal(size=n).cumsum() for n in (30, 12, 25)]
TRUTH = RNG.normal(size=(3, HORIZON))
WIDE = [RNG.normal(size=(n, 2)) for n in (30, 12)]


class LastValues(BaseEstimator):
    """Repeats the last steps; the bounds are so far away as the coverage says."""

    def __init__(self, horizon=HORIZON, season_length=1):
        self.horizon = horizon
        self.season_length = season_length

    def fit(self, X, y=None):
        self.given_ = []
        return self

    def predict(self, X, *, covariates=None, static=None):
        self.given_.append((X, covariates, static))
        X = X.to_numpy() if hasattr(X, "columns") else X
        return np.stack([np.asarray(x)[-self.horizon :] for x in X])

    def score(self, X, y):
        return -np.abs(self.predict(X) - y).mean()


class Uncertain(LastValues):
    def predict_interval(self, X, coverage=0.9, *, covariates=None, static=None):
        middle = self.predict(X, covariates=covariates, static=static)
        return np.stack([middle - coverage, middle + coverage], axis=-1)

    def sample_paths(self, X, n_paths=100, *, covariates=None, static=None, random_state=None):
        middle = self.predict(X, covariates=covariates, static=static)
        rng = np.random.default_rng(random_state)
        shape = (len(middle), n_paths, *middle.shape[1:])
        return middle[:, None] + rng.normal(size=shape)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def model():
    return Uncertain().fit(SERIES)


def points(line):
    """Return the data of a line, dates as datetime64."""
    x, y = line.get_data(orig=True)
    return np.asarray(x), np.asarray(y)


def outline(band):
    """Return a dict from x to the lowest and the highest y of a band."""
    (path,) = band.get_paths()
    found = {}
    for x, y in path.vertices:
        low, high = found.get(x, (y, y))
        found[x] = (min(low, y), max(high, y))
    return found


def texts_of(items):
    return [item.get_text() for item in items]


# Of a fitted model


def test_lines_are_the_past_the_forecast_and_the_truth(model):
    display = ForecastDisplay.from_estimator(model, SERIES, TRUTH, series=1)
    assert display.axes_.tolist() == [display.ax_]
    assert display.figure_ is display.ax_.figure
    future = np.arange(13, 17)
    for kind, places, values in [
        ("past", np.arange(1, 13), SERIES[1]),
        ("forecast", future, SERIES[1][-4:]),
        ("truth", future, TRUTH[1]),
    ]:
        (line,) = display.lines_[kind]
        x, y = points(line)
        np.testing.assert_array_equal(x, places)
        np.testing.assert_array_equal(y, values)
        assert line.axes is display.ax_
    (origin,) = display.lines_["origin"]
    assert list(origin.get_xdata()) == [12.5, 12.5]
    assert texts_of(display.legend_.get_texts()) == [
        "past", "truth", "forecast", "50% interval", "90% interval",
    ]  # fmt: skip
    assert display.ax_.get_xlabel() == "step"
    assert display.ax_.get_title() == ""
    assert "path" not in display.lines_


def test_bands_are_the_intervals(model):
    display = ForecastDisplay.from_estimator(model, SERIES, coverage=[0.8, 0.25])
    assert list(display.bands_) == [0.25, 0.8]
    for coverage, (band,) in display.bands_.items():
        bounds = model.predict_interval(SERIES[:1], coverage)[0]
        found = outline(band)
        assert list(found) == [31, 32, 33, 34]
        np.testing.assert_allclose(list(found.values()), bounds)
    narrow, wide = (display.bands_[coverage][0] for coverage in (0.25, 0.8))
    assert narrow.get_zorder() > wide.get_zorder()
    assert wide.get_facecolor().mean() > narrow.get_facecolor().mean()  # nearer to white
    assert texts_of(display.legend_.get_texts()) == [
        "past", "forecast", "25% interval", "80% interval",
    ]  # fmt: skip


def test_intervals_are_drawn_only_where_there_are_some(model):
    for estimator, coverage in [(model, None), (LastValues().fit(SERIES), 0.9)]:
        display = ForecastDisplay.from_estimator(estimator, SERIES, coverage=coverage)
        assert display.intervals is None
        assert display.bands_ == {}
        assert texts_of(display.legend_.get_texts()) == ["past", "forecast"]
    one = ForecastDisplay.from_estimator(model, SERIES, coverage=0.975)
    assert "97.5% interval" in texts_of(one.legend_.get_texts())


def test_paths_are_those_of_the_seed(model):
    display = ForecastDisplay.from_estimator(
        model, SERIES, series=[2, 0], paths=5, random_state=3, coverage=None
    )
    expected = model.sample_paths([SERIES[2], SERIES[0]], 5, random_state=3)
    assert len(display.lines_["path"]) == 10
    for line, path in zip(display.lines_["path"], expected.reshape(10, 4), strict=True):
        np.testing.assert_array_equal(points(line)[1], path)
    assert texts_of(display.legend_.get_texts()) == ["past", "forecast", "sample paths"]


def test_five_horizons_of_the_past_are_drawn(model):
    display = ForecastDisplay.from_estimator(model, SERIES)
    np.testing.assert_array_equal(points(display.lines_["past"][0])[0], np.arange(11, 31))
    display.plot(n_past=3)
    x, y = points(display.lines_["past"][0])
    assert x.tolist() == [28, 29, 30]
    np.testing.assert_array_equal(y, SERIES[0][-3:])
    all_of_it = ForecastDisplay.from_estimator(model, SERIES, n_past=1000)
    np.testing.assert_array_equal(points(all_of_it.lines_["past"][0])[1], SERIES[0])


def test_several_series_are_a_grid(model):
    names = ["first", "$a_b$", "third"]
    display = ForecastDisplay.from_estimator(
        model, SERIES, TRUTH, series=[2, -2], names=names, coverage=0.5
    )
    assert texts_of(ax.title for ax in display.axes_) == ["third", "$a_b$"]
    assert not display.axes_[1].title.get_parse_math()
    for ax, i, past, band in zip(
        display.axes_, (2, 1), display.lines_["past"], display.bands_[0.5], strict=True
    ):
        assert past.axes is band.axes is ax
        np.testing.assert_array_equal(points(past)[1], SERIES[i][-20:])
    assert [len(ax.lines) for ax in display.axes_] == [4, 4]
    assert [ax.get_legend() for ax in display.axes_] == [None, None]
    assert display.figure_.legends == [display.legend_]
    assert len(display.legend_.get_texts()) == 4
    unnamed = ForecastDisplay.from_estimator(model, SERIES, series=[2, 1])
    assert texts_of(ax.title for ax in unnamed.axes_) == ["series 2", "series 1"]
    two = ForecastDisplay.from_estimator(model, SERIES, series=[2, 1], names=["x", "y"])
    assert texts_of(ax.title for ax in two.axes_) == ["x", "y"]


def test_the_model_forecasts_only_what_is_drawn():
    covariates = [RNG.normal(size=(len(x) + HORIZON, 2)) for x in SERIES]
    static = pd.DataFrame({"kind": ["a", "b", "c"]})
    model = LastValues().fit(SERIES)
    ForecastDisplay.from_estimator(
        model, SERIES, covariates=covariates, static=static, series=[2, 0]
    )
    ((X, own_covariates, own_static),) = model.given_
    for found, expected in [(X, SERIES), (own_covariates, covariates)]:
        assert len(found) == 2
        assert found[0] is expected[2]
        assert found[1] is expected[0]
    assert own_static["kind"].tolist() == ["c", "a"]


def test_arguments_that_are_not_given_are_not_passed_on():
    class Plain(BaseEstimator):
        def fit(self, X, y=None):
            self.fitted_ = True
            return self

        def predict(self, X):
            return np.array([[x[-1]] for x in X])

    display = ForecastDisplay.from_estimator(Plain().fit(SERIES), SERIES)
    assert points(display.lines_["forecast"][0])[1] == [SERIES[0][-1]]


def test_pipelines_and_searches(model):
    def doubled(X):
        return [2 * x for x in X]

    pipeline = make_pipeline(FunctionTransformer(doubled), Uncertain()).fit(SERIES)
    display = ForecastDisplay.from_estimator(pipeline, SERIES)
    np.testing.assert_array_equal(points(display.lines_["past"][0])[1], 2 * SERIES[0][-20:])
    np.testing.assert_array_equal(points(display.lines_["forecast"][0])[1], 2 * SERIES[0][-4:])
    assert list(display.bands_) == [0.5, 0.9]
    X = np.stack([x[:12] for x in SERIES])
    search = GridSearchCV(Uncertain(), {"season_length": [1, 2]}, cv=3).fit(X, TRUTH)
    display = ForecastDisplay.from_estimator(search, X, covariates=np.zeros((3, 16, 1)))
    np.testing.assert_array_equal(points(display.lines_["forecast"][0])[1], X[0, -4:])
    assert list(display.bands_) == [0.5, 0.9]


@pytest.mark.parametrize(
    "form",
    [
        lambda X: X,
        lambda X: X.tolist(),
        list,
        lambda X: X[:, :, None],
        lambda X: pd.DataFrame(X),
        lambda X: pd.Series(list(X), index=[5, 7, 9]),
        lambda X: [pd.Series(x).astype("Float64") for x in X],
        lambda X: np.array([*map(list, X), None], dtype=object)[:-1],
    ],
)
def test_forms_of_x(model, form):
    X = np.stack([x[-12:] for x in SERIES])
    display = ForecastDisplay.from_estimator(model, form(X), TRUTH, series=[1], coverage=None)
    np.testing.assert_array_equal(points(display.lines_["past"][0])[1], X[1])
    np.testing.assert_array_equal(points(display.lines_["forecast"][0])[1], X[1, -4:])


def test_several_values_per_step(model):
    truth = RNG.normal(size=(2, HORIZON, 2))
    display = ForecastDisplay.from_estimator(model, WIDE, truth, series=[0, 1], paths=2)
    assert [ax.get_ylabel() for ax in display.axes_] == ["output 0", "output 1"] * 2
    assert texts_of(ax.title for ax in display.axes_) == ["series 0", "", "series 1", ""]
    for j, (i, k) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        np.testing.assert_array_equal(points(display.lines_["past"][j])[1], WIDE[i][-20:, k])
        np.testing.assert_array_equal(points(display.lines_["forecast"][j])[1], WIDE[i][-4:, k])
        np.testing.assert_array_equal(points(display.lines_["truth"][j])[1], truth[i, :, k])
        np.testing.assert_array_equal(
            points(display.lines_["path"][2 * j + 1])[1], display.paths[i, 1, :, k]
        )
        bounds = np.array(list(outline(display.bands_[0.9][j]).values()))
        np.testing.assert_allclose(bounds, WIDE[i][-4:, [k]] + [-0.9, 0.9])
    display.plot(series=1, output=-1)
    np.testing.assert_array_equal(points(display.lines_["past"][0])[1], WIDE[1][:, 1])
    assert len(display.axes_) == 1
    one = ForecastDisplay.from_estimator(model, WIDE, truth, output=[1])
    assert one.ax_.get_ylabel() == "output 1"


def test_names_of_columns_are_those_of_the_values(model):
    frames = [pd.DataFrame(x, columns=["load", "price"]) for x in WIDE]
    display = ForecastDisplay.from_estimator(model, frames)
    assert [ax.get_ylabel() for ax in display.axes_] == ["load", "price"]
    assert display.axes_[0].get_shared_x_axes().joined(*display.axes_)
    assert [ax.get_xlabel() for ax in display.axes_] == ["", "step"]


# Of arrays


def test_missing_values_are_gaps():
    past = [1.0, None, np.nan, 3.0, 4.0, pd.NA, 5.0, float("nan"), 6.0]
    display = ForecastDisplay.from_forecasts(
        [past], [[1.0, 2.0, 3.0]], truth=[[np.nan, 2.0, np.nan]]
    )
    line = display.lines_["past"][0]
    y = points(line)[1]
    np.testing.assert_array_equal(y, [1, np.nan, np.nan, 3, 4, np.nan, 5, np.nan, 6])
    # values without a neighbour are points, as no line goes to them
    assert (line.get_marker(), line.get_markevery()) == ("o", [0, 6, 8])
    assert display.lines_["truth"][0].get_markevery() == [1]
    assert display.lines_["forecast"][0].get_marker() == "None"


def test_a_horizon_of_one_step_can_be_seen():
    display = ForecastDisplay.from_forecasts([[1.0, 2.0]], [[3.0]], intervals={0.9: [[[2, 5]]]})
    assert display.lines_["forecast"][0].get_marker() == "o"
    found = outline(display.bands_[0.9][0])
    np.testing.assert_allclose(list(found), [2.7, 3.3])
    assert list(found.values()) == [(2, 5), (2, 5)]


def test_the_past_and_the_axes_of_outputs_may_have_a_last_axis_of_one():
    display = ForecastDisplay.from_forecasts(
        [np.ones((5, 1))], np.ones((1, 3, 1)), truth=np.ones((1, 3)),
        intervals={0.5: np.ones((1, 3, 1, 2)), 0.9: np.ones((1, 3, 2))},
        paths=np.ones((1, 7, 3)),
    )  # fmt: skip
    assert len(display.lines_["path"]) == 7
    assert len(display.axes_) == 1
    # three outputs are no horizon, nor are two of them bounds
    display = ForecastDisplay.from_forecasts(np.ones((1, 5, 2)), np.ones((1, 2, 2)))
    assert len(display.axes_) == 2


def test_styles_of_the_user():
    display = ForecastDisplay.from_forecasts(
        [[1.0, 2.0]], [[3.0, 4.0]], truth=[[3.0, 3.0]], paths=[[[3.0, 5.0]]],
        intervals={0.9: [[[2, 5], [2, 5]]]}, legend=False,
        past_kw={"c": "black", "lw": 3}, truth_kw={"linestyle": "--"}, path_kw={"alpha": 1.0},
        forecast_kw={"color": "green"}, origin_kw={"visible": False},
        interval_kw={"hatch": "//"},
    )  # fmt: skip
    assert display.legend_ is None
    line = {kind: lines[0] for kind, lines in display.lines_.items()}
    assert (line["past"].get_color(), line["past"].get_linewidth()) == ("black", 3)
    assert line["truth"].get_linestyle() == "--"
    assert line["path"].get_alpha() == 1
    assert line["path"].get_color() == line["forecast"].get_color() == "green"
    assert not line["origin"].get_visible()
    (band,) = display.bands_[0.9]
    assert band.get_hatch() == "//"
    red, green, blue = band.get_facecolor()[0, :3]
    assert green > red == blue
    display.plot(interval_kw={"color": "red"})
    red, green, blue = display.bands_[0.9][0].get_facecolor()[0, :3]
    assert red > green == blue
    assert colors.to_rgb(display.lines_["forecast"][0].get_color()) != colors.to_rgb("green")


def test_five_intervals_are_the_lighter_the_wider():
    forecast = np.zeros((1, 3))
    coverages = [0.1, 0.3, 0.5, 0.7, 0.9]
    intervals = {c: np.stack([forecast - c, forecast + c], axis=-1) for c in coverages[::-1]}
    display = ForecastDisplay.from_forecasts([[0.0]], forecast, intervals=intervals)
    bands = [display.bands_[coverage][0] for coverage in coverages]
    assert list(display.bands_) == coverages
    lightness = [band.get_facecolor()[0, :3].sum() for band in bands]
    assert lightness == sorted(lightness)
    assert len(set(lightness)) == 5
    assert all(band.get_facecolor()[0, 3] == 1 for band in bands)  # as in the legend
    assert [band.get_zorder() for band in bands] == sorted(
        (band.get_zorder() for band in bands), reverse=True
    )
    with plt.style.context("dark_background"):
        dark = ForecastDisplay.from_forecasts([[0.0]], forecast, intervals=intervals)
    lightness = [dark.bands_[coverage][0].get_facecolor()[0, :3].sum() for coverage in coverages]
    assert lightness == sorted(lightness, reverse=True)
    assert min(colors.to_rgb(dark.lines_["past"][0].get_color())) > 0.5


@pytest.mark.parametrize(
    ("n_series", "n_outputs", "n_cols", "shape"),
    [
        (1, 3, None, (3, 1)),
        (4, 1, None, (2, 2)),
        (3, 1, None, (2, 2)),
        (2, 3, None, (2, 3)),
        (2, 4, None, (4, 2)),
        (5, 1, 3, (2, 3)),
        (2, 1, 7, (1, 2)),
    ],
)
def test_panels_are_in_a_grid(n_series, n_outputs, n_cols, shape):
    past = np.zeros((n_series, 5, n_outputs))
    display = ForecastDisplay.from_forecasts(
        past, np.zeros((n_series, 2, n_outputs)), n_cols=n_cols
    )
    n_panels = n_series * n_outputs
    assert len(display.figure_.axes) == n_panels
    grid = display.ax_.get_subplotspec().get_gridspec()
    assert (grid.nrows, grid.ncols) == shape
    for j, ax in enumerate(display.axes_):
        spec = ax.get_subplotspec()
        assert (spec.rowspan.start, spec.colspan.start) == divmod(j, shape[1])
        assert ax.get_xlabel() == ("step" if j + shape[1] >= n_panels else "")
        if n_outputs == 1:
            assert ax.get_ylabel() == ("" if j % shape[1] else "value")


@pytest.mark.parametrize("size", [None, (6.4, 4.8), (10, 3.5), (5, 4)])
def test_nothing_overlaps_in_a_grid(model, size):
    axes = plt.subplots(2, 2, figsize=size, layout="constrained")[1] if size else None
    X = np.stack([x[:12] for x in SERIES])
    display = ForecastDisplay.from_estimator(
        model, X, TRUTH, series=[0, 1, 2, 0], paths=3, ax=axes,
        times=np.datetime64("2026-03-31T18") + np.arange(12), names=["a", "b", "c"],
    )  # fmt: skip
    display.figure_.draw_without_rendering()
    legend, frame = display.legend_.get_window_extent(), display.figure_.bbox
    titles = [ax.title.get_window_extent() for ax in display.axes_]
    assert not any(box.overlaps(legend) for box in titles)
    assert frame.x0 <= legend.x0 < legend.x1 <= frame.x1
    assert legend.y1 <= frame.y1
    for ax in display.axes_:
        assert ax.get_window_extent().y1 <= legend.y0
        labels = [label for label in ax.get_xticklabels() if label.get_text()]
        boxes = [label.get_window_extent() for label in labels]
        assert len(boxes) >= 2
        assert not any(a.overlaps(b) for a, b in pairwise(boxes))


def test_a_figure_without_a_layout_shows_legend_and_title():
    past, forecast = [np.arange(20.0)], [np.arange(3.0)]
    intervals = {c: [np.zeros((3, 2))] for c in (0.3, 0.5, 0.7, 0.9)}
    for size, inside in [((8, 6), False), ((5, 3), True)]:
        ax = plt.subplots(figsize=size)[1]
        display = ForecastDisplay.from_forecasts(
            past, forecast, truth=forecast, intervals=intervals, names=["a title"], ax=ax
        )
        display.figure_.draw_without_rendering()
        legend, title = display.legend_.get_window_extent(), ax.title.get_window_extent()
        assert (legend.y1 <= ax.get_window_extent().y1) == inside
        assert title.y1 <= display.figure_.bbox.y1
        assert not legend.overlaps(title)


def test_a_plot_can_be_repeated(model):
    display = ForecastDisplay.from_estimator(model, SERIES, TRUTH)
    values_of = {name: np.copy(getattr(display, name)) for name in ("forecast", "truth")}
    first, lines = display.ax_, display.lines_
    assert display.plot(n_past=2) is display
    assert display.ax_ is not first
    assert len(first.lines) == 4
    assert lines["past"][0].axes is first
    again = display.lines_["past"][0]
    assert again.axes is display.ax_
    np.testing.assert_array_equal(points(again)[1], SERIES[0][-2:])
    for name, values in values_of.items():
        np.testing.assert_array_equal(getattr(display, name), values)


def test_a_part_of_a_figure_has_its_own_legend(model):
    figure, axes = plt.subplots(2, 2, layout="constrained")
    rows = [ForecastDisplay.from_estimator(model, SERIES, series=[0, 1], ax=row) for row in axes]
    assert [display.legend_.axes for display in rows] == [axes[0, 0], axes[1, 0]]
    assert figure.legends == []
    left, right = plt.figure(layout="constrained").subfigures(1, 2)
    for part in (left, right):
        display = ForecastDisplay.from_estimator(model, SERIES, series=[0, 1], ax=part.subplots(2))
        assert display.figure_ is part
        assert part.legends == [display.legend_]


def test_axes_are_taken_as_they_are_given(model):
    _, axes = plt.subplots(2, 2)
    display = ForecastDisplay.from_estimator(model, SERIES, series=[0, 1], ax=axes[0])
    assert display.axes_.tolist() == axes[0].tolist()
    assert display.legend_.axes is axes[0, 0]
    own = ForecastDisplay.from_estimator(model, SERIES, ax=axes[1, 1])
    assert own.ax_ is axes[1, 1]
    with pytest.raises(ValueError, match="ax holds 4 axes, but 2 are needed, one for each panel"):
        display.plot(axes)
    with pytest.raises(TypeError, match="ax must be an Axes"):
        display.plot("axes", series=0)


@pytest.mark.parametrize("size", [(6.4, 4), (10, 3.5), (3.2, 2.4)])
def test_nothing_overlaps(model, size):
    ax = plt.subplots(figsize=size, layout="constrained")[1]
    times = np.datetime64("2026-03-20T00") + np.arange(30)
    display = ForecastDisplay.from_estimator(
        model, [1e6 * SERIES[0]], TRUTH[:1], paths=3, times=times, names=["a title"], ax=ax
    )
    display.figure_.draw_without_rendering()
    legend, title = display.legend_.get_window_extent(), ax.title.get_window_extent()
    assert legend.y0 >= ax.get_window_extent().y1
    assert title.y0 >= legend.y0
    assert not title.overlaps(legend)
    power = ax.yaxis.get_offset_text()
    assert power.get_text() == "1e6"
    assert not power.get_window_extent().overlaps(legend)
    frame = display.figure_.bbox
    for box in (legend, title):
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1
        assert box.y1 <= frame.y1
    boxes = [label.get_window_extent() for label in ax.get_xticklabels() if label.get_text()]
    assert len(boxes) >= 2
    assert not any(a.overlaps(b) for a, b in pairwise(boxes))


# Times


START = np.datetime64("2026-03-01T00", "h")


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (START + np.arange(6), START + np.arange(6)),
        (START + np.arange(4), START + np.arange(6)),
        (START + np.array([0, 1, 5, 7]), START + np.array([0, 1, 5, 7, 9, 11])),
        (
            pd.date_range("2026-03-01", periods=4, freq="W"),
            np.datetime64("2026-03-01") + 7 * np.arange(6),
        ),
        (
            pd.Series(pd.date_range("2026-03-01", periods=6, freq="D"), index=list("fedcba")),
            np.datetime64("2026-03-01") + np.arange(6),
        ),
        ([datetime(2026, 3, 1) + timedelta(hours=k) for k in range(4)], START + np.arange(6)),
        (
            np.arange("2026-01", "2026-05", dtype="M8[M]"),
            np.arange("2026-01", "2026-07", dtype="M8[M]"),
        ),
        # months of different lengths, in days
        (
            np.arange("2026-01", "2026-05", dtype="M8[M]").astype("M8[D]"),
            np.arange("2026-01", "2026-07", dtype="M8[M]"),
        ),
        (
            pd.date_range("2026-01-31", periods=4, freq="ME").to_numpy(),
            pd.date_range("2026-01-31", periods=6, freq="ME").to_numpy(),
        ),
        (
            pd.date_range("2026-01-15", periods=4, freq="QS").to_numpy(),
            pd.date_range("2026-01-15", periods=6, freq="QS").to_numpy(),
        ),
        # no months, though longer than one
        (START + 24 * 30 * np.arange(4), START + 24 * 30 * np.arange(6)),
        # a frequency that no difference tells
        (
            pd.date_range("2026-03-03", periods=4, freq="B"),
            pd.date_range("2026-03-03", periods=6, freq="B").to_numpy(),
        ),
        (
            pd.period_range("2026Q1", periods=4, freq="Q"),
            np.arange("2026-01", "2027-07", 3, dtype="M8[M]"),
        ),
        (pl.Series([datetime(2026, 3, 1, k) for k in range(4)]), START + np.arange(6)),
        ([1990, 1991, 1992, 1993], np.arange(1990, 1996)),
        ([0.0, 0.5, 1.0, 1.5], np.arange(6) / 2),
    ],
)  # fmt: skip
def test_times_of_past_and_future(times, expected):
    display = ForecastDisplay.from_forecasts([[1.0, 2.0, 3.0, 4.0]], [[5.0, 6.0]], times=times)
    past, forecast = (points(display.lines_[kind][0])[0] for kind in ("past", "forecast"))
    found = np.concatenate([past, forecast])
    if expected.dtype.kind == "M":
        assert found.dtype.kind == "M"
    np.testing.assert_array_equal(found, expected)


def test_dates_are_marked_shortly():
    times = START + np.arange(200)
    display = ForecastDisplay.from_forecasts(
        [np.arange(200.0)], [np.arange(48.0)], times=times, n_past=200
    )
    axis = display.ax_.xaxis
    assert isinstance(axis.get_major_locator(), dates.AutoDateLocator)
    assert isinstance(axis.get_major_formatter(), dates.ConciseDateFormatter)
    display.figure_.draw_without_rendering()
    assert all(len(text) <= 5 for text in texts_of(display.ax_.get_xticklabels()))
    assert display.ax_.get_xlabel() == ""
    (origin,) = display.lines_["origin"]
    middle = np.datetime64("2026-03-09T07:30")  # between the hours 199 and 200
    assert list(origin.get_xdata()) == [middle, middle]


@pytest.mark.parametrize("form", ["index", "series", "datetimes"])
def test_dates_with_a_time_zone_are_marked_in_it(form):
    zone = "Europe/Berlin" if form != "datetimes" else timezone(timedelta(hours=2))
    # the hour after 2:59 is 2:00 again, when summer time ends
    times = pd.date_range("2026-10-25T00:00", periods=6, freq="h", tz=zone)
    stamps = {"index": times, "series": pd.Series(times), "datetimes": times.to_pydatetime()}[form]
    display = ForecastDisplay.from_forecasts([[1.0, 2.0, 3.0, 4.0]], [[5.0, 6.0]], times=stamps)
    x, _ = points(display.lines_["past"][0])
    first = times[0].tz_convert(UTC).tz_localize(None).to_datetime64()
    np.testing.assert_array_equal(x, first + np.arange(4) * np.timedelta64(1, "h"))
    display.figure_.draw_without_rendering()
    locations = display.ax_.get_xticks()
    for place, text in zip(locations, texts_of(display.ax_.get_xticklabels()), strict=True):
        local = dates.num2date(place, tz=times.tz)
        assert text in {f"{local:%H:%M}", f"{local:%d}", f"{local:%b}-{local:%d}"}


def test_times_of_several_series(model):
    stamps = [START + 100 * i + np.arange(len(x)) for i, x in enumerate(SERIES)]
    for times in (stamps, pd.Series(stamps)):
        display = ForecastDisplay.from_estimator(model, SERIES, series=[2, 0], times=times)
        for line, i in zip(display.lines_["past"], (2, 0), strict=True):
            np.testing.assert_array_equal(points(line)[0], stamps[i][-20:])
    X = np.stack([x[:12] for x in SERIES])
    for times in (stamps[0][:12], np.stack([stamps[0][:12]] * 3)):
        display = ForecastDisplay.from_estimator(model, X, series=[2, 0], times=times)
        for line in display.lines_["forecast"]:
            np.testing.assert_array_equal(points(line)[0], START + np.arange(12, 16))


def test_dates_of_pandas_are_found(model):
    index = pd.date_range("2026-01-01", periods=30, freq="D")
    X = [pd.Series(x, index=index[: len(x)]) for x in SERIES]
    display = ForecastDisplay.from_estimator(model, X, series=1)
    np.testing.assert_array_equal(points(display.lines_["forecast"][0])[0], index[12:16].to_numpy())
    twice = [pd.Series(x, index=index[:1].repeat(len(x))) for x in SERIES]
    assert ForecastDisplay.from_estimator(model, twice).times is None
    numbered = ForecastDisplay.from_estimator(model, [pd.Series(x) for x in SERIES])
    assert numbered.times is None


# Worked by hand


class SeasonalNaive(BaseEstimator):
    """Repeats the last season; each season the variance grows by the mean square of errors."""

    def __init__(self, horizon=1, season_length=1):
        self.horizon = horizon
        self.season_length = season_length

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def predict(self, X):
        steps = np.arange(self.horizon) % self.season_length - self.season_length
        return np.stack([np.asarray(x)[steps] for x in X])

    def predict_interval(self, X, coverage=0.9):
        half = [
            NormalDist().inv_cdf(0.5 + coverage / 2)
            * np.sqrt(
                np.mean((x[self.season_length :] - x[: -self.season_length]) ** 2)
                * (np.arange(self.horizon) // self.season_length + 1)
            )
            for x in map(np.asarray, X)
        ]
        return self.predict(X)[..., None] + np.stack([-np.array(half), half], axis=-1)


def test_worked_example_of_a_seasonal_naive_forecast():
    # Errors over a season of two: 3, 1, 1, 3; their mean square is 5. In the second season of the
    # forecast the variance is 10. Normal quantiles: 0.6745 for a coverage of 50%, 1.6449 for 90%.
    past = [10.0, 20.0, 13.0, 21.0, 14.0, 24.0]
    model = SeasonalNaive(horizon=3, season_length=2).fit([past])
    display = ForecastDisplay.from_estimator(
        model, [past], [[15.0, 23.0, 16.0]], times=pd.period_range("2023Q3", periods=6, freq="Q")
    )
    quarters = np.array(["2025-01", "2025-04", "2025-07"], dtype="M8[M]")
    for kind, values in [("forecast", [14, 24, 14]), ("truth", [15, 23, 16])]:
        x, y = points(display.lines_[kind][0])
        np.testing.assert_array_equal(x, quarters)
        assert y.tolist() == values
    expected = {
        0.5: [[12.4918, 15.5082], [22.4918, 25.5082], [11.8671, 16.1329]],
        0.9: [[10.3220, 17.6780], [20.3220, 27.6780], [8.7985, 19.2015]],
    }
    for coverage, bounds in expected.items():
        found = outline(display.bands_[coverage][0])
        np.testing.assert_array_equal(
            [np.datetime64(dates.num2date(x).replace(tzinfo=None)) for x in found], quarters
        )
        np.testing.assert_allclose(list(found.values()), bounds, atol=1e-4)
    # half way from the 1st of October to the 1st of January, 92 days
    assert display.lines_["origin"][0].get_xdata()[0] == np.datetime64("2024-11-16")


def test_worked_example_of_a_backtest():
    # One step ahead by the last value, at the last three origins of 1, 4, 9, 16, 25.
    result = SimpleNamespace(
        X=[[1, 4, 9, 16, 25]], origins=[[2], [3], [4]], forecasts=[[[4.0]], [[9.0]], [[16.0]]],
        lower=[[[2.0]], [[6.0]], [[12.0]]], upper=[[[6.0]], [[12.0]], [[20.0]]], coverage=0.5,
    )  # fmt: skip
    display = ForecastDisplay.from_backtest(result)
    assert [[*map(np.ndarray.tolist, points(line))] for line in display.lines_["forecast"]] == [
        [[3], [4.0]], [[4], [9.0]], [[5], [16.0]],
    ]  # fmt: skip
    for band, x, bounds in zip(
        display.bands_[0.5], (3, 4, 5), [(2, 6), (6, 12), (12, 20)], strict=True
    ):
        found = outline(band)
        np.testing.assert_allclose(list(found), [x - 0.3, x + 0.3])
        assert list(found.values()) == [bounds, bounds]
    x, y = points(display.lines_["past"][0])
    assert (x.tolist(), y.tolist()) == ([1, 2, 3, 4, 5], [1, 4, 9, 16, 25])


@settings(max_examples=8)
@given(
    n_steps=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    n_outputs=st.integers(1, 2),
    horizon=st.integers(1, 4),
    n_paths=st.integers(0, 2),
    coverages=st.lists(st.sampled_from([0.1, 0.5, 0.8, 0.95]), max_size=3, unique=True),
    seed=st.integers(0, 99),
)
def test_everything_that_is_given_is_drawn(n_steps, n_outputs, horizon, n_paths, coverages, seed):
    rng = np.random.default_rng(seed)
    past = [rng.normal(size=(n, n_outputs)) for n in n_steps]
    past[0][0, 0] = np.nan
    forecast, truth = rng.normal(size=(2, len(past), horizon, n_outputs))
    paths = rng.normal(size=(len(past), n_paths, horizon, n_outputs)) if n_paths else None
    width = rng.uniform(size=forecast.shape)
    intervals = {
        c: np.stack([forecast - c * width, forecast + c * width], axis=-1) for c in coverages
    }
    display = ForecastDisplay.from_forecasts(
        past, forecast, truth=truth, intervals=intervals, paths=paths, n_past=9
    )
    panels = [(i, k) for i in range(len(past)) for k in range(n_outputs)]
    assert len(display.axes_) == len(panels)
    assert sum(len(ax.lines) for ax in display.axes_) == len(panels) * (4 + n_paths)
    assert sum(len(ax.collections) for ax in display.axes_) == len(panels) * len(coverages)
    for j, (i, k) in enumerate(panels):
        future = np.arange(n_steps[i], n_steps[i] + horizon) + 1
        for kind, x, values in [
            ("past", np.arange(n_steps[i]) + 1, past[i]),
            ("forecast", future, forecast[i]),
            ("truth", future, truth[i]),
        ]:
            found = points(display.lines_[kind][j])
            np.testing.assert_array_equal(found, [x, values[:, k]])
        for p in range(n_paths):
            found = points(display.lines_["path"][j * n_paths + p])
            np.testing.assert_array_equal(found, [future, paths[i, p, :, k]])
        for coverage, bands in display.bands_.items():
            bounds = intervals[coverage][i, :, k].repeat(2 if horizon == 1 else 1, axis=0)
            np.testing.assert_allclose(list(outline(bands[j]).values()), bounds)
    expected = ["past", "truth", "forecast"] + ["sample paths"] * bool(n_paths)
    expected += [f"{round(100 * coverage)}% interval" for coverage in sorted(coverages)]
    assert texts_of(display.legend_.get_texts()) == expected
    plt.close("all")


# Of a backtest


@pytest.fixture
def result():
    origins = [[18, 4], [22, 8], [26, 8]]
    model = Uncertain().fit(SERIES)
    pasts = [[x[:o] for x, o in zip(SERIES, own, strict=False)] for own in origins]
    intervals = [model.predict_interval(past, 0.8) for past in pasts]
    return SimpleNamespace(
        X=SERIES[:2],
        origins=origins,
        forecasts=[model.predict(past) for past in pasts],
        truths=None,
        lower=[bounds[..., 0] for bounds in intervals],
        upper=[bounds[..., 1] for bounds in intervals],
        coverage=0.8,
    )


def test_all_origins_of_a_backtest_are_in_one_panel(result):
    display = ForecastDisplay.from_backtest(result, n_past=1000)
    assert len(display.axes_) == 1
    np.testing.assert_array_equal(points(display.lines_["past"][0])[1], SERIES[0])
    for line, band, origin in zip(
        display.lines_["forecast"], display.bands_[0.8], (18, 22, 26), strict=True
    ):
        x, y = points(line)
        assert x.tolist() == [origin + 1, origin + 2, origin + 3, origin + 4]
        expected = SERIES[0][origin - 4 : origin]
        np.testing.assert_array_equal(y, expected)
        np.testing.assert_allclose(
            list(outline(band).values()), np.stack([expected - 0.8, expected + 0.8], axis=1)
        )
    places = [line.get_xdata()[0] for line in display.lines_["origin"]]
    assert places == [18.5, 22.5, 26.5]
    assert texts_of(display.legend_.get_texts()) == ["observed", "forecast", "80% interval"]
    # two horizons before the first origin
    x, _ = points(ForecastDisplay.from_backtest(result).lines_["past"][0])
    assert x.tolist() == list(range(11, 31))


def test_series_of_a_backtest(result):
    result.lower = result.upper = None
    del result.coverage
    times = START + np.arange(30)
    display = ForecastDisplay.from_backtest(
        result, [1, 0], times=[times, times[:12]], names=["a", "b"]
    )
    assert texts_of(ax.title for ax in display.axes_) == ["b", "a"]
    assert [points(line)[0][0] for line in display.lines_["forecast"]] == [
        times[origin] for origin in (4, 8, 8, 18, 22, 26)
    ]
    assert display.bands_ == {}


def test_a_backtest_with_several_values_and_without_a_coverage():
    model = Uncertain().fit(WIDE)
    pasts = [[x[:o] for x in WIDE] for o in (5, 8)]
    intervals = [model.predict_interval(past) for past in pasts]
    result = SimpleNamespace(
        X=WIDE, origins=[[5, 5], [8, 8]], forecasts=[model.predict(past) for past in pasts],
        lower=[i[..., 0] for i in intervals], upper=[i[..., 1] for i in intervals],
    )  # fmt: skip
    display = ForecastDisplay.from_backtest(result, 1, output=1)
    for line, origin in zip(display.lines_["forecast"], (5, 8), strict=True):
        np.testing.assert_array_equal(points(line)[1], WIDE[1][origin - 4 : origin, 1])
    assert texts_of(display.legend_.get_texts()) == ["observed", "forecast", "interval"]


# What is refused


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"series": 3}, ValueError, "series is 3, but there are 3 series; accepted are -3 to 2"),
        ({"series": [0, -4]}, ValueError, r"series\[1\] is -4"),
        ({"series": []}, ValueError, "series is empty"),
        ({"series": 1.0}, TypeError, r"series must be an index.*series is 1\.0"),
        ({"series": True}, TypeError, "series is True"),
        ({"output": 1}, ValueError, "output is 1, but there are 1 values per step"),
        ({"y": TRUTH[:, :3]}, ValueError, r"y has shape \(3, 3\); accepted is \(3, 4\)"),
        ({"y": TRUTH[:2]}, ValueError, r"y has shape \(2, 4\)"),
        ({"y": [[1.0, 2.0], [3.0]]}, ValueError, "y must be an array of numbers"),
        ({"y": [["a"] * 4] * 3}, TypeError, r"y\[0\]\[0\] is 'a', not a number"),
        ({"coverage": 1.0}, ValueError, r"coverage is 1\.0; accepted are numbers above 0"),
        ({"coverage": [0.5, 90]}, ValueError, "coverage is 90;"),
        ({"coverage": 0}, ValueError, "coverage is 0;"),
        ({"paths": -1}, ValueError, "paths must be a whole number from 0; got -1"),
        ({"paths": 1.5}, ValueError, r"paths must be a whole number from 0; got 1\.5"),
        ({"n_past": 0}, ValueError, "n_past must be a whole number from 1; got 0"),
        ({"n_cols": "2"}, ValueError, "n_cols must be a whole number from 1; got '2'"),
        ({"covariates": [1, 2]}, ValueError, "covariates must hold an item for each of the 3"),
        ({"static": 5}, ValueError, "static must hold an item"),
        ({"times": np.arange(31)}, ValueError, "times holds 31 times.* are 30.* or 34"),
        ({"times": [np.arange(30)] * 2}, ValueError, "times must hold an item for each of the 3"),
        ({"times": [0, 1, 1, *range(2, 29)]}, ValueError, r"times\[2\] is 1, not after 1"),
        ({"times": np.array(["NaT"] * 30, dtype="M8[s]")}, ValueError, r"times\[0\] is NaT"),
        ({"times": ["2026-01-01"] * 30}, TypeError, "times must be .* of dates.* Convert strings"),
        ({"times": {0: 1}}, TypeError, "times must be an array of dates or numbers"),
        ({"times": "2026-01-01"}, TypeError, "times must be an array of dates or numbers"),
        ({"names": "ab"}, TypeError, "names must be a list of names"),
        ({"names": ["a", "b"]}, ValueError, "names holds 2 names, but there are 1 series"),
        ({"past_kw": 3}, TypeError, "past_kw must be a dict of arguments of matplotlib"),
        ({"colour": "red"}, TypeError, "colour"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(model, options, error, message):
    options = dict(options)
    with pytest.raises(error, match=message):
        ForecastDisplay.from_estimator(model, SERIES, options.pop("y", None), **options)


def test_bad_estimators_are_named():
    with pytest.raises(NotFittedError, match="Uncertain instance is not fitted"):
        ForecastDisplay.from_estimator(Uncertain(), SERIES)
    scaler = FunctionTransformer().fit(SERIES[0].reshape(-1, 1))
    with pytest.raises(TypeError, match="FunctionTransformer has no predict, so it forecasts"):
        ForecastDisplay.from_estimator(scaler, SERIES)
    with pytest.raises(TypeError, match="LastValues has no sample_paths; draw none, by paths=0"):
        ForecastDisplay.from_estimator(LastValues().fit(SERIES), SERIES, paths=2)

    class Classifier(LastValues):
        def predict(self, X):
            return np.zeros(len(X))

    with pytest.raises(ValueError, match=r"forecast has shape \(1,\); accepted is \(1, horizon\)"):
        ForecastDisplay.from_estimator(Classifier().fit(SERIES), SERIES)


@pytest.mark.parametrize(
    ("past", "error", "message"),
    [
        (SERIES[0], ValueError, r"past holds numbers.*pass \[past\]"),
        ([1, 2, 3], ValueError, r"pass \[past\]"),
        ([], ValueError, "past holds no series"),
        ("series", TypeError, "past must be a list with an array for each series; got str"),
        (5, TypeError, "past must be a list"),
        ([[1.0], []], ValueError, r"past\[1\] has no steps"),
        ([[1.0], [[1.0, 2.0]]], ValueError, r"past\[1\] has 2 values per step, but"),
        ([[1.0, "x"]], TypeError, r"past\[0\]\[1\] is 'x', not a number"),
        (np.zeros((1, 2, 3, 4)), ValueError, r"past\[0\] has shape \(2, 3, 4\)"),
    ],
)  # fmt: skip
def test_bad_series_are_named(past, error, message):
    with pytest.raises(error, match=message):
        ForecastDisplay.from_forecasts(past, np.zeros((1, 4)))


CROSSED = [[[0, 1], [0, 1], [3, 1.5], [0, 1]]]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"forecast": np.zeros((2, 4))}, ValueError, r"forecast .* is \(1, horizon\)"),
        ({"forecast": np.zeros((1, 0))}, ValueError, r"forecast has shape \(1, 0\)"),
        ({"forecast": np.zeros((1, 4, 2))}, ValueError, r"forecast has shape \(1, 4, 2\)"),
        ({"truth": np.zeros((1, 5))}, ValueError, r"truth has .* is \(1, 4\)"),
        ({"intervals": np.zeros((1, 4, 2))}, TypeError, "intervals must be a dict.*ndarray"),
        ({"intervals": {90: np.zeros((1, 4, 2))}}, ValueError, "a key of intervals is 90;"),
        ({"intervals": {"90%": np.zeros((1, 4, 2))}}, ValueError, "a key of intervals is '90%'"),
        ({"intervals": {0.9: np.zeros((1, 2, 4))}}, ValueError, r"intervals\[0\.9\].*\(1, 4, 2\)"),
        ({"intervals": {0.9: CROSSED}}, ValueError, r"\[0\]\[2\] has the lower bound 3 above"),
        ({"paths": np.zeros((1, 4))}, ValueError, r"paths .* is \(1, n_paths, 4\)"),
        ({"output_names": ["a", "b"]}, ValueError, "output_names holds 2 names"),
        ({"times": [[1, 2], [1, 2]]}, ValueError, "times holds 2 arrays, but there are 1 series"),
        ({"origins": [[1, 2]]}, ValueError, r"forecast has shape .* is \(1, 2, horizon\)"),
        ({"origins": [[0]]}, ValueError, r"origins\[0\]\[0\] is 0; accepted are .* to the 6"),
        ({"origins": [[7]]}, ValueError, r"origins\[0\]\[0\] is 7"),
        ({"origins": [[1.5]]}, TypeError, "origins must be whole numbers; got float64"),
        ({"origins": [1, 2]}, ValueError, r"origins has shape \(2,\)"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_named(options, error, message):
    with pytest.raises(error, match=message):
        ForecastDisplay.from_forecasts(
            **{"past": [np.arange(6.0)], "forecast": np.zeros((1, 4)), **options}
        )


def test_with_origins_the_truth_is_in_the_series():
    with pytest.raises(ValueError, match="truth must be None with origins"):
        ForecastDisplay.from_forecasts(
            [np.arange(6.0)], np.zeros((1, 1, 4)), origins=[[2]], truth=np.zeros((1, 4))
        )


def test_times_that_cannot_be_continued_or_differ_are_refused():
    with pytest.raises(ValueError, match="times holds one time, which has no difference"):
        ForecastDisplay.from_forecasts([[1.0]], [[2.0]], times=[5])
    with pytest.raises(
        ValueError, match=r"those of the steps of series 1.* Pass an array for each"
    ):
        ForecastDisplay.from_forecasts([[1.0, 2.0], [1.0]], [[1.0], [1.0]], times=[1, 2, 3])
    with pytest.raises(TypeError, match="times mixes dates and numbers"):
        ForecastDisplay.from_forecasts(
            [[1.0, 2.0]] * 2, [[1.0]] * 2, times=[[1, 2], [START, START + 1]]
        )


def test_too_many_panels_are_refused():
    past, forecast = np.zeros((61, 5)), np.zeros((61, 2))
    with pytest.raises(ValueError, match=r"there are 61 panels to draw, of 61 series.* up to 60"):
        ForecastDisplay.from_forecasts(past, forecast)
    display = ForecastDisplay.from_forecasts(past, forecast, series=60)
    assert len(display.axes_) == 1


def test_bad_results_of_a_backtest_are_named():
    with pytest.raises(TypeError, match="got a dict without X, origins, forecasts, lower, upper"):
        ForecastDisplay.from_backtest({})


def test_a_failing_plot_leaves_the_figure_of_the_user_as_it_was(model):
    ax = plt.subplots()[1]
    with pytest.raises(ValueError, match="n_past"):
        ForecastDisplay.from_estimator(model, SERIES, n_past=0, ax=ax)
    assert not ax.lines


# Real series


def test_hourly_series_of_the_m4_competition(data_file):
    def read(name):
        lines = data_file(f"forecasting/M4-Hourly-{name}.csv").read_text("utf-8").splitlines()
        cells = [[cell.strip('"') for cell in line.split(",")[1:]] for line in lines[1:5]]
        return [np.array([float(c) for c in row if c not in ("", "NA")]) for row in cells]

    past, truth = read("train"), np.array(read("test"))
    model = Uncertain(horizon=48).fit(past)
    display = ForecastDisplay.from_estimator(model, past, truth, series=range(4))
    for i in range(4):
        np.testing.assert_array_equal(points(display.lines_["truth"][i])[1], truth[i])
        x, y = points(display.lines_["past"][i])
        assert x[-1] == len(past[i]) == 700
        np.testing.assert_array_equal(y, past[i][-240:])
